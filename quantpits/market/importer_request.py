"""What an import is asked to do, and what it reports. Light: nothing heavy is imported here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from quantpits.errors import Finding

__all__ = ["OPTIONAL_COLUMNS", "REQUIRED_COLUMNS", "ImportReport", "ImportRequest"]

REQUIRED_COLUMNS = ("symbol", "date", "open", "high", "low", "close", "volume")
OPTIONAL_COLUMNS = ("amount", "vwap", "factor", "suspended", "is_st")


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """Which files become which market.

    Attributes
    ----------
    files : tuple of Path
        CSV (``.csv``, UTF-8) and Parquet (``.parquet``) files with one row per instrument and
        session. Together they are the whole market.
    target : Path
        The market folder to make or to replace; only a folder that was imported is replaced.
    region : {"cn", "us"}
        Decides how codes are written and which exchange's calendar knows the sessions to come.
    columns : mapping of str to str
        Name in the files of each of `REQUIRED_COLUMNS` and `OPTIONAL_COLUMNS` that is called
        otherwise there. What is named here must exist.
    volume_unit : float
        Shares per unit of the volume column: 100 if the files count lots.
    amount_unit : float
        CNY (or the market's currency) per unit of the amount column.
    adjusted : bool
        Whether the prices in the files are adjusted already; volume and amount never are.
    universe : str
        Name of the universe of all instruments that are no index; ``all`` is always written.
    indices : tuple of str
        Codes that are indices, besides those with an index code (``SH000300``, ``^GSPC``).
    benchmark : str, optional
        Code of the benchmark, which counts as an index. By default SH000300 if it is there, else
        the first index, else none.
    dry_run : bool
        Read and check everything, write nothing.
    """

    files: tuple[Path, ...]
    target: Path
    region: str = "cn"
    columns: Mapping[str, str] = field(default_factory=dict)
    volume_unit: float = 1.0
    amount_unit: float = 1.0
    adjusted: bool = False
    universe: str = "all"
    indices: tuple[str, ...] = ()
    benchmark: str | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What was imported.

    Attributes
    ----------
    workspace : str
        Empty: a market belongs to no workspace.
    outputs : tuple of Path
        The market folder.
    findings : tuple of Finding
        What is odd in the data, and what was done about it.
    changed : bool
        False if the folder held exactly this market already, or nothing was to be written.
    region, universe : str
        As imported.
    benchmark : str or None
        Code of the benchmark, if there is one.
    first_session, last_session : date
        Range of the data.
    n_sessions, n_instruments, n_indices, n_rows : int
        Size of the data; indices are not among the instruments.
    n_suspended : int
        Rows without trading.
    dry_run : bool
        Whether nothing was written on request.
    """

    workspace: str
    outputs: tuple[Path, ...]
    findings: tuple[Finding, ...]
    changed: bool
    region: str
    universe: str
    benchmark: str | None
    first_session: date
    last_session: date
    n_sessions: int
    n_instruments: int
    n_indices: int
    n_rows: int
    n_suspended: int
    dry_run: bool = False

    def summary(self) -> list[str]:
        """Return the report as lines for a person.

        Returns
        -------
        list of str
            Without the findings.
        """
        if self.dry_run:
            state = "not written (dry run)"
        else:
            state = "written" if self.changed else "unchanged"
        return [
            f"Market: {self.outputs[0]} ({state})",
            f"Sessions: {self.n_sessions}, {self.first_session} to {self.last_session}",
            f"Instruments: {self.n_instruments} in universe {self.universe}",
            f"Indices: {self.n_indices}, benchmark {self.benchmark or 'none'}",
            f"Rows: {self.n_rows}, of which {self.n_suspended} without trading",
        ]

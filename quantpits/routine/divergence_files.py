"""The files of the divergence report: weeks by instrument, fills, and the summary as text."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from quantpits.routine.loop_request import CAUSES
from quantpits.workspace.atomic import write_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from quantpits.routine.divergence_request import DivergenceReport
    from quantpits.workspace import Workspace

__all__ = ["FillLine", "csv_text", "fen_text", "write_divergence"]

_FILL_HEADER = (
    "date",
    "instrument",
    "side",
    "ordered",
    "traded",
    "decided_close",
    "session_price",
    "fill_price",
    "delay",
    "slippage",
    "fee",
)
_FEN_PER_CNY = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class FillLine:
    """What became of one order, or one trade without an order.

    Attributes
    ----------
    session : date
        When.
    instrument : str
        What.
    ordered, traded : int
        Shares, below zero for sales [shares].
    decided_fen, session_fen : int
        The close it was decided at and the session's price, 0 where unknown [fen].
    notional_fen, fee_fen : int
        Signed amount of the trade without fees, and the fees [fen].
    """

    session: date
    instrument: str
    ordered: int
    traded: int
    decided_fen: int
    session_fen: int
    notional_fen: int
    fee_fen: int

    @property
    def delay_fen(self) -> int:
        """What the way from the close to the session's price was worth [fen]."""
        is_known = self.decided_fen and self.session_fen
        return self.traded * (self.decided_fen - self.session_fen) if is_known else 0

    @property
    def slippage_fen(self) -> int:
        """What trading away from the session's price was worth [fen]."""
        return self.traded * self.session_fen - self.notional_fen if self.session_fen else 0


def write_divergence(
    workspace: Workspace, report: DivergenceReport, *, fills: Sequence[FillLine]
) -> DivergenceReport:
    """Write the report.

    Parameters
    ----------
    workspace : Workspace
        Where to.
    report : DivergenceReport
        What to write.
    fills : sequence of FillLine
        Orders and trades.

    Returns
    -------
    DivergenceReport
        With its files.
    """
    folder = workspace.output_dir / "divergence"
    span = f"{report.sessions[0]}_{report.sessions[-1]}"
    contents = {
        folder / f"divergence_weeks_{span}.csv": _weeks_text(report),
        folder / f"divergence_fills_{span}.csv": _fills_text(fills),
        folder / f"divergence_{span}.txt": "\n".join(report.summary()) + "\n",
    }
    changed = [write_text(path, text) for path, text in contents.items()]
    return replace(report, outputs=tuple(contents), changed=any(changed))


def fen_text(fen: int) -> str:
    """Return an amount in CNY with two decimals, from its fen.

    Parameters
    ----------
    fen : int
        The amount [fen].

    Returns
    -------
    str
        Such as ``"-0.05"``.

    Examples
    --------
    >>> fen_text(-5), fen_text(120)
    ('-0.05', '1.20')
    """
    whole, rest = divmod(abs(int(fen)), _FEN_PER_CNY)
    return f"{'-' if fen < 0 else ''}{whole}.{rest:02d}"


def csv_text(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table as CSV with LF line ends.

    Parameters
    ----------
    header : sequence of str
        Names of the columns.
    rows : iterable of sequence of str
        Cells as text.

    Returns
    -------
    str
        The file.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def _weeks_text(report: DivergenceReport) -> str:
    header = ("week", "instrument", "as_ordered", *(cause.replace(" ", "_") for cause in CAUSES))
    rows = [
        (
            line.week.isoformat(),
            line.instrument or "CASH",
            fen_text(line.planned_fen),
            *(fen_text(line.parts[cause]) for cause in CAUSES),
            fen_text(line.actual_fen),
        )
        for line in report.lines
    ]
    return csv_text((*header, "result"), rows)


def _fills_text(fills: Sequence[FillLine]) -> str:
    rows = []
    for fill in fills:
        average = fill.notional_fen / fill.traded / _FEN_PER_CNY if fill.traded else None
        rows.append(
            (
                fill.session.isoformat(),
                fill.instrument,
                "buy" if (fill.ordered or fill.traded) > 0 else "sell",
                str(abs(fill.ordered)),
                str(abs(fill.traded)),
                fen_text(fill.decided_fen) if fill.decided_fen else "",
                fen_text(fill.session_fen) if fill.session_fen else "",
                "" if average is None else f"{average:.4f}",
                fen_text(fill.delay_fen),
                fen_text(fill.slippage_fen),
                fen_text(fill.fee_fen),
            )
        )
    return csv_text(_FILL_HEADER, rows)

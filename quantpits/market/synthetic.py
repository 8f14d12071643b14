"""The synthetic market: made by the program, written in Qlib's format, and named as what it is.

One simulation runs to the horizon; what is written is that simulation cut after a session. So the
market through one date is a prefix of the market through any later date, byte for byte, and nothing
of the future can leak: names that are not listed yet do not appear. Only
``calendars/day_future.txt`` looks ahead, as a real exchange's does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import DataError, Finding, UsageError
from quantpits.market.folder import folder_lock, is_same_folder, write_folder
from quantpits.market.metadata import read_metadata
from quantpits.market.synthetic_calendar import FIRST_SESSION, HORIZON, synthetic_sessions
from quantpits.market.synthetic_files import (
    BENCHMARK,
    GENERATOR_VERSION,
    UNIVERSE,
    market_files,
    simulate_market,
)
from quantpits.workspace import Workspace, recover_tree

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

__all__ = ["SyntheticReport", "advance_synthetic", "ensure_synthetic", "write_synthetic_market"]


@dataclass(frozen=True, slots=True)
class SyntheticReport:
    """What was made of the synthetic market.

    Attributes
    ----------
    workspace : str
        Name of the workspace; ``""`` if the market lies elsewhere.
    outputs : tuple of Path
        The market folder.
    findings : tuple of Finding
        Always says that the market is synthetic.
    changed : bool
        False if the market was like this already.
    seed : int
        Seed of the market.
    through : date
        Last session with data.
    n_sessions, n_instruments : int
        Sessions so far, and instruments that have been listed so far.
    universe, benchmark : str
        Name of the universe file, code of the index.
    """

    workspace: str
    outputs: tuple[Path, ...]
    findings: tuple[Finding, ...]
    changed: bool
    seed: int
    through: date
    n_sessions: int
    n_instruments: int
    universe: str
    benchmark: str

    def summary(self) -> list[str]:
        """Return lines for a person."""
        did = "written" if self.changed else "unchanged"
        return [
            f"Synthetic market (seed {self.seed}) {did}, through {self.through}.",
            f"It has {self.n_sessions} sessions and {self.n_instruments} instruments.",
            f"Its universe is {self.universe}, its benchmark {self.benchmark}.",
            "Its prices are made by the program; they are nobody's real prices.",
        ]


def write_synthetic_market(
    target: Path, *, seed: int, through: date, workspace: str = "", dry_run: bool = False
) -> SyntheticReport:
    """Make the synthetic market and put it into a folder.

    Parameters
    ----------
    target : Path
        The market folder; replaced as a whole, so a crash leaves the old market or the new one.
    seed : int
        Seed of the market; the same seed gives the same bytes on every machine.
    through : date
        Last day of data; the last session not after it counts.
    workspace : str
        Name of the workspace, for the report.
    dry_run : bool
        Make everything and write nothing.

    Returns
    -------
    SyntheticReport
        What was made.

    Raises
    ------
    DataError
        If `through` lies before the first session or after the horizon, or the seed is negative.
    ArtifactError
        If the folder cannot be written.
    """
    n_sessions = _count_sessions(through)
    if seed < 0:
        raise DataError("The seed is not valid.", expected="a whole number from 0 on", found=seed)
    market = simulate_market(seed)
    files = market_files(market, n_sessions)
    if dry_run:
        changed = not is_same_folder(target, files)
    else:
        with folder_lock(target):
            changed = write_folder(target, files)
    return SyntheticReport(
        workspace=workspace,
        outputs=(target,),
        findings=(_notice(seed, target),),
        changed=changed,
        seed=seed,
        through=market.sessions[n_sessions - 1].item(),
        n_sessions=n_sessions,
        n_instruments=int((market.plan.first < n_sessions).sum()),
        universe=UNIVERSE,
        benchmark=BENCHMARK,
    )


def advance_synthetic(
    workspace: Workspace, through: date, *, dry_run: bool = False
) -> SyntheticReport:
    """Let the workspace's synthetic market go on to a later session.

    Parameters
    ----------
    workspace : Workspace
        A workspace whose ``config/market.yaml`` says ``provider: synthetic``.
    through : date
        Last day of data; the last session not after it counts.
    dry_run : bool
        Make everything and write nothing.

    Returns
    -------
    SyntheticReport
        What was made; unchanged if the market ended there already.

    Raises
    ------
    UsageError
        If the workspace does not use the synthetic market, or its market already goes further.
    DataError
        If `through` is outside the synthetic calendar, or the market there has another seed.
    """
    config = workspace.market_config()
    if not config.is_synthetic:
        raise UsageError(
            "Only a synthetic market can be advanced.",
            where=workspace.relative(workspace.config_dir / "market.yaml"),
            expected="provider: synthetic",
            found=f"provider: {config.provider}",
            hint="Real data get new sessions from their vendor; import or download them.",
        )
    n_sessions = _count_sessions(through)
    present = _present_through(workspace.market_dir, config.synthetic.seed)
    if present is not None and n_sessions < _count_sessions(present):
        raise UsageError(
            "The synthetic market only goes forward: orders and books depend on what it showed.",
            where=workspace.market_dir,
            expected=f"a date not before {present}",
            found=through,
            hint=f"To start over, remove {workspace.market_dir} and what was made from it.",
        )
    return write_synthetic_market(
        workspace.market_dir,
        seed=config.synthetic.seed,
        through=through,
        workspace=workspace.name,
        dry_run=dry_run,
    )


def ensure_synthetic(target: Path, *, seed: int, through: date) -> bool:
    """Make the synthetic market unless the folder holds it, through this date or a later one.

    Parameters
    ----------
    target : Path
        The market folder.
    seed : int
        Seed of the market.
    through : date
        The least it must cover; a market that was advanced further stays as it is.

    Returns
    -------
    bool
        Whether anything was written.

    Raises
    ------
    DataError
        If the folder holds a market of another seed or generator, or `through` is outside the
        calendar.
    """
    n_sessions = _count_sessions(through)
    present = _present_through(target, seed)
    if present is not None and _count_sessions(present) >= n_sessions:
        return False
    return write_synthetic_market(target, seed=seed, through=through).changed


def _present_through(target: Path, seed: int) -> date | None:
    """Last session of the market in the folder; None if there is none yet."""
    metadata = read_metadata(target)
    if metadata is None and (target.exists() or target.parent.is_dir()):
        with folder_lock(target):  # a writer may be between its two renames, or was killed there
            recover_tree(target)
            metadata = read_metadata(target)
    if metadata is None:
        return None
    expected = ("synthetic", seed, GENERATOR_VERSION)
    found = (metadata.kind, metadata.seed, metadata.generator_version)
    if found != expected:
        names = ("kind", "seed", "generator version")
        raise DataError(
            "The market in the workspace is not the one that config/market.yaml asks for.",
            where=target,
            expected=", ".join(f"{n} {v}" for n, v in zip(names, expected, strict=True)),
            found=", ".join(f"{n} {v}" for n, v in zip(names, found, strict=True)),
            hint="Predictions and books rest on the old market. Put the old seed back, or remove "
            "the folder and start a new workspace.",
        )
    return metadata.through


def _count_sessions(through: date) -> int:
    if not FIRST_SESSION <= through <= HORIZON:
        raise DataError(
            "The synthetic market does not reach this date.",
            expected=f"a date from {FIRST_SESSION} to {HORIZON}",
            found=through,
        )
    return int(np.searchsorted(synthetic_sessions(), np.datetime64(through), side="right"))


def _notice(seed: int, target: Path) -> Finding:
    return Finding(
        code="MKT001",
        severity="info",
        message=f"This market is synthetic (seed {seed}); its prices are nobody's real prices.",
        source=target.name,
        subject="synthetic",
    )

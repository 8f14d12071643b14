"""What a search is asked for, and what it answers.

Only names and values, so that a command can build a request without loading anything heavy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from quantpits.errors import Finding

__all__ = [
    "Confirmation",
    "OosRow",
    "PromoteReport",
    "PromoteRequest",
    "RankedCombo",
    "SearchReport",
    "SearchRequest",
]

_SHOWN = 10
_MINUTE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """Which combos to look at, over which dates, and how.

    Attributes
    ----------
    kind : {"fast", "exact"}
        ``fast`` ranks; ``exact`` ranks and then repeats the best with Qlib's own backtest.
    models : tuple of str or None
        Look only at these models; None for all that are recorded.
    min_combo_size, max_combo_size : int
        Members of a combo, or groups with `use_groups`; a largest size of 0 means all.
    use_groups : bool
        Take at most one model of each group.
    groups : tuple of str or None
        Only these groups; implies `use_groups`.
    group_config : path or None
        Where the groups are, relative to the workspace; None for ``config/combo_groups.yaml``.
    candidates : path or None
        Look only at the first `top` combos of this results file, relative to the workspace.
    top : int or None
        How many candidates; None for all.
    freq : str or None
        ``day`` or ``week``; None for that of ``model_config.json``.
    start_date, end_date : date or None
        First and last date used at all.
    exclude_last_years, exclude_last_months : int
        Kept out-of-sample, counted back from the last prediction.
    auto_test_top : int
        Best combos to run again out-of-sample; 0 for none.
    cost_rate : float or None
        Cost of each side of a trade for this search only [fraction]; None for the workspace's fees.
    top_n : int
        Rows of the lists in reports.
    resume, restart : bool
        Go on with an unfinished run of the same thing; drop an unfinished run and begin anew.
    analysis_only, skip_analysis : bool
        Only analyse a finished run; only simulate.
    n_jobs : int
        Threads, or processes for Qlib; 0 for one per processor.
    batch_size : int
        Combos between two writes to disk: what a power cut can cost.
    confirm : int
        ``exact`` only: best combos to repeat with Qlib.
    engine : {"simulator", "qlib"}
        ``exact`` only: who simulates the combos.
    record_file, output_dir : path or None
        Other train records; another folder for results; relative to the workspace.
    allow_missing : bool
        Go on without the models whose predictions are missing or stale.
    dry_run : bool
        Say what would be done and how long it would take; write nothing.
    """

    kind: Literal["fast", "exact"] = "fast"
    models: tuple[str, ...] | None = None
    min_combo_size: int = 1
    max_combo_size: int = 0
    use_groups: bool = False
    groups: tuple[str, ...] | None = None
    group_config: Path | str | None = None
    candidates: Path | str | None = None
    top: int | None = None
    freq: Literal["day", "week"] | None = None
    start_date: date | None = None
    end_date: date | None = None
    exclude_last_years: int = 0
    exclude_last_months: int = 0
    auto_test_top: int = 0
    cost_rate: float | None = None
    top_n: int = 50
    resume: bool = False
    restart: bool = False
    analysis_only: bool = False
    skip_analysis: bool = False
    n_jobs: int = 0
    batch_size: int = 512
    confirm: int = 5
    engine: Literal["simulator", "qlib"] = "simulator"
    record_file: Path | str | None = None
    output_dir: Path | str | None = None
    allow_missing: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedCombo:
    """One row of a ranking.

    Attributes
    ----------
    rank : int
        1 for the best.
    models : tuple of str
        Sorted.
    figures : dict of str to float or None
        The columns of the results file; None where undefined.
    """

    rank: int
    models: tuple[str, ...]
    figures: dict[str, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class OosRow:
    """One of the best combos, in-sample and after it.

    Attributes
    ----------
    rank : int
        In-sample.
    models : tuple of str
        Sorted.
    in_sample, out_of_sample : float or None
        Annualised excess in both parts [fraction].
    """

    rank: int
    models: tuple[str, ...]
    in_sample: float | None
    out_of_sample: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """What Qlib's own backtest says about one combo.

    Attributes
    ----------
    rank : int
        In the ranking of this run.
    models : tuple of str
        Sorted.
    deviation : float
        Largest relative difference to the simulator in Qlib's timing, over all steps [fraction].
    where : str
        What differs most and in which step, in words.
    """

    rank: int
    models: tuple[str, ...]
    deviation: float
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchReport:
    """What a search made.

    Attributes
    ----------
    workspace : str
        Name of the workspace.
    kind : {"fast", "exact"}
        Which command.
    outputs : tuple of Path
        Every file that the run stands for.
    findings : tuple of Finding
        What a person should know.
    changed : bool
        Whether any byte on disk is new.
    anchor_date : date
        Last session the predictions know of.
    market_label : str
        Name of the market data.
    description : tuple of str
        Mode, costs, periods and conventions.
    window : str
        In-sample and out-of-sample, in words.
    models : tuple of str
        Models that take part.
    n_combos, n_done : int
        Combos asked for, and results that are on disk.
    n_simulated : int
        Of those, simulated by this run.
    seconds : float
        What simulating them took.
    top : tuple of RankedCombo
        The best, if the overfit statistics stand beside them.
    verdict : tuple of str
        How far the ranking can be trusted, in words.
    oos : tuple of OosRow
        The best, out-of-sample.
    confirmations : tuple of Confirmation
        What Qlib's own backtest says.
    tolerance : float
        Largest deviation that counts as equal [fraction].
    is_interrupted : bool
        Whether somebody stopped it.
    resume_hint : str
        How to go on.
    expected_seconds, expected_bytes : float or None
        Of a dry run: measured on a sample.
    dry_run : bool
        Whether nothing was written on purpose.
    """

    workspace: str
    kind: Literal["fast", "exact"]
    outputs: tuple[Path, ...]
    findings: tuple[Finding, ...]
    changed: bool
    anchor_date: date
    market_label: str
    description: tuple[str, ...]
    window: str
    models: tuple[str, ...]
    n_combos: int
    n_done: int
    n_simulated: int = 0
    seconds: float = 0.0
    top: tuple[RankedCombo, ...] = ()
    verdict: tuple[str, ...] = ()
    oos: tuple[OosRow, ...] = ()
    confirmations: tuple[Confirmation, ...] = ()
    tolerance: float = 0.0
    is_interrupted: bool = False
    resume_hint: str = ""
    expected_seconds: float | None = None
    expected_bytes: float | None = None
    dry_run: bool = False

    @property
    def largest_deviation(self) -> float:
        """The largest deviation from Qlib's own backtest [fraction], 0 if nothing was repeated."""
        return max((item.deviation for item in self.confirmations), default=0.0)

    @property
    def exit_code(self) -> int:
        """What the command answers beyond its findings: 130 stopped, 4 not equal to Qlib, or 0."""
        if self.is_interrupted:
            return 130
        return 4 if self.largest_deviation > self.tolerance else 0

    def summary(self) -> list[str]:
        """Return the result in lines for a person."""
        lines = [
            f"{self._headline()} at the anchor {self.anchor_date}.",
            f"Window: {self.window}",
            *self.description,
        ]
        if self.dry_run:
            return [*lines, *self._expectation()]
        if self.is_interrupted:
            return [*lines, self.resume_hint]
        lines += _top_lines(self.top, self.kind)
        lines += [f"Trust: {line}" if not at else f"  {line}" for at, line in _numbered(self)]
        lines += _oos_lines(self.oos)
        lines += self._confirmation_lines()
        return [*lines, *(f"  {path}" for path in self.outputs)]

    def _headline(self) -> str:
        if self.dry_run:
            return f"Would search {self.n_combos:,} combos of {len(self.models)} models"
        if self.is_interrupted:
            return f"Stopped after {self.n_done:,} of {self.n_combos:,} combos"
        speed = ""
        if self.n_simulated:
            speed = f" ({self.n_simulated:,} simulated in {self.seconds:.1f} s)"
        return f"Searched {self.n_done:,} combos of {len(self.models)} models{speed}"

    def _expectation(self) -> list[str]:
        if self.expected_seconds is None or self.expected_bytes is None:
            return []
        minutes, seconds = divmod(self.expected_seconds, _MINUTE)
        mebibytes = self.expected_bytes / 2**20
        time_needed = f"{minutes:.0f} min {seconds:.0f} s to simulate, measured on a sample of them"
        return [f"Expected: about {time_needed}; about {mebibytes:,.0f} MiB of memory."]

    def _confirmation_lines(self) -> list[str]:
        if not self.confirmations:
            return []
        lines = [
            (
                "Qlib's own backtest against the simulator in Qlib's timing, largest relative "
                f"deviation {self.largest_deviation:.1e} (allowed {self.tolerance:.0e}):"
            )
        ]
        lines += [
            f"  {item.rank:>3}. {item.deviation:.1e}  {','.join(item.models)}"
            + (f"  ({item.where})" if item.deviation > self.tolerance else "")
            for item in self.confirmations
        ]
        return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class PromoteRequest:
    """Which row of a result becomes a combo of the configuration.

    Attributes
    ----------
    rank : int or None
        Row of the ranking, 1 for the best.
    models : tuple of str or None
        Or the combo of exactly these models.
    results : path or None
        Results file, relative to the workspace; None for that of the anchor: the confirmed one if
        it exists, else the fast one.
    name : str or None
        Name of the combo; None for ``search_{rank}``.
    default : bool
        Whether orders follow it from now on.
    replace : bool
        Whether a combo of that name may be replaced.
    force : bool
        Whether to take a row of another anchor, of other predictions or of an edited file.
    record_file : path or None
        Other train records, relative to the workspace.
    dry_run : bool
        Say what would be written; write nothing.
    """

    rank: int | None = None
    models: tuple[str, ...] | None = None
    results: Path | str | None = None
    name: str | None = None
    default: bool = False
    replace: bool = False
    force: bool = False
    record_file: Path | str | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PromoteReport:
    """What was promoted.

    Attributes
    ----------
    workspace : str
        Name of the workspace.
    outputs : tuple of Path
        The configuration, and the copy of what it was.
    findings : tuple of Finding
        What a person should know.
    changed : bool
        Whether the configuration is new.
    name : str
        The combo.
    models : tuple of str
        Its models.
    rank : int
        Its row in the ranking.
    source : str
        The results file.
    is_default : bool
        Whether orders follow it.
    description : str
        What the configuration says about it.
    dry_run : bool
        Whether nothing was written on purpose.
    """

    workspace: str
    outputs: tuple[Path, ...]
    findings: tuple[Finding, ...]
    changed: bool
    name: str
    models: tuple[str, ...]
    rank: int
    source: str
    is_default: bool
    description: str
    dry_run: bool = False

    def summary(self) -> list[str]:
        """Return the result in lines for a person."""
        verb = "Would promote" if self.dry_run else "Promoted" if self.changed else "Already there:"
        role = "the default, which orders follow" if self.is_default else "not the default"
        return [
            f"{verb} row {self.rank} of {self.source} as combo {self.name!r} ({role}).",
            f"  {', '.join(self.models)}",
            f"  {self.description}",
            *(f"  {path}" for path in self.outputs),
            f"Next: quantpits fuse --combo {self.name}",
        ]


def _numbered(report: SearchReport) -> list[tuple[int, str]]:
    return list(enumerate(report.verdict))


def _top_lines(top: tuple[RankedCombo, ...], kind: str) -> list[str]:
    if not top:
        return []
    noun = "simulated" if kind == "fast" else "simulated exactly"
    lines = [f"Best by annual excess over the benchmark, net of costs ({noun}):"]
    for row in top[:_SHOWN]:
        figures = row.figures
        lines.append(
            f"  {row.rank:>3}. {_percent(figures.get('Ann_Excess'))} a year, drawdown "
            f"{_percent(figures.get('Max_DD'))}, Sharpe {_number(figures.get('Sharpe'))}  "
            f"{','.join(row.models)}"
        )
    return lines


def _oos_lines(rows: tuple[OosRow, ...]) -> list[str]:
    if not rows:
        return []
    return [
        "Out-of-sample, annual excess in the order of the in-sample ranking:",
        *(
            f"  {row.rank:>3}. {_percent(row.in_sample)} became {_percent(row.out_of_sample)}  "
            f"{','.join(row.models)}"
            for row in rows[:_SHOWN]
        ),
    ]


def _percent(value: float | None) -> str:
    return "undefined" if value is None else f"{100.0 * value:+.2f} %"


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.2f}"

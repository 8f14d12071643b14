"""What a fusion is asked for, and what it answers.

Only names and values, so that a command can build a request without loading anything heavy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from quantpits.errors import Finding

__all__ = ["ComboFigures", "ExplainRequest", "FuseReport", "FuseRequest", "FusedCombo"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FuseRequest:
    """Which models to fuse, how, and over which dates.

    Attributes
    ----------
    models : tuple of str or None
        Fuse exactly these models, whatever the configuration says. Wins over the three below.
    combo : str or None
        Fuse this combo of ``ensemble_config.json``. Wins over the two below.
    from_config_all : bool
        Fuse every enabled combo. Wins over `from_config`.
    from_config : bool
        Fuse the default combo.
    method : str or None
        ``equal``, ``icir_weighted``, ``manual`` or ``dynamic``; None for the combo's own,
        ``equal`` with `models`.
    weights : str or None
        For ``manual``: ``"gru:0.6,linear_Alpha158:0.4"``, in the user's own words.
    record_file : path or None
        Other train records, relative to the workspace; None for ``latest_train_records.json``.
    output_dir : path or None
        Where the reports go, relative to the workspace; None for ``output/ensemble``.
    start_date, end_date : date or None
        Use only these dates, both included. The result is never traded on.
    only_last_years, only_last_months : int
        Use only the dates after the anchor less this many years and months; 0 for all.
        The result is never traded on.
    freq : {"day", "week"} or None
        How often the backtest trades; None for that of ``model_config.json``.
    no_backtest : bool
        Make no backtest, leaderboard or comparison.
    no_charts : bool
        Draw no charts and make no page.
    publish : bool
        Let orders follow the result of `models` although a default combo exists.
    allow_missing : bool
        Fuse what is left of a combo when a model is missing, stale or unreadable.
    dry_run : bool
        Compute everything, write nothing.
    """

    models: tuple[str, ...] | None = None
    combo: str | None = None
    from_config_all: bool = False
    from_config: bool = False
    method: str | None = None
    weights: str | None = None
    record_file: Path | str | None = None
    output_dir: Path | str | None = None
    start_date: date | None = None
    end_date: date | None = None
    only_last_years: int = 0
    only_last_months: int = 0
    freq: Literal["day", "week"] | None = None
    no_backtest: bool = False
    no_charts: bool = False
    publish: bool = False
    allow_missing: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainRequest:
    """Which score to explain.

    Attributes
    ----------
    fuse : FuseRequest
        Which combos, how, over which dates.
    day : date
        The date.
    instrument : str
        The instrument, such as ``SH600000``.
    """

    fuse: FuseRequest
    day: date
    instrument: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComboFigures:
    """What trading a combo would have been worth, net of costs.

    Attributes
    ----------
    execution, frequency : str
        The timing.
    first_date, last_date : date
        First and last row of the backtest.
    annualised_return : float
        Compounded [fraction].
    equal_weight_return : float
        What the same models at equal weights would have given a year [fraction].
    annualised_excess : float or None
        Geometric, over the benchmark [fraction].
    max_drawdown : float
        0 or below [fraction].
    sharpe, sharpe_low, sharpe_high : float or None
        Annualised, and between which nine in ten resamples fall.
    turnover_annual, cost_annual : float
        One-way turnover and costs a year [fraction of the account].
    ic, icir : float or None
        How well the fused scores predicted the labels that are known.
    """

    execution: str
    frequency: str
    first_date: date
    last_date: date
    annualised_return: float
    equal_weight_return: float
    annualised_excess: float | None
    max_drawdown: float
    sharpe: float | None
    sharpe_low: float | None
    sharpe_high: float | None
    turnover_annual: float
    cost_annual: float
    ic: float | None
    icir: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FusedCombo:
    """What became of one combo.

    Attributes
    ----------
    label : str
        What its prediction file is called: ``ensemble_{combo}``, ``ensemble_adhoc`` and so on.
    combo : str or None
        Name in the configuration; None for models named by the user.
    is_default : bool
        Whether it is the configuration's default combo.
    is_tradable : bool
        Whether it is also written as ``ensemble_{anchor}.csv``, which orders follow.
    method : str
        How the models were weighted.
    models : tuple of str
        The models that went in.
    weights : dict of str to float
        Their weights [fraction], summing to 1; for ``dynamic`` those of the last date.
    missing : dict of str to str
        Models of the combo that did not go in, and why.
    first_date, last_date : date
        First and last date scored.
    n_days, n_instruments, n_rows : int
        Size of the result.
    n_on_last_date : int
        Instruments scored on the last date.
    mean_correlation : float or None
        Mean correlation between its models; None for a single model.
    best : tuple of str
        The five best instruments of the last date.
    path : Path
        The prediction, written or, in a dry run, as it would be written.
    csv_sha256 : str or None
        Hash of the prediction; None in a dry run.
    figures : ComboFigures or None
        Its backtest, if one was made.
    """

    label: str
    combo: str | None
    is_default: bool
    is_tradable: bool
    method: str
    models: tuple[str, ...]
    weights: dict[str, float]
    missing: dict[str, str]
    first_date: date
    last_date: date
    n_days: int
    n_instruments: int
    n_rows: int
    n_on_last_date: int
    mean_correlation: float | None
    best: tuple[str, ...]
    path: Path
    csv_sha256: str | None = None
    figures: ComboFigures | None = None

    @property
    def title(self) -> str:
        """What to call it: the combo's name, or the label of a fusion of named models."""
        return self.combo or self.label


@dataclass(frozen=True, slots=True, kw_only=True)
class FuseReport:
    """What a fusion made.

    Attributes
    ----------
    workspace : str
        Name of the workspace.
    outputs : tuple of Path
        Every file that the run stands for, written now or already as it should be; none in a dry
        run.
    findings : tuple of Finding
        What a person should know.
    changed : bool
        Whether any byte on disk is new.
    anchor_date : date
        Last session the scores know of.
    market_label : str
        Name of the market data.
    combos : tuple of FusedCombo
        One per combo that could be fused, in order.
    tradable_path : Path or None
        The ``ensemble_{anchor}.csv`` that orders follow by default, if there is one.
    tradable_source : str
        Whose scores that file holds, in words.
    page : Path or None
        The page of the run, if one was made.
    dry_run : bool
        Whether nothing was written on purpose.
    """

    workspace: str
    outputs: tuple[Path, ...]
    findings: tuple[Finding, ...]
    changed: bool
    anchor_date: date
    market_label: str
    combos: tuple[FusedCombo, ...]
    tradable_path: Path | None
    tradable_source: str
    page: Path | None = None
    dry_run: bool = False

    def summary(self) -> list[str]:
        """Return the result in lines for a person."""
        verb = "Would fuse" if self.dry_run else "Fused"
        noun = "combo" if len(self.combos) == 1 else "combos"
        lines = [
            f"{verb} {len(self.combos)} {noun} at the anchor {self.anchor_date}.",
            f"Market: {self.market_label}",
        ]
        for combo in self.combos:
            lines += _combo_lines(combo)
        lines.append(f"Orders follow: {self.tradable_source}")
        if self.page is not None:
            lines.append(f"Look at: {self.page}")
        return lines


def _combo_lines(combo: FusedCombo) -> list[str]:
    weights = ", ".join(f"{model} {weight:.3f}" for model, weight in combo.weights.items())
    mark = " (default)" if combo.is_default else ""
    when = f" (weights of {combo.last_date})" if combo.method == "dynamic" else ""
    lines = [
        f"{combo.title}{mark}: {combo.method} of {weights}{when}",
        f"  {combo.n_rows} scores, {combo.n_instruments} instruments, {combo.n_days} days",
        f"  {combo.first_date} to {combo.last_date}",
    ]
    if combo.mean_correlation is not None:
        lines.append(f"  mean correlation between its models {combo.mean_correlation:.3f}")
    if combo.missing:
        lines.append(f"  WITHOUT {', '.join(combo.missing)}")
    if combo.figures is not None:
        lines += _figure_lines(combo.figures)
    lines.append(f"  best on {combo.last_date}: {', '.join(combo.best)}")
    lines.append(f"  {combo.path}")
    return lines


def _figure_lines(figures: ComboFigures) -> list[str]:
    sharpe = "undefined" if figures.sharpe is None else f"{figures.sharpe:.2f}"
    if figures.sharpe_low is not None and figures.sharpe_high is not None:
        sharpe += f" (90 % band {figures.sharpe_low:.2f} to {figures.sharpe_high:.2f})"
    over = "" if figures.annualised_excess is None else f", excess {figures.annualised_excess:+.2%}"
    skill = "undefined" if figures.ic is None else f"{figures.ic:.4f}"
    ratio = "undefined" if figures.icir is None else f"{figures.icir:.3f}"
    dates = f"{figures.first_date} to {figures.last_date}"
    equal = f"equal weights {figures.equal_weight_return:+.2%}"
    return [
        f"  backtest {dates}, {figures.frequency}, {figures.execution}, net of costs:",
        f"    a year {figures.annualised_return:+.2%} ({equal}{over})",
        f"    max drawdown {figures.max_drawdown:.2%}",
        f"    Sharpe {sharpe}, IC {skill}, ICIR {ratio}",
        f"    turnover {figures.turnover_annual:.2f}, costs {figures.cost_annual:.2%} a year",
    ]

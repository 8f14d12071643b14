"""The market that combos are traded on: prepared once for all combos of a run.

The dates end with the window of the run, or with the anchor; nothing after that is read. They begin
with the first score of any model, and a combo's figures begin with its own first signal, so they do
not depend on what else is in the run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantpits.backtest import backtest_setting
from quantpits.config import ModelConfig, StrategyConfig
from quantpits.errors import ArtifactError, DataError, Finding, UsageError
from quantpits.fusion.labels import realised_labels
from quantpits.fusion.paths import model_paths

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from quantpits.backtest import BacktestSetting
    from quantpits.fusion.paths import ModelPaths
    from quantpits.fusion.plan import ComboPlan
    from quantpits.fusion.request import FuseRequest
    from quantpits.fusion.window import Window
    from quantpits.signals import FloatArray, ScorePanel
    from quantpits.trading import Execution
    from quantpits.workspace import Workspace

__all__ = ["Failure", "Prepared", "is_trading", "prepare", "read_strategy"]

Failure = ArtifactError | DataError | UsageError
"""Why there is no market to trade on."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """What trading needs, or why there is none.

    Attributes
    ----------
    setting : BacktestSetting or error or None
        Market and strategy of the backtests; None if none are wanted.
    labels : float64 [T, N] or None
        What happened after each signal, on the setting's dates and instruments.
    paths : ModelPaths or error or None
        What each model's own portfolio earned; None if no combo asks.
    """

    setting: BacktestSetting | Failure | None = None
    labels: FloatArray | None = None
    paths: ModelPaths | Failure | None = None

    @property
    def conventions(self) -> tuple[str, ...]:
        """What holds for the backtest of any combo, in lines; empty without one."""
        if self.setting is None or isinstance(self.setting, Failure):
            return ()
        # Market, dates and instruments are those of the whole run, not of one combo.
        return tuple(
            line
            for line in self.setting.description()
            if not line.startswith(("Market: ", "Dates: "))
        )

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the settings' files disagree on, and why there is no backtest."""
        if self.setting is None:
            return ()
        if isinstance(self.setting, Failure):
            message = f"There is no backtest: {' '.join(str(self.setting).split())}"
            return (Finding("FUS015", "error", message, source="fusion"),)
        return self.setting.findings


def is_trading(request: FuseRequest, plans: tuple[ComboPlan, ...]) -> bool:
    """Return whether a run needs the market's prices.

    Parameters
    ----------
    request : FuseRequest
        Whether a backtest is wanted.
    plans : tuple of ComboPlan
        How the combos are weighted.

    Returns
    -------
    bool
        True for a backtest, and for weights that follow one.
    """
    return not request.no_backtest or any(plan.method == "dynamic" for plan in plans)


def read_strategy(workspace: Workspace) -> tuple[ModelConfig, StrategyConfig | None]:
    """Read the files that a backtest goes by, so that a wrong one stops the run at once.

    Parameters
    ----------
    workspace : Workspace
        Whose.

    Returns
    -------
    model_config : ModelConfig
        Market, benchmark and frequency.
    strategy_config : StrategyConfig or None
        None when the workspace has no such file.

    Raises
    ------
    ConfigError
        If one of them is wrong, or the first is missing.
    """
    return workspace.read_config(ModelConfig, StrategyConfig)


def prepare(
    workspace: Workspace,
    request: FuseRequest,
    *,
    plans: tuple[ComboPlan, ...],
    panels: Mapping[str, ScorePanel],
    window: Window,
    anchor: date,
) -> Prepared:
    """Prepare the market for all combos of a run, and trade each model alone where that is needed.

    Parameters
    ----------
    workspace : Workspace
        Whose market and strategy.
    request : FuseRequest
        Whether a backtest is wanted, and at which frequency.
    plans : tuple of ComboPlan
        How the combos are weighted.
    panels : mapping of str to ScorePanel
        Raw scores of the usable models.
    window : Window
        The dates that count.
    anchor : date
        Last session the scores know of.

    Returns
    -------
    Prepared
        With errors where something is missing: fusing goes on without a backtest.
    """
    if not panels or not is_trading(request, plans):
        return Prepared()
    first = min(panel.dates[0].item() for panel in panels.values())
    last = anchor if window.end is None else min(window.end, anchor)
    if last < first:
        return Prepared()  # no score lies in the window, which fusing refuses
    traded = {plan.method for plan in plans}

    def setting_of(execution: Execution | None) -> BacktestSetting | Failure:
        try:
            return backtest_setting(
                workspace,
                instruments=[name for panel in panels.values() for name in panel.instruments],
                start=first,
                end=last,
                frequency=request.freq,
                execution=execution,
            )
        except (ArtifactError, DataError, UsageError) as error:
            return error

    setting = None if request.no_backtest else setting_of(None)
    paths: ModelPaths | Failure | None = None
    if "dynamic" in traded:
        is_live = not isinstance(setting, Failure | None) and setting.qlib is None
        live = setting if is_live else setting_of("next_session")
        paths = live if isinstance(live, Failure | None) else _paths(live, panels)
    try:
        labels = None if isinstance(setting, Failure | None) else realised_labels(setting)
    except (ArtifactError, DataError) as error:
        return Prepared(setting=error, paths=paths)
    return Prepared(setting=setting, labels=labels, paths=paths)


def _paths(setting: BacktestSetting, panels: Mapping[str, ScorePanel]) -> ModelPaths | Failure:
    try:
        return model_paths(setting, panels)
    except (ArtifactError, DataError) as error:
        return error

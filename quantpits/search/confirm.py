"""The best combos once more, by Qlib's own backtest against the simulator in Qlib's timing.

Both run on the same scores over the same dates. If they differ by more than rounding, one of them
is wrong on these data, and nothing of the search can be trusted until it is known which.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantpits.backtest import backtest_setting, deviation, qlib_backtests
from quantpits.search.engine_steps import fused_scores
from quantpits.search.request import Confirmation
from quantpits.workspace import SILENT, Progress

if TYPE_CHECKING:
    from quantpits.backtest import Deviation
    from quantpits.search.job import SearchJob
    from quantpits.search.results import SearchResults
    from quantpits.workspace import Workspace

__all__ = ["TOLERANCE", "confirm_best"]

TOLERANCE: Final = 1e-6
"""Largest relative deviation of account value or cost that counts as rounding [fraction]."""


def confirm_best(
    workspace: Workspace,
    job: SearchJob,
    *,
    results: SearchResults,
    progress: Progress = SILENT,
) -> tuple[Confirmation, ...]:
    """Repeat the best combos with Qlib.

    Parameters
    ----------
    workspace : Workspace
        Whose.
    job : SearchJob
        What was searched; its request says how many.
    results : SearchResults
        The ranking.
    progress : Progress
        Who is told how far it is.

    Returns
    -------
    tuple of Confirmation
        In ranking order.
    """
    n_best = min(job.request.confirm, results.n_combos)
    if not n_best:
        return ()
    setting = backtest_setting(
        workspace,
        instruments=job.predictions.instruments,
        start=job.window.start,
        end=job.window.end,
        frequency=job.request.freq,
        execution="qlib",
    )
    combos = [results.models_of(row) for row in range(n_best)]
    scores = [fused_scores(setting, job.predictions.panels, models=combo) for combo in combos]
    runs = qlib_backtests(setting, scores, n_workers=job.n_workers, progress=progress)
    found = [deviation(setting, placed, run=run) for placed, run in zip(scores, runs, strict=True)]
    return tuple(
        Confirmation(
            rank=row + 1,
            models=combos[row],
            deviation=item.largest,
            where=_where(item),
        )
        for row, item in enumerate(found)
    )


def _where(item: Deviation) -> str:
    if item.account >= item.cost:
        return f"account value in the step of {item.account_date}"
    return f"costs in the step of {item.cost_date}"

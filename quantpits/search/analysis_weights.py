"""Three ways to weight the best single models, chosen on in-sample daily returns only.

Each model's own portfolio is a sleeve, and the sleeves are brought back to their weights every
session at no cost: a way to see how the models complement each other, not a backtest of a combo
(that fuses scores before it trades). Nothing after the cutoff is looked at when weights are chosen;
the out-of-sample path only shows what became of them.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from quantpits.search.analysis_returns import SharedReturns, is_flat, shared_returns
from quantpits.search.analysis_rows import rows_by
from quantpits.trading import RISK_FREE_ANNUAL, PathMetrics, path_metrics

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantpits.search.results import DateArray, FloatArray, IntArray, SearchResults

__all__ = [
    "EQUAL",
    "MAX_SHARPE",
    "MOST_MODELS",
    "RISK_PARITY",
    "WeightChoice",
    "WeightPaths",
    "chosen_weights",
    "max_sharpe_weights",
    "risk_parity_weights",
    "weight_paths",
    "weighted_rows",
]

EQUAL: Final = "Equal_Weight"
MAX_SHARPE: Final = "Max_Sharpe"
RISK_PARITY: Final = "Risk_Parity"

MOST_MODELS: Final = 10
"""Single models that are weighted: the best by Calmar ratio."""

_MINIMUM_MODELS = 2
# The optimiser's own accuracy; smaller weights are none.
_NO_WEIGHT = 1e-5
# Returns are scaled before they go to the solver, whose tolerances are about one.
_PERCENT = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class WeightPaths:
    """What the weights were worth in one window.

    Attributes
    ----------
    dates : datetime64[D] [T]
        Sessions.
    navs : dict of str to float64 [T]
        Value at the close by kind of weights; 1 before the first session.
    figures : dict of str to PathMetrics
        Likewise.
    benchmark : float64 [T] or None
        Value of the benchmark, likewise.
    """

    dates: DateArray
    navs: dict[str, FloatArray]
    figures: dict[str, PathMetrics]
    benchmark: FloatArray | None


@dataclass(frozen=True, slots=True, eq=False)
class WeightChoice:
    """Weights of the best single models.

    Attributes
    ----------
    models : tuple of str [K]
        Best Calmar ratio first.
    columns : dict of str to float64 [K]
        Weights by kind, each at least 0 and summing to 1.
    in_sample : WeightPaths
        What they were worth where they were chosen.
    out_of_sample : WeightPaths or None
        What became of them.
    missing : dict of str to str
        Why there are no weights of a kind.
    """

    models: tuple[str, ...]
    columns: dict[str, FloatArray]
    in_sample: WeightPaths
    out_of_sample: WeightPaths | None
    missing: dict[str, str] = field(default_factory=dict)


def weighted_rows(results: SearchResults) -> IntArray:
    """Return the rows of the best single models by Calmar ratio, at most 10.

    Parameters
    ----------
    results : SearchResults
        The search.

    Returns
    -------
    int64 [up to 10]
        Rows; those without a Calmar ratio are left out.
    """
    calmar = np.full(results.n_combos, np.nan)
    rows = np.array(list(results.single_rows.values()), dtype=np.int64)
    calmar[rows] = results.table["Calmar"][rows]
    return rows_by(calmar)[:MOST_MODELS]


def chosen_weights(
    results: SearchResults, outside: Callable[[IntArray], SharedReturns] | None = None
) -> WeightChoice | None:
    """Return the weights of the best single models and what they were worth.

    Parameters
    ----------
    results : SearchResults
        The search; only its in-sample paths decide.
    outside : callable, optional
        Gets rows, returns their daily returns out-of-sample.

    Returns
    -------
    WeightChoice or None
        None for fewer than two single models with a deviation.
    """
    rows = weighted_rows(results)
    if len(rows) < _MINIMUM_MODELS:
        return None
    inside = shared_returns(results.paths_of(rows), results.benchmark_returns)
    is_usable = ~is_flat(inside.returns)
    rows, returns = rows[is_usable], inside.returns[is_usable]
    if len(rows) < _MINIMUM_MODELS:
        return None
    free = float((1.0 + RISK_FREE_ANNUAL) ** (1.0 / results.periods_per_year) - 1.0)
    found = {
        EQUAL: np.full(len(rows), 1.0 / len(rows)),
        MAX_SHARPE: max_sharpe_weights(returns, free),
        RISK_PARITY: risk_parity_weights(returns),
    }
    columns = {kind: weights for kind, weights in found.items() if weights is not None}
    no_model_earns = not (returns.mean(axis=1) > free).any()
    later = None if outside is None else outside(rows)
    usable = SharedReturns(inside.dates, returns, inside.benchmark)
    return WeightChoice(
        models=tuple(results.label_of(row) for row in rows.tolist()),
        columns=columns,
        in_sample=weight_paths(columns, usable, periods_per_year=results.periods_per_year),
        out_of_sample=None
        if later is None or not len(later.dates)
        else weight_paths(columns, later, periods_per_year=results.periods_per_year),
        missing={
            kind: "no model earns the risk-free rate"
            if kind == MAX_SHARPE and no_model_earns
            else "the optimiser found no solution"
            for kind in found
            if kind not in columns
        },
    )


def max_sharpe_weights(returns: FloatArray, risk_free: float) -> FloatArray | None:
    """Return the long-only weights with the highest Sharpe ratio.

    Parameters
    ----------
    returns : float64 [K, T]
        Daily returns, each with a deviation [fraction].
    risk_free : float
        Risk-free rate [fraction a day].

    Returns
    -------
    float64 [K] or None
        At least 0, sum 1; None if no mean return is above the risk-free rate, or the optimiser
        finds no solution.

    Notes
    -----
    Sample means and covariance, by skfolio's `MeanRisk`; where no bound binds they are proportional
    to the inverse covariance times the mean excess.
    """
    if not (returns.mean(axis=1) > risk_free).any():
        return None
    from skfolio import RiskMeasure  # noqa: PLC0415 - heavy
    from skfolio.optimization import MeanRisk, ObjectiveFunction  # noqa: PLC0415 - heavy

    model = MeanRisk(
        objective_function=ObjectiveFunction.MAXIMIZE_RATIO,
        risk_measure=RiskMeasure.VARIANCE,
        risk_free_rate=risk_free * _PERCENT,
    )
    return _solution(model, returns)


def risk_parity_weights(returns: FloatArray) -> FloatArray | None:
    """Return the long-only weights that give every model the same share of the variance.

    Parameters
    ----------
    returns : float64 [K, T]
        Daily returns, each with a deviation [fraction].

    Returns
    -------
    float64 [K] or None
        Above 0, sum 1; None if the optimiser finds no solution.

    Notes
    -----
    By skfolio's `RiskBudgeting`; for two models, or equal correlations, they are proportional to
    the inverse deviation.
    """
    from skfolio import RiskMeasure  # noqa: PLC0415 - heavy
    from skfolio.optimization import RiskBudgeting  # noqa: PLC0415 - heavy

    return _solution(RiskBudgeting(risk_measure=RiskMeasure.VARIANCE), returns)


def weight_paths(
    columns: dict[str, FloatArray], shared: SharedReturns, *, periods_per_year: int
) -> WeightPaths:
    """Return what weights were worth on some returns.

    Parameters
    ----------
    columns : dict of str to float64 [K]
        Weights by kind.
    shared : SharedReturns
        Returns of the K models; at least one session.
    periods_per_year : int
        Sessions in a year.

    Returns
    -------
    WeightPaths
        Values from 1, sleeves brought back to their weights each session.
    """
    navs = {
        kind: np.cumprod(1.0 + (weights[:, None] * shared.returns).sum(axis=0))
        for kind, weights in columns.items()
    }
    figures = {
        kind: path_metrics(
            nav, 1.0, benchmark_returns=shared.benchmark, periods_per_year=periods_per_year
        )
        for kind, nav in navs.items()
    }
    level = None if shared.benchmark is None else np.asarray(np.cumprod(1.0 + shared.benchmark))
    return WeightPaths(shared.dates, navs, figures, level)


def _solution(model: Any, returns: FloatArray) -> FloatArray | None:
    """Return the weights that an optimiser of skfolio finds."""
    from skfolio.exceptions import SkfolioError  # noqa: PLC0415 - heavy

    with warnings.catch_warnings():
        # Copies of one model, or fewer sessions than models, have no proper covariance; the nearest
        # one is taken, which is what is wanted, and a warning about it would tell nobody anything.
        warnings.simplefilter("ignore", UserWarning)
        try:
            weights = np.asarray(model.fit(_PERCENT * returns.T).weights_)
        except SkfolioError:
            return None
    kept = np.where(weights < _NO_WEIGHT, 0.0, weights)
    return np.asarray(kept / kept.sum())

"""The figures of a path against pandas, by hand, and their laws."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.errors import NonFiniteError, ShapeError
from quantpits.trading.metrics import drawdowns, path_metrics

MOVES = st.lists(st.floats(-0.2, 0.2), min_size=2, max_size=60)


def _path(moves, opening=1e8):
    return opening * np.cumprod(1 + np.array(moves))


def _reference(nav, opening, *, bench, periods, free_annual):
    """The same figures from a pandas series of values, in the most literal way."""
    values = pd.concat([pd.Series([opening]), pd.Series(nav)], ignore_index=True)
    returns = values.pct_change().iloc[1:]
    years = len(returns) / periods
    free = math.expm1(math.log1p(free_annual) / periods)
    excess = returns - free
    downside = math.sqrt((excess.clip(upper=0) ** 2).mean())
    growth = values.iloc[-1] / values.iloc[0]
    bench_growth = (1 + pd.Series(bench)).prod()
    annual, bench_annual = growth ** (1 / years) - 1, bench_growth ** (1 / years) - 1
    deepest = (values / values.cummax() - 1).min()
    return {
        "total_return": growth - 1,
        "annualised_return": annual,
        "volatility": returns.std() * math.sqrt(periods),
        "max_drawdown": deepest,
        "sharpe": excess.mean() / returns.std() * math.sqrt(periods),
        "sortino": excess.mean() / downside * math.sqrt(periods),
        "calmar": annual / abs(deepest),
        "benchmark_return": bench_growth - 1,
        "annualised_benchmark": bench_annual,
        "excess_return": growth / bench_growth - 1,
        "annualised_excess": (1 + annual) / (1 + bench_annual) - 1,
        "final_nav": values.iloc[-1],
    }


@pytest.mark.parametrize("periods", [252, 52])
@pytest.mark.parametrize("seed", range(5))
def test_figures_equal_those_of_pandas(seed, periods):
    rng = np.random.default_rng(seed)
    nav = _path(rng.normal(0.0005, 0.015, 300))
    bench = rng.normal(0.0002, 0.01, 300)
    found = path_metrics(
        nav, 1e8, benchmark_returns=bench, periods_per_year=periods, risk_free_annual=0.02
    )
    expected = _reference(nav, 1e8, bench=bench, periods=periods, free_annual=0.02)
    assert (300, periods) == (found.n_periods, found.periods_per_year)
    for name, value in expected.items():
        assert value == pytest.approx(getattr(found, name), rel=1e-9), name


def test_a_year_by_hand():
    found = path_metrics(np.array([80.0, 120.0]), 100.0, periods_per_year=2, risk_free_annual=0.0)
    assert 0.2 == pytest.approx(found.total_return)
    assert 0.2 == pytest.approx(found.annualised_return)
    assert -0.2 == pytest.approx(found.max_drawdown)  # from the opening value
    assert 1.0 == pytest.approx(found.calmar)
    assert math.sqrt(2) * 0.15 / math.sqrt(0.02) == pytest.approx(found.sortino)
    assert 120.0 == found.final_nav
    assert found.excess_return is None


def test_the_default_risk_free_rate_is_the_documented_one():
    nav = np.full(252, 100.0) * 1.0135 ** (np.arange(1, 253) / 252)
    found = path_metrics(nav, 100.0)
    assert found.sharpe is None or abs(found.sharpe) < 1e-3
    assert 0.0135 == pytest.approx(found.annualised_return)


def test_a_ratio_without_a_denominator_is_none():
    flat = path_metrics(np.full(5, 100.0), 100.0, risk_free_annual=0.0)
    assert (None, None, None) == (flat.sharpe, flat.sortino, flat.calmar)
    assert (0.0, 0.0, 0.0) == (flat.volatility, flat.max_drawdown, flat.total_return)
    single = path_metrics(np.array([101.0]), 100.0)
    assert (None, None) == (single.volatility, single.sharpe)


def test_drawdowns_start_from_the_opening_value():
    assert [-0.1, 0.0, -0.5] == pytest.approx(drawdowns(np.array([90.0, 200, 100]), 100.0).tolist())


@pytest.mark.property
@given(MOVES, st.floats(0.01, 1000))
def test_the_size_of_the_account_changes_nothing(moves, scale):
    small, large = path_metrics(_path(moves, 1.0), 1.0), path_metrics(_path(moves, scale), scale)
    for name in ("total_return", "annualised_return", "volatility", "max_drawdown"):
        assert getattr(small, name) == pytest.approx(getattr(large, name), rel=1e-6, abs=1e-9)


@pytest.mark.property
@given(MOVES)
def test_bounds(moves):
    found = path_metrics(_path(moves), 1e8, benchmark_returns=np.array(moves))
    assert -1 < found.max_drawdown <= 0
    assert found.volatility >= 0
    assert found.max_drawdown <= found.total_return + 1e-12
    assert 0.0 == pytest.approx(found.excess_return, abs=1e-9)


@pytest.mark.parametrize("nav", [[], [[1.0]]])
def test_a_path_needs_a_session(nav):
    with pytest.raises(ShapeError, match="no session"):
        path_metrics(np.array(nav), 1.0)


@pytest.mark.parametrize(
    ("nav", "opening", "where"), [([1.0, 0.0], 1.0, "row 1"), ([1.0], np.nan, "opening")]
)
def test_values_are_positive(nav, opening, where):
    with pytest.raises(NonFiniteError, match="not a positive number") as caught:
        drawdowns(np.array(nav), opening)
    assert where in str(caught.value)


def test_the_benchmark_fits():
    nav = np.array([1.0, 1.1])
    with pytest.raises(ShapeError, match="benchmark"):
        path_metrics(nav, 1.0, benchmark_returns=np.zeros(3))
    with pytest.raises(NonFiniteError, match="benchmark"):
        path_metrics(nav, 1.0, benchmark_returns=np.array([0.0, np.nan]))

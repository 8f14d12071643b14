"""Figures and sums of a path in the loop: those of `path_metrics` and of NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantpits.trading.combos_metrics import (
    COMBO_COLUMNS,
    ComboBlocks,
    block_moments_nb,
    compound_nb,
    own_metrics_nb,
    ratio_nb,
)
from quantpits.trading.metrics import PathMetrics, path_metrics

VALUES = st.lists(st.integers(700_000, 2_000_000), min_size=1, max_size=40)


def figures_of(call, nav, opening, benchmark=np.nan):
    figures = np.zeros(len(COMBO_COLUMNS))
    call(own_metrics_nb)(np.array(nav, dtype=np.int64), opening, benchmark, figures)
    return figures


@pytest.mark.property
@settings(deadline=None, max_examples=80)
@given(VALUES, st.integers(700_000, 2_000_000), st.one_of(st.none(), st.floats(0.2, 5.0)))
def test_figures_equal_path_metrics(plain, nav, opening, growth):
    returns = None
    if growth is not None:
        returns = np.zeros(len(nav))
        returns[-1] = growth - 1.0
    expected = path_metrics(np.array(nav, dtype=np.float64), opening, benchmark_returns=returns)
    values = [getattr(expected, name) for name in COMBO_COLUMNS]
    values = [np.nan if value is None else value for value in values]
    for call in (lambda kernel: kernel, plain):
        found = figures_of(call, nav, opening, np.nan if growth is None else growth)
        np.testing.assert_allclose(found, values, rtol=1e-11, atol=1e-13)


def test_the_columns_are_fields_of_the_metrics():
    assert set(COMBO_COLUMNS) <= set(PathMetrics.__dataclass_fields__)


@pytest.mark.parametrize(("nav", "opening"), [([], 100), ([100, 0], 100), ([100], 0)])
def test_a_path_without_figures_has_none(form, nav, opening):
    found = figures_of(form, nav, opening)
    assert len(nav) == found[0]
    assert np.isnan(found[1:]).all()


def test_a_constant_path_has_no_ratios(form):
    found = dict(zip(COMBO_COLUMNS, figures_of(form, [100] * 4, 100), strict=True))
    assert (0.0, 0.0, 0.0) == (found["total_return"], found["volatility"], found["max_drawdown"])
    assert np.isnan([found["sharpe"], found["calmar"]]).all()
    assert np.isnan(figures_of(form, [110], 100)[3])  # the volatility of one session


def test_small_parts(form):
    assert form(compound_nb)(2.0, 252) == pytest.approx(1.0)
    assert 2.0 == form(ratio_nb)(1.0, 0.5)
    assert np.isnan([form(ratio_nb)(1.0, 0.0), form(ratio_nb)(1.0, np.nan)]).all()


def test_block_moments_are_sums_of_returns_and_of_their_squares(form):
    nav = np.array([110, 99, 99, 0, 50, 60, 66], dtype=np.int64)
    moments = np.ones((2, 3))
    form(block_moments_nb)(nav, 100, ComboBlocks(0, 2, 3), moments)
    # Nothing can be earned on a value of 0.
    np.testing.assert_allclose(moments[0], [0.0, -1.0, 0.2], atol=1e-15)
    np.testing.assert_allclose(moments[1], [0.02, 1.0, 0.04], atol=1e-15)
    form(block_moments_nb)(nav, 100, ComboBlocks(7, 0, 3), moments)
    assert 0.0 == np.abs(moments).sum()

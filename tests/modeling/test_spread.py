"""The spread of repeated runs."""

from __future__ import annotations

import pytest

from quantpits.modeling.spread import Spread, spread_of


def test_undefined_values_do_not_count():
    spread = spread_of([0.5, None, 0.25, 0.75])
    assert Spread(3, 0.5, 0.25, 0.25, 0.75) == spread
    assert "0.50 ± 0.25 (0.25 to 0.75)" == spread.text(2)


@pytest.mark.parametrize("values", [[], [None, None]])
def test_nothing_defined_has_no_spread(values):
    assert spread_of(values) is None


def test_equal_values_have_no_deviation_at_all():
    assert Spread(3, 0.1, 0.0, 0.1, 0.1) == spread_of([0.1, 0.1, 0.1])


def test_a_single_value_has_no_deviation():
    spread = spread_of([0.0])
    assert Spread(1, 0.0, None, 0.0, 0.0) == spread
    assert "0.0000 (0.0000 to 0.0000)" == spread.text()

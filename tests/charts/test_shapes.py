"""Checks that say which chart and which values do not fit."""

from __future__ import annotations

import numpy as np
import pytest

from quantpits.charts.shapes import check_length, check_matrix, check_series
from quantpits.errors import ShapeError
from tests.charts.chart_samples import sessions


def test_what_fits_passes():
    check_series("t", dates=sessions(2), series={"a": np.ones(2)})
    check_length("t", "a", found=2, expected=2)
    check_matrix("t", ["a"], columns=["b", "c"], shape=(1, 2))


def test_the_message_names_chart_and_values():
    with pytest.raises(ShapeError, match=r"(?s)Weights, gru.*expected: 2 values.*found: 3"):
        check_length("Weights", "gru", found=3, expected=2)


def test_an_empty_matrix_is_refused():
    with pytest.raises(ShapeError, match="not empty"):
        check_matrix("t", [], columns=["a"], shape=(0, 1))

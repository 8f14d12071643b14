"""Instruments in one stack stay apart, and operators say how far they look."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from qlib.data import base, ops

from quantpits.modeling.expressions.operators import (
    Stack,
    UnknownExpressionError,
    children,
    evaluate,
    reach,
)

CLOSE, OPEN = base.Feature("close"), base.Feature("open")


@pytest.fixture
def stack():
    return Stack(np.array([3, 0, 2]))


def test_a_stack_knows_where_instruments_begin(stack):
    assert ([0, 3, 3, 5], 5) == (stack.offsets.tolist(), len(stack))


def test_windows_hold_one_instrument(stack):
    assert stack.window(2) is stack.window(2)
    sums = pd.Series([1.0, 2, 4, 8, 16]).rolling(stack.window(2), min_periods=1).sum()
    assert [1.0, 3.0, 6.0, 8.0, 24.0] == sums.tolist()


@pytest.mark.parametrize(
    ("n_rows", "expected"),
    [
        (1, [None, 1, 2, None, 8]),
        (-1, [2, 4, None, 16, None]),
        (2, [None, None, 1, None, None]),
        (9, [None] * 5),
    ],
)
def test_shifts_do_not_leave_the_instrument(stack, n_rows, expected):
    shifted = stack.shift(pd.Series([1, 2, 4, 8, 16], dtype=np.float32), n_rows)
    assert np.float32 == shifted.dtype
    assert expected == [None if np.isnan(each) else each for each in shifted]


@pytest.mark.parametrize(
    ("node", "rows"),
    [
        (CLOSE, 0),
        (1.0, 0),
        (ops.Ref(CLOSE, 5), 5),
        (ops.Ref(CLOSE, -5), 0),
        (ops.Delta(CLOSE, 5), 5),
        (ops.Max(ops.Ref(CLOSE, 5), 4), 8),
        (ops.If(ops.Gt(CLOSE, OPEN), ops.Ref(CLOSE, 3), 1), 3),
        (ops.Mean(ops.Gt(CLOSE, ops.Ref(CLOSE, 1)), 5), 5),
        (ops.Mean(CLOSE, 5), None),
        (ops.Abs(ops.Std(CLOSE, 5)), None),
        (ops.Slope(CLOSE, 5), None),
        (ops.EMA(CLOSE, 5), None),
        (ops.Corr(CLOSE, OPEN, 5), None),
        (ops.Std(ops.Gt(CLOSE, OPEN), 5), None),
    ],
)
def test_reach_is_known_for_what_depends_on_its_window_only(node, rows):
    assert rows == reach(node)


def test_deviations_are_parts_of_what_they_mask():
    assert ["$close", "Std($close,5)"] == [str(each) for each in children(ops.Rsquare(CLOSE, 5))]
    assert ["$close", "$open", "Std($close,5)", "Std($open,5)"] == [
        str(each) for each in children(ops.Corr(CLOSE, OPEN, 5))
    ]


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (ops.Mean(CLOSE, 0), "no fixed window"),
        (ops.Mean(CLOSE, 2.5), "no fixed window"),
        (ops.Max(CLOSE, -3), "no fixed window"),
        (ops.Mean(3.0, 2), "rolls over a number"),
        (ops.Corr(CLOSE, 3.0, 5), "rolls over a number"),
        (ops.Add(CLOSE, "text"), "neither an expression nor a plain number"),
        (ops.Add(CLOSE, np.float64(1)), "neither an expression nor a plain number"),
        (ops.Mask(CLOSE, "SH600000"), "Mask is not computed"),
        (base.PFeature("roe_q"), "PFeature is not computed"),
    ],
)
def test_what_is_not_known_is_refused(node, message):
    with pytest.raises(UnknownExpressionError, match=message):
        children(node)


def test_an_operator_of_the_users_own_is_not_taken_for_qlibs():
    class Abs(ops.Abs):
        pass

    with pytest.raises(UnknownExpressionError, match="Abs is not computed"):
        children(Abs(CLOSE))


def test_truth_values_are_not_shifted(stack):
    truth = pd.Series([True, False, True, True, False])
    with pytest.raises(UnknownExpressionError, match="no floating-point numbers"):
        evaluate(ops.Ref(ops.Gt(CLOSE, OPEN), 1), [truth], stack=stack)


def test_a_field_that_is_not_there_is_joined_by_arithmetic_only(stack):
    there, nothing = pd.Series(np.ones(5, dtype=np.float32)), pd.Series(dtype=np.float32)
    joined = evaluate(ops.Add(CLOSE, OPEN), [there, nothing], stack=stack)
    assert (np.float32, 5) == (joined.dtype, joined.isna().sum())
    assert evaluate(ops.Mean(CLOSE, 3), [nothing], stack=stack).empty
    with pytest.raises(UnknownExpressionError, match="of which instruments have but one"):
        evaluate(ops.Gt(CLOSE, OPEN), [there, nothing], stack=stack)

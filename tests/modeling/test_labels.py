"""Label expressions and how far ahead they look."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.errors import ConfigError
from quantpits.modeling.labels import (
    DAILY_LABEL,
    WEEKLY_LABEL,
    default_label,
    label_expressions,
    label_horizon,
)


@pytest.mark.parametrize(("freq", "expected"), [("week", WEEKLY_LABEL), ("day", DAILY_LABEL)])
def test_default_label_follows_the_frequency(freq, expected):
    assert expected == default_label(freq)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (WEEKLY_LABEL, 6),
        (DAILY_LABEL, 2),
        ("Ref($close,-11)/Ref($close,-1)-1", 11),
        ("$close / Ref($close, 1) - 1", 0),
        ("$close", 0),
        ("Ref(Ref($close, -2), -3)", 5),
        ("Ref(Ref($close, -5), 2)", 3),
        ("Mean(Ref($close, -4) / $open, 5)", 4),
        ("Delta($close, -3)", 3),
        ("Delta(Ref($close, -2), 5)", 2),
        ("Ref(1, -4) * 2", 0),
        ("If(Gt($volume, 0), Ref($close, -2), Ref($close, -7))", 7),
        ("MyRef($close, -9)", 0),
        ("Ref($close, N)", 0),
        ("Ref($close)", 0),
        ("Ref($close, -3", 3),
        ("Ref($close) + Ref($open, -1)", 1),
    ],
)
def test_label_horizon_is_the_farthest_session_read(expression, expected):
    assert expected == label_horizon(expression)


@pytest.mark.property
@given(st.lists(st.integers(-30, 30), min_size=1, max_size=5))
def test_label_horizon_of_nested_shifts_is_what_is_left_of_their_sum(shifts):
    expression = "$close"
    for shift in shifts:
        expression = f"Ref({expression}, {shift})"
    assert max(0, -sum(shifts)) == label_horizon(expression)


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        (None, ()),
        ("$close", ("$close",)),
        (["$close", "$open"], ("$close", "$open")),
        ([["$close", "$open"], ["A", "B"]], ("$close", "$open")),
    ],
)
def test_label_expressions_reads_every_form(label, expected):
    assert expected == label_expressions(label)


@pytest.mark.parametrize("label", [3, [], [1, 2], {"a": 1}])
def test_label_expressions_refuses_what_is_no_label(label):
    with pytest.raises(ConfigError, match="a label is an expression or a list of expressions"):
        label_expressions(label)

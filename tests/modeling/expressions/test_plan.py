"""From which session each expression is computed, and what a loader must not do."""

from __future__ import annotations

import pytest
from qlib.data.data import ExpressionD
from qlib.data.dataset.loader import QlibDataLoader

from quantpits.market import MarketSource, open_qlib
from quantpits.modeling.expressions.operators import UnknownExpressionError
from quantpits.modeling.expressions.plan import (
    field_names,
    group_columns,
    node_counts,
    parse_group,
    sessions_needed,
)
from tests.modeling.expressions.market import make_loader, write_market


@pytest.fixture(scope="module")
def hard_market(tmp_path_factory):
    return write_market(tmp_path_factory.mktemp("hard"))


@pytest.fixture(autouse=True)
def opened(hard_market):
    open_qlib(MarketSource(hard_market, "cn", is_synthetic=True, label="hard"))


def parsed(*texts):
    return parse_group(make_loader(texts), "feature")[2]


def test_qlibs_own_windows_decide_where_it_begins():
    nodes = parsed("$close", "Mean($close, 5)", "Ref(Mean($close, 5), 2)", "Ref($close, -3)")
    assert [(50, 90), (46, 90), (44, 90), (50, 93)] == sessions_needed(nodes, start=50, end=90)


def test_running_sums_begin_where_qlib_begins_and_the_rest_together():
    nodes = parsed("Std($close, 5)", "Ref($close, 7)", "Max($close, 3)", "Std($open, 5)", "$open")
    whole = group_columns(nodes, start=50, end=90, wanted=50)
    tail = group_columns(nodes, start=50, end=90, wanted=88)
    places = [
        {key: [column.place for column in columns] for key, columns in each.items()}
        for each in (whole, tail)
    ]
    assert {(46, 90): [0, 3], (43, 90): [1, 2, 4]} == places[0]
    assert {(46, 90): [0, 3], (81, 90): [1, 2, 4]} == places[1]


def test_what_looks_further_back_than_qlib_reads_begins_where_qlib_begins():
    (node,) = parsed("Delta($close, 5)")  # Qlib reads 4 sessions before, and misses one
    assert [(46, 90)] == list(group_columns([node], start=50, end=90, wanted=50))
    assert [(47, 90)] == list(group_columns([node], start=50, end=90, wanted=52))
    assert [(0, 90)] == list(group_columns([node], start=2, end=90, wanted=2))


def test_what_looks_ahead_is_computed_apart():
    nodes = parsed("$close", "Ref($close, -2)")
    assert {(50, 90), (50, 92)} == set(group_columns(nodes, start=50, end=90, wanted=50))


def test_equal_parts_are_counted_once():
    nodes = parsed("Std($close, 5)/$close", "Rsquare($close, 5)")
    (columns,) = group_columns(nodes, start=50, end=90, wanted=50).values()
    counts = node_counts(columns)
    assert (2, 3) == (counts["Std($close,5)"], counts["$close"])


def test_raw_fields_are_named_once_and_sorted():
    assert ["$close", "$open"] == field_names(parsed("$open-$close", "Mean($close, 3)"))


@pytest.mark.parametrize(
    "named",
    [
        {"filter_pipe": [{"filter_type": "NameDFilter", "name_rule_re": "SH"}]},
        {"inst_processors": [{"class": "x"}]},
        {"inst_processors": {"feature": [{"class": "x"}]}},
        {"freq": "1min"},
        {"swap_level": False},
    ],
)
def test_a_loader_that_does_more_than_load_is_not_known(named):
    loader = QlibDataLoader({"feature": (["$close"], ["A"])}, **named)
    with pytest.raises(UnknownExpressionError, match="filters, processes or resamples"):
        parse_group(loader, "feature")


def test_a_number_is_no_expression():
    with pytest.raises(UnknownExpressionError, match="is no expression"):
        parsed("1")


@pytest.mark.parametrize("text", ["Nonsense($close)", "$close+", "Mean($close)", "Skew($close, 2)"])
def test_what_qlib_cannot_read_is_left_to_qlib_to_refuse(text):
    with pytest.raises(UnknownExpressionError, match="Qlib cannot read an expression"):
        parsed(text)


def test_a_group_that_is_not_there_is_not_known():
    with pytest.raises(UnknownExpressionError, match="no fields named 'label'"):
        parse_group(make_loader(["$close"]), "label")


def test_another_provider_is_not_known(monkeypatch):
    monkeypatch.setitem(vars(ExpressionD), "_provider", object())
    with pytest.raises(UnknownExpressionError, match="Qlib's data come from"):
        parsed("$close")


def test_data_by_date_are_not_known(monkeypatch):
    monkeypatch.setattr(vars(ExpressionD)["_provider"], "time2idx", False)
    with pytest.raises(UnknownExpressionError, match="not aligned"):
        parsed("$close")

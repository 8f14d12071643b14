"""Features computed for all instruments at once are those of Qlib's own loader, bit for bit."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qlib.contrib.data.loader import Alpha158DL, Alpha360DL
from qlib.data.dataset.loader import NestedDataLoader, QlibDataLoader

from quantpits.market import MarketSource, open_qlib
from quantpits.modeling.expressions.load import (
    is_known,
    is_looking_ahead,
    load_group,
    read_raw_fields,
)
from quantpits.modeling.expressions.operators import UnknownExpressionError
from tests.modeling.expressions.market import (
    DATES,
    assert_as_qlib,
    assert_equal,
    load_both,
    make_loader,
    write_market,
)

OPERATORS = [
    "$close",
    "Abs($close-$open)",
    "Log($volume)",
    "Sign($close-$open)",
    "Not($close>$open)",
    "Power($close, 2)",
    "$close+$open",
    "1-$close",
    "$close*$volume",
    "$close/$volume",
    "2/$volume",
    "Greater($close, Ref($close, 1))",
    "Less($close, 12)",
    "$close>$open",
    "$close>=12.3",
    "$close<$open",
    "$close<=$open",
    "$close==Ref($close, 1)",
    "$close!=Ref($close, 1)",
    "And($close>$open, $close>$vwap)",
    "Or($close>$open, $volume<1)",
    "If($close>$open, $close, $open)",
    "If($close>$open, 1, 0)",
    "If($close>$open, $volume, 0)",
    "($close>$open)+1",
    "($close>$open)*2.5",
    "Ref($close, 1)",
    "Ref($close, 30)",
    "Ref($close, -2)",
    "Ref(Ref($close, -3), 2)",
    "Delta($close, 4)",
    "Mean($close, 1)",
    "Mean($close, 7)",
    "Mean($close>Ref($close, 1), 9)",
    "Sum($volume, 7)",
    "Sum($close>$open, 5)",
    "Std($close, 7)",
    "Std($close>$open, 6)",
    "Var($volume, 7)",
    "Skew($close, 9)",
    "Kurt($close, 9)",
    "Max($high, 7)",
    "Min($low, 7)",
    "Med($close, 7)",
    "Count($volume, 7)",
    "IdxMax($high, 7)",
    "IdxMin($volume, 7)",
    "IdxMax($close>$open, 7)",
    "Quantile($close, 7, 0.8)",
    "Quantile($close, 6, 0.5)",
    "Quantile($close, 7, 0.0)",
    "Quantile($close, 7, 1)",
    "Rank($close, 7)",
    "Rank($volume, 40)",
    "Slope($close, 7)",
    "Slope($volume, 7)",
    "Rsquare($close, 7)",
    "Rsquare($volume, 7)",
    "Resi($close, 7)",
    "Resi($volume, 1)",
    "Mad($close, 7)",
    "WMA($close, 7)",
    "EMA($close, 7)",
    "EMA($close, 0.2)",
    "Corr($close, $volume, 7)",
    "Corr($close/Ref($close, 1), Log($volume/Ref($volume, 1)+1), 7)",
    "Corr($close, $close>$open, 7)",
    "Cov($close, $volume, 7)",
    "Cov($close, $open, 2)",
]
UNKNOWN = [
    "Mean($close, 0)",
    "Ref($close, 0)",
    "Corr($close, $open, 0)",
    "Sum($close, 0.5)",
    "Ref($close>$open, 1)",
    "Mask($close, 'SH600001')",
    "ChangeInstrument('SH600001', $close)",
    "Rolling($close, 5, 'mean')",
    "TResample($close, 'W', 'sum')",
]
RANGES = {
    "all": (DATES[0], DATES[-1]),
    "from the middle": ("2021-03-20", "2021-06-18"),
    "after the listings": (DATES[70], DATES[-3]),
    "one day": (DATES[90], DATES[90]),
}


@pytest.fixture(scope="module")
def hard_market(tmp_path_factory):
    return write_market(tmp_path_factory.mktemp("hard"))


@pytest.fixture(autouse=True)
def opened(hard_market):
    open_qlib(MarketSource(hard_market, "cn", is_synthetic=True, label="hard"))


def test_every_operator_alone():
    start, end = RANGES["from the middle"]
    for operator in OPERATORS:
        ours, theirs, notes = load_both(make_loader([operator]), start=start, end=end)
        assert (operator, []) == (operator, notes)
        assert_equal(theirs, ours)


@pytest.mark.parametrize("dates", RANGES)
@pytest.mark.parametrize("universe", ["plain", ["SH600004", "SH600001", "SH600008"]])
def test_all_operators_together(universe, dates):
    start, end = RANGES[dates]
    assert_as_qlib(make_loader(OPERATORS), universe, start=start, end=end)


@pytest.mark.parametrize("expression", UNKNOWN)
def test_what_is_not_known_is_left_to_qlib(expression):
    loader = make_loader(["$close", expression])
    assert not is_known(loader, "feature") or 1 == len(refused(loader))
    raw = read_raw_fields(loader, ["feature"], instruments="plain", start=None, end=None)
    assert (raw is None) == (not is_known(loader, "feature"))


def refused(loader, universe="plain"):
    raw = read_raw_fields(loader, ["feature"], instruments=universe, start=None, end=None)
    notes = []
    assert load_group(loader, "feature", raw=raw, notes=notes) is None
    return notes


@pytest.mark.parametrize("universe", ["some", "all"])
def test_fields_that_instruments_lack_or_that_begin_apart(universe):
    known = [
        "$vwap",
        "$vwap/$close",
        "Mean($vwap, 5)-$close",
        "Greater($vwap, $close)",
        "Rsquare($vwap, 5)",
        "Count($vwap, 3)",
        "Ref($vwap, 2)+Abs($close)",
        "Sum($volume, 5)",
    ]
    if universe == "some":
        known.append("Corr($close, $open, 5)")
    for start in ("2021-01-04", "2021-03-20"):
        assert_as_qlib(make_loader(known), universe, start=start)


def test_where_qlib_fails_for_one_instrument_it_is_asked_for_all():
    notes = refused(make_loader(["If($close>0, $volume, 1)"]), "all")
    assert "Qlib's own loader fails for SH700001, SH700002" in notes[0]


def test_rows_after_a_session_where_instruments_differ_in_their_fields():
    loader = make_loader(["$vwap/$close", "Mean($volume, 5)", "Ref($close, 3)"])
    raw = read_raw_fields(loader, ["feature"], instruments="all", start="2021-03-20", end=None)
    whole = load_group(loader, "feature", raw=raw)
    later = load_group(loader, "feature", raw=raw, after=DATES[80])
    assert_equal(whole[whole.index.get_level_values(0) > DATES[80]], later)


def test_joining_a_field_with_one_that_is_missing_is_left_to_qlib_unless_arithmetic():
    for expression in ("$vwap>$close", "Corr($close, $vwap, 5)", "If($close>1, $vwap, 1)"):
        assert "of which instruments have but one" in refused(make_loader([expression]), "some")[0]


@pytest.mark.parametrize("loader", [Alpha158DL, Alpha360DL])
def test_the_feature_sets_of_qlib(loader):
    assert_as_qlib(loader(), ["SH600002", "SH600004", "SH600009"], start="2021-03-20")


def test_the_values_of_qlibs_feature_set_from_the_first_session_on():
    assert_as_qlib(Alpha158DL(), "some")


@pytest.mark.parametrize("after", [0, 3, 46, 58, 100, 129])
def test_rows_after_a_session_are_those_of_the_whole_load(after):
    loader = make_loader(OPERATORS)
    for start in ("2021-01-04", "2021-03-20"):
        raw = read_raw_fields(loader, ["feature"], instruments="plain", start=start, end=None)
        whole = load_group(loader, "feature", raw=raw)
        later = load_group(loader, "feature", raw=raw, after=DATES[after])
        assert_equal(whole[whole.index.get_level_values(0) > DATES[after]], later)


def test_an_earlier_end_than_was_read_for_gives_the_earlier_rows():
    loader = make_loader(OPERATORS)
    raw = read_raw_fields(loader, ["feature"], instruments="plain", start=DATES[3], end=DATES[100])
    ours = load_group(loader, "feature", raw=raw, end=DATES[90])
    own = read_raw_fields(loader, ["feature"], instruments="plain", start=DATES[3], end=DATES[90])
    assert_equal(load_group(loader, "feature", raw=own), ours)


def test_labels_can_be_loaded_and_look_ahead():
    label = ["Ref($close, -2)/Ref($close, -1)-1"], ["LABEL0"]
    loader = QlibDataLoader({"feature": (["Std($close, 5)"], ["S"]), "label": label})
    assert (True, False) == tuple(is_looking_ahead(loader, each) for each in ("label", "feature"))
    raw = read_raw_fields(loader, ["feature", "label"], instruments="plain", start=None, end=None)
    for group in ("feature", "label"):
        theirs = loader.load_group_df("plain", *loader.fields[group], None, None, group)
        assert_equal(theirs, load_group(loader, group, raw=raw))


def test_a_loader_without_groups_has_one():
    loader = QlibDataLoader((["$close", "Mean($close, 3)"], ["A", "B"]))
    raw = read_raw_fields(loader, [""], instruments="plain", start=None, end=None)
    assert_equal(loader.load("plain"), load_group(loader, "", raw=raw))


def test_equal_expressions_and_spaces_make_a_column_each():
    assert_as_qlib(make_loader(["Mean($close, 3)", "Mean($close,3)", "$open", "$open"]))


def test_other_loaders_are_not_known():
    assert not is_known(NestedDataLoader([]), "feature")
    assert not is_known(Filtered(), "feature")
    with pytest.raises(UnknownExpressionError, match="loads in its own way"):
        is_looking_ahead(NestedDataLoader([]), "feature")


class Filtered(Alpha158DL):
    def load_group_df(self, *arguments, **named):
        return super().load_group_df(*arguments, **named).dropna()


def test_a_range_without_sessions_is_left_to_qlib():
    loader = make_loader(["$close"])
    late = {"start": "2030-01-01", "end": None}
    assert read_raw_fields(loader, ["feature"], instruments="plain", **late) is None
    assert read_raw_fields(loader, ["feature"], instruments=None, start=None, end=None) is None


def test_a_universe_without_data_is_left_to_qlib():
    raw_of = ["SH999999"]
    assert ["no instrument has data"] == refused(make_loader(["$close"]), raw_of)


def test_nothing_after_the_last_session():
    loader = make_loader(["$close", "Mean($close, 3)"])
    raw = read_raw_fields(loader, ["feature"], instruments="plain", start=None, end=None)
    frame = load_group(loader, "feature", raw=raw, after=DATES[-1])
    assert ((0, 2), ["datetime", "instrument"]) == (frame.shape, list(frame.index.names))


def test_a_wrong_bit_is_seen_and_refused(monkeypatch):
    from quantpits.modeling.expressions import operators  # noqa: PLC0415

    rolled = operators._ROLLED
    loader = make_loader(["$close", "Slope($close, 5)"])

    def slope(node, values, stack):
        return rolled[type(node)](node, values, stack) * (1 + 1e-7)

    monkeypatch.setattr(
        operators,
        "_ROLLED",
        {kind: slope if kind.__name__ == "Slope" else each for kind, each in rolled.items()},
    )
    notes = refused(loader)
    assert "Qlib's own loader gives" in notes[0]


def test_the_frame_lies_in_memory_as_qlibs_does():
    ours, theirs, _ = load_both(make_loader(OPERATORS))
    for frame in (ours, theirs):
        assert 1 == len(set(frame.dtypes))
        assert frame.to_numpy().T.flags.c_contiguous
    assert [level.dtype for level in theirs.index.levels] == [
        level.dtype for level in ours.index.levels
    ]


WINDOWS = st.integers(1, 9)
SHIFTS = st.integers(-4, 9).filter(bool)
NUMBERS = st.sampled_from(["1", "0", "-2", "0.5", "1e-12", "12.3"])
FEATURES = st.sampled_from(["$close", "$open", "$high", "$volume", "$vwap"])


def grow(values):
    truths = st.builds("({}{}{})".format, values, st.sampled_from([">", "<=", "=="]), values)
    truths |= st.builds("And({0}>{1},{1}>$close)".format, values, values)
    some = values | truths
    roll = ["Mean", "Sum", "Std", "Var", "Max", "Min", "Med", "Count", "IdxMax", "IdxMin"]
    roll += ["Rank", "Slope", "Rsquare", "Resi", "Mad", "WMA", "EMA"]
    return st.one_of(
        st.builds("({}{}{})".format, values, st.sampled_from("+-*/"), values | NUMBERS),
        st.builds("({}{}{})".format, NUMBERS, st.sampled_from("+-*/"), values),
        st.builds("{}({},{})".format, st.sampled_from(["Greater", "Less"]), values, values),
        st.builds("{}({})".format, st.sampled_from(["Abs", "Log", "Sign"]), values),
        st.builds("If({},{},{})".format, truths, values, values | NUMBERS),
        st.builds("Ref({},{})".format, values, SHIFTS),
        st.builds("Delta({},{})".format, values, WINDOWS),
        st.builds("{}({},{})".format, st.sampled_from(roll), some, WINDOWS),
        st.builds("Quantile({},{},{})".format, values, WINDOWS, st.sampled_from([0.2, 0.5, 0.8])),
        st.builds("{}({},{},{})".format, st.sampled_from(["Corr", "Cov"]), values, some, WINDOWS),
    )


EXPRESSIONS = st.recursive(FEATURES, grow, max_leaves=5)
SESSIONS = st.integers(0, len(DATES) - 1)


@pytest.mark.property
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(EXPRESSIONS, min_size=1, max_size=3), SESSIONS, SESSIONS, SESSIONS)
def test_any_expression_is_as_qlibs_and_its_tail_as_the_whole(expressions, one, other, after):
    start, end = sorted((one, other))
    loader = make_loader(expressions)
    ours = assert_as_qlib(loader, start=DATES[start], end=DATES[end])
    raw = read_raw_fields(
        loader, ["feature"], instruments="plain", start=DATES[start], end=DATES[end]
    )
    later = load_group(loader, "feature", raw=raw, after=DATES[after])
    pd.testing.assert_frame_equal(
        ours.loc[DATES[after] :].drop(DATES[after], errors="ignore"), later
    )

from __future__ import annotations

import time
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantpits.errors import (
    CorruptArtifactError,
    DataError,
    MissingArtifactError,
    NonFiniteError,
    UsageError,
)
from quantpits.records import (
    PredictionMeta,
    PredictionName,
    find_prediction,
    list_predictions,
    meta_path,
    parse_prediction_name,
    prediction_path,
    read_prediction_csv,
    store_prediction,
)
from quantpits.workspace import Workspace

ANCHOR = date(2026, 2, 6)
META = PredictionMeta(label="ensemble", kind="ensemble", anchor_date=ANCHOR)


def assert_same(expected: pd.Series, found: pd.Series) -> None:
    pd.testing.assert_series_equal(expected, found, check_index_type=False, check_exact=True)


def test_file_is_sorted_by_date_then_instrument_with_exact_numbers(workspace, scores):
    path = store_prediction(workspace, "gru", anchor=ANCHOR, scores=scores.iloc[::-1]).path
    assert workspace.predictions_dir / "gru_2026-02-06.csv" == path
    assert path.read_text("utf-8") == (
        "datetime,instrument,score\n"
        "2026-02-05,SH600000,0.1\n"
        "2026-02-05,SZ000001,-0.25\n"
        "2026-02-06,SH600000,1e-17\n"
        "2026-02-06,SZ000001,3.0\n"
    )


def test_reading_returns_what_was_written(workspace, scores):
    path = store_prediction(workspace, "gru", anchor=ANCHOR, scores=scores).path
    assert_same(scores, read_prediction_csv(path))


@pytest.mark.property
@settings(deadline=None)
@given(values=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=12))
def test_every_finite_float_survives_the_file(tmp_path_factory, values):
    workspace = Workspace(tmp_path_factory.mktemp("books"))
    days = pd.date_range("2026-02-02", periods=len(values), freq="D")
    index = pd.MultiIndex.from_arrays(
        [days, ["SH600000"] * len(values)], names=["datetime", "instrument"]
    )
    path = store_prediction(
        workspace, "m", anchor=ANCHOR, scores=pd.Series(values, index=index)
    ).path
    assert values == read_prediction_csv(path).tolist()


def test_writing_the_same_again_changes_nothing(workspace, scores):
    first = store_prediction(workspace, "ensemble", anchor=ANCHOR, scores=scores, meta=META)
    times = [path.stat().st_mtime_ns for path in (first.path, first.meta_path)]
    again = store_prediction(
        workspace, "ensemble", anchor=ANCHOR, scores=scores.iloc[::-1], meta=META
    )
    assert first.changed
    assert not again.changed
    assert times == [path.stat().st_mtime_ns for path in (again.path, again.meta_path)]


def test_a_new_file_without_provenance_does_not_keep_the_old_provenance(workspace, scores):
    path = store_prediction(workspace, "ensemble", anchor=ANCHOR, scores=scores, meta=META).path
    store_prediction(workspace, "ensemble", anchor=ANCHOR, scores=scores)
    assert meta_path(path).exists()  # the same scores: it still speaks the truth
    store_prediction(workspace, "ensemble", anchor=ANCHOR, scores=scores * 2)
    assert not meta_path(path).exists()


def test_scores_that_are_not_finite_are_not_written(workspace, scores):
    scores.iloc[0] = np.nan
    with pytest.raises(NonFiniteError, match="prediction 'gru'"):
        store_prediction(workspace, "gru", anchor=ANCHOR, scores=scores)
    assert not workspace.predictions_dir.exists() or not list(workspace.predictions_dir.iterdir())


def test_no_scores_are_not_written(workspace, scores):
    with pytest.raises(DataError, match="no scores"):
        store_prediction(workspace, "gru", anchor=ANCHOR, scores=scores.iloc[:0])


@pytest.mark.parametrize("label", ["", "../x", "a/b", "a\\b", ".hidden", " a", "a\nb"])
def test_a_label_that_is_no_file_name_is_refused(workspace, label):
    with pytest.raises(UsageError, match="part of a file name"):
        prediction_path(workspace, label, ANCHOR)


def test_a_name_is_found_exactly_never_by_prefix(workspace, scores):  # fault 29
    store_prediction(workspace, "gru_Alpha360", anchor=ANCHOR, scores=scores)
    store_prediction(workspace, "ensemble_A_B", anchor=ANCHOR, scores=scores)
    store_prediction(workspace, "ensemble_2fast", anchor=ANCHOR, scores=scores)
    for label in ("gru", "ensemble_A", "ensemble"):
        with pytest.raises(MissingArtifactError, match=f"no prediction '{label}'"):
            find_prediction(workspace, label, ANCHOR)
    assert find_prediction(workspace, "ensemble_A_B", ANCHOR).name == "ensemble_A_B_2026-02-06.csv"


def test_a_missing_prediction_names_other_anchors_and_labels(workspace, scores):
    store_prediction(workspace, "gru", anchor=date(2026, 1, 30), scores=scores)
    store_prediction(workspace, "mlp", anchor=ANCHOR, scores=scores)
    with pytest.raises(MissingArtifactError, match=r"'2026-01-30'.*'mlp'"):
        find_prediction(workspace, "gru", ANCHOR)


def test_names_are_parsed_from_the_right(workspace, scores):
    (workspace.predictions_dir).mkdir(parents=True)
    for name in ("notes.csv", "x_2026-13-01.csv", "b_2026-02-06.csv", "a_b_2026-02-06.csv"):
        (workspace.predictions_dir / name).touch()
    assert (PredictionName("a_b", ANCHOR), PredictionName("b", ANCHOR)) == list_predictions(
        workspace
    )
    assert parse_prediction_name("a_2026-02-06.csv.bak") is None


@pytest.mark.parametrize(
    "text",
    [
        "datetime,instrument,0\n2026-02-06,SH600000,1.5\n",  # fault 5
        "instrument,datetime,score\nSH600000,2026-02-06,1.5\n",
        "\ufeffdatetime,instrument,score\n2026-02-06 00:00:00,SH600000,1.5\n",
        "datetime,instrument,name,value\n2026-02-06,SH600000,abc,1.5\n",
        "datetime,instrument,rank,score\n2026-02-06,SH600000,1,1.5\n",
    ],
)
def test_what_others_wrote_is_read(tmp_path, text):
    path = tmp_path / "custom.csv"
    path.write_text(text, "utf-8")
    scores = read_prediction_csv(path)
    assert [1.5] == scores.tolist()
    assert [(pd.Timestamp("2026-02-06"), "SH600000")] == scores.index.tolist()


def test_codes_are_text_and_rows_are_sorted(tmp_path):
    path = tmp_path / "custom.csv"
    path.write_text("datetime,instrument,score\n2026-02-06,NA,1\n2026-02-05,000001,2\n", "utf-8")
    assert ["000001", "NA"] == read_prediction_csv(path).index.get_level_values(1).tolist()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a CSV"),
        ("a,b\n1,2\n", "no column 'datetime'"),
        ("datetime,score\n2026-02-06,2\n", "no column 'instrument'"),
        ("datetime,instrument,score\n", "no rows"),
        ("datetime,instrument,name\n2026-02-06,SH600000,x\n", "no column of scores"),
        ("datetime,instrument,score\n2026-02-06,SH600000,\n", r"custom\.csv:2"),
        ("datetime,instrument,score\n2026-02-06,A,1\n2026-02-06,B,inf\n", r"custom\.csv:3"),
        ("datetime,instrument,score\n2026-02-06,A,1\n2026-02-06,B,high\n", r":3(.|\n)*'high'"),
        ("datetime,instrument,score\n2026-02-06,A,True\n", r"custom\.csv:2"),
        ("datetime,instrument,score\nsoon,A,1\n2026-02-30,B,1\n", r"2 unusable rows(.|\n)*:2"),
        ("datetime,instrument,score\n2026-02-06 14:00:00,A,1\n", "an ISO date"),
        ("datetime,instrument,score\n2026-02-06,,1\n", "an instrument such as"),
        ("datetime,instrument,score\n2026-02-06\n", "an instrument such as"),
        ("score,instrument,datetime\n1,SH600000\n", "an ISO date"),
        ("datetime,instrument,score\n2026-02-06,A,1\n2026-02-06,A,2\n", "once a date"),
        ("datetime,instrument,score\n2026-02-06,A,1\n2026-02-06,A,2,3,4\n", "not a CSV"),
    ],
)
def test_a_wrong_file_is_refused_with_the_row(tmp_path, text, message):
    path = tmp_path / "custom.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(CorruptArtifactError, match=message):
        read_prediction_csv(path)


def test_a_file_that_does_not_exist(tmp_path):
    with pytest.raises(MissingArtifactError, match="no such prediction"):
        read_prediction_csv(tmp_path / "none.csv")


def test_three_years_of_an_index_are_written_and_read_quickly(workspace):
    days = pd.bdate_range("2023-01-02", periods=750)
    codes = [f"SH{600000 + number}" for number in range(300)]
    index = pd.MultiIndex.from_product([days, codes], names=["datetime", "instrument"])
    values = np.random.default_rng(0).standard_normal(len(index))
    scores = pd.Series(values, index=index, name="score")
    started = time.process_time()
    path = store_prediction(workspace, "gru", anchor=ANCHOR, scores=scores).path
    found = read_prediction_csv(path)
    assert time.process_time() - started < 3.0  # under 1.5 s on an idle machine
    assert values.tolist() == found.tolist()

from __future__ import annotations

import json
from datetime import date

import pytest

from quantpits.errors import CorruptArtifactError, NonFiniteError
from quantpits.records import merge_performance, publish_performance, read_performance
from quantpits.records.performance import performance_path

ANCHOR = date(2026, 2, 6)
ROW = {"IC_Mean": 0.0, "ICIR": None, "Rank_IC_Mean": 0.04, "Rank_ICIR": 0.3, "record_id": "abc"}


def test_nothing_written_reads_as_nothing(workspace):
    assert {} == read_performance(workspace, ANCHOR)


def test_merge_keeps_other_models_and_sorts_by_name(workspace):
    assert merge_performance(workspace, ANCHOR, {"mlp": ROW})
    assert merge_performance(workspace, ANCHOR, {"gru": ROW, "mlp": {**ROW, "record_id": "def"}})
    table = read_performance(workspace, ANCHOR)
    assert ["gru", "mlp"] == list(table)
    assert table["mlp"]["record_id"] == "def"


def test_publish_drops_models_that_are_gone(workspace):
    merge_performance(workspace, ANCHOR, {"gone": ROW})
    assert publish_performance(workspace, ANCHOR, {"gru": ROW})
    assert {"gru": ROW} == read_performance(workspace, ANCHOR)


def test_zero_stays_zero_and_undefined_is_null(workspace):  # fault 25
    merge_performance(workspace, ANCHOR, {"gru": ROW})
    content = json.loads(performance_path(workspace, ANCHOR).read_text("utf-8"))
    assert content["gru"]["IC_Mean"] == 0.0
    assert content["gru"]["ICIR"] is None


def test_nan_is_refused_and_nothing_written(workspace):  # fault 25
    with pytest.raises(NonFiniteError, match="IC_Mean of the model 'gru'"):
        merge_performance(workspace, ANCHOR, {"gru": {**ROW, "IC_Mean": float("nan")}})
    assert not performance_path(workspace, ANCHOR).exists()


def test_the_earlier_systems_bare_nan_reads_as_undefined(workspace):
    path = performance_path(workspace, ANCHOR)
    path.parent.mkdir(parents=True)
    path.write_text('{"gru": {"IC_Mean": NaN, "record_id": "abc"}}', "utf-8")
    assert {"gru": {"IC_Mean": None, "record_id": "abc"}} == read_performance(workspace, ANCHOR)


def test_the_same_again_writes_nothing_and_a_change_keeps_the_old_file(workspace):
    merge_performance(workspace, ANCHOR, {"gru": ROW})
    assert not merge_performance(workspace, ANCHOR, {"gru": ROW})
    assert not workspace.history_dir.exists() or not list(workspace.history_dir.iterdir())
    merge_performance(workspace, ANCHOR, {"gru": {**ROW, "record_id": "def"}})
    [copy] = workspace.history_dir.iterdir()
    assert copy.name.startswith("model_performance_2026-02-06_")


@pytest.mark.parametrize("text", ["{", "[]", '{"gru": 1}'])
def test_a_wrong_file_is_refused(workspace, text):
    path = performance_path(workspace, ANCHOR)
    path.parent.mkdir(parents=True)
    path.write_text(text, "utf-8")
    with pytest.raises(CorruptArtifactError, match=r"model_performance_2026-02-06\.json"):
        read_performance(workspace, ANCHOR)

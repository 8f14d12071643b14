"""Faults 5, 25 and 30 of the earlier system's list are shown absent here and beside."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from quantpits.errors import (
    CorruptArtifactError,
    MissingArtifactError,
    ModelError,
    NonFiniteError,
)
from quantpits.records import (
    ModelRecord,
    TrainRecords,
    merge_records,
    publish_full,
    read_train_records,
)

FEBRUARY = date(2026, 2, 6)
MARCH = date(2026, 3, 6)
OLD = '{"experiment_name": "E", "anchor_date": "2026-02-06", "timestamp": "t", "models": {}}'


def record(run_id: str, anchor: date = FEBRUARY, **facts) -> ModelRecord:
    return ModelRecord(
        experiment="Prod_Train_WEEK", run_id=run_id, anchor_date=anchor, trained_at=anchor, **facts
    )


def trained(
    *runs: str, anchor: date = FEBRUARY, clock: str = "2026-02-07 10:00:00"
) -> TrainRecords:
    models = {run.rsplit("-", 1)[0]: run for run in runs}
    return TrainRecords(
        experiment_name="Prod_Train_WEEK",
        anchor_date=anchor,
        timestamp=clock,
        models=models,
        model_records={model: record(run, anchor, ic=0.0) for model, run in models.items()},
    )


def history(workspace):
    return sorted(workspace.history_dir.glob("*")) if workspace.history_dir.is_dir() else []


def test_publish_then_read_returns_what_was_published(workspace):
    records = trained("gru-1", "linear-1")
    assert publish_full(workspace, records)
    assert records == read_train_records(workspace)


def test_file_keeps_the_documented_keys_and_indent(workspace):
    publish_full(workspace, trained("gru-1"))
    text = workspace.records_path.read_text("utf-8")
    content = json.loads(text)
    assert {
        "experiment_name",
        "anchor_date",
        "timestamp",
        "models",
        "model_records",
    } == content.keys()
    assert {"gru": "gru-1"} == content["models"]
    assert content["anchor_date"] == "2026-02-06"
    assert '\n    "models"' in text


def test_an_ic_of_exactly_zero_is_stored_as_zero_not_null(workspace):  # fault 25
    publish_full(workspace, trained("gru-1"))
    content = json.loads(workspace.records_path.read_text("utf-8"))
    assert content["model_records"]["gru"]["ic"] == 0.0
    assert content["model_records"]["gru"]["icir"] is None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_metric_that_is_not_finite_is_refused(value):
    with pytest.raises(NonFiniteError, match="rank_ic of run 'r'"):
        record("r", rank_ic=value)


def test_publishing_the_same_again_writes_nothing_even_at_another_time(workspace):
    publish_full(workspace, trained("gru-1"))
    before = workspace.records_path.stat()
    assert not publish_full(workspace, trained("gru-1", clock="2026-02-08 09:00:00"))
    assert before.st_mtime_ns == workspace.records_path.stat().st_mtime_ns
    assert [] == history(workspace)


def test_publishing_replaces_and_keeps_the_old_file_in_history(workspace):
    publish_full(workspace, trained("gru-1", "linear-1"))
    old = workspace.records_path.read_bytes()
    assert publish_full(workspace, trained("linear-2", clock="2026-02-14 10:00:00"))
    assert {"linear": "linear-2"} == read_train_records(workspace).models
    [copy] = history(workspace)
    assert copy.name.startswith("train_records_")
    assert old == copy.read_bytes()


def test_two_rewrites_in_one_second_keep_both_copies(workspace):
    for number in range(3):
        publish_full(workspace, trained(f"gru-{number}"))
    assert len(history(workspace)) == 2


def test_an_empty_map_never_overwrites(workspace):  # fault 30
    publish_full(workspace, trained("gru-1"))
    before = workspace.records_path.read_bytes()
    with pytest.raises(ModelError, match="No model succeeded"):
        publish_full(workspace, trained())
    with pytest.raises(ModelError, match="No model succeeded"):
        merge_records(workspace, trained())
    assert before == workspace.records_path.read_bytes()


def test_merge_replaces_and_appends_and_leaves_the_others_their_anchor(workspace):  # fault 30
    publish_full(workspace, trained("gru-1", "linear-1"))
    new = trained("linear-2", "mlp-1", anchor=MARCH, clock="2026-03-07 10:00:00")
    assert merge_records(workspace, new)
    merged = read_train_records(workspace)
    assert ["gru", "linear", "mlp"] == list(merged.models)
    assert merged.anchor_date == MARCH
    assert merged.last_incremental_update == "2026-03-07 10:00:00"
    assert [FEBRUARY, MARCH, MARCH] == [
        merged.model_records[model].anchor_date for model in merged.models
    ]


def test_merging_the_same_again_writes_nothing(workspace):
    publish_full(workspace, trained("gru-1"))
    assert merge_records(workspace, trained("mlp-1"))
    before = workspace.records_path.read_bytes()
    assert not merge_records(workspace, trained("mlp-1", clock="2027-01-01 00:00:00"))
    assert before == workspace.records_path.read_bytes()


def test_merge_into_nothing_makes_the_file(workspace):
    assert merge_records(workspace, trained("gru-1"))
    assert {"gru": "gru-1"} == read_train_records(workspace).models


def test_a_file_of_the_earlier_system_gets_records_from_its_top_level(workspace):
    workspace.records_path.write_text(
        json.dumps(
            {
                "experiment_name": "Prod_Train_WEEK",
                "anchor_date": "2026-02-06",
                "timestamp": "2026-02-07 10:15:00",
                "models": {"gru": "abc"},
                "last_incremental_update": "2026-02-07 11:00:00",
            }
        ),
        "utf-8",
    )
    records = read_train_records(workspace)
    expected = ModelRecord(experiment="Prod_Train_WEEK", run_id="abc", anchor_date=FEBRUARY)
    assert {"gru": expected} == records.model_records


def test_merge_into_a_file_of_the_earlier_system_keeps_its_anchor(workspace):
    workspace.records_path.write_text(OLD.replace("{}", '{"a": "1"}'), "utf-8")
    merge_records(workspace, trained("b-1", anchor=MARCH))
    assert read_train_records(workspace).model_records["a"].anchor_date == FEBRUARY


def test_another_records_file_can_be_named(workspace):
    publish_full(workspace, trained("gru-1"))
    workspace.records_path.rename(workspace.root / "old.json")
    assert {"gru": "gru-1"} == read_train_records(workspace, "old.json").models
    assert {"gru": "gru-1"} == read_train_records(workspace, workspace.root / "old.json").models


def test_no_file_says_train_first(workspace):
    with pytest.raises(MissingArtifactError, match=r"no trained model(.|\n)*train first") as caught:
        read_train_records(workspace)
    assert caught.value.exit_code == 3


def test_records_that_were_named_and_are_not_there_are_told_apart(workspace):
    publish_full(workspace, trained("gru-1"))
    with pytest.raises(MissingArtifactError, match=r"named hold no model(.|\n)*no such file"):
        read_train_records(workspace, "data/history/nowhere.json")


def test_an_empty_map_of_the_earlier_system_says_train_first(workspace):
    workspace.records_path.write_text(OLD, "utf-8")
    with pytest.raises(MissingArtifactError, match="no models"):
        read_train_records(workspace)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not json", "whole file"),
        ("[]", "whole file"),
        ('{"experiment_name": "E"}', "anchor_date"),
        (OLD.replace("2026-02-06", "soon"), "anchor_date"),
        (OLD.replace("{}", '{"a": 1}'), "models.a"),
        (OLD.replace("{}", '{}, "modles": {}'), "modles"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(workspace, text, message):
    workspace.records_path.write_text(text, "utf-8")
    with pytest.raises(CorruptArtifactError, match=message):
        read_train_records(workspace)


def test_records_that_contradict_the_map_are_refused(workspace):
    wrong_run = replace(trained("gru-1"), models={"gru": "gru-9"})
    with pytest.raises(CorruptArtifactError, match="two runs for the model 'gru'"):
        publish_full(workspace, wrong_run)
    stranger = replace(trained("gru-1", "mlp-1"), models={"gru": "gru-1"})
    with pytest.raises(CorruptArtifactError, match="'mlp', which their map does not name"):
        merge_records(workspace, stranger)


def test_full_training_replaces_an_unreadable_file_and_keeps_it(workspace):
    workspace.records_path.write_text("{", "utf-8")
    assert publish_full(workspace, trained("gru-1"))
    assert {"gru": "gru-1"} == read_train_records(workspace).models
    assert ["{"] == [copy.read_text("utf-8") for copy in history(workspace)]


def test_merging_into_an_unreadable_file_is_refused(workspace):
    workspace.records_path.write_text("{", "utf-8")
    with pytest.raises(CorruptArtifactError, match="not what their schema says"):
        merge_records(workspace, trained("gru-1"))

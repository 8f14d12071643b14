"""Prediction as a whole: nothing is fitted, what is published, what a re-run does."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
from datetime import date

import numpy as np
import pandas as pd
import pytest

from quantpits.errors import MissingArtifactError, ModelError
from quantpits.modeling.foreign import load_class
from quantpits.modeling.recorders import open_store
from quantpits.prediction import PredictRequest
from quantpits.prediction.step import run
from quantpits.records import (
    load_model_prediction,
    read_performance,
    read_prediction_csv,
    read_train_records,
)
from quantpits.training import TrainRequest
from quantpits.training.step import run as train_models
from quantpits.workspace import read_manifest

ALL = PredictRequest(all_enabled=True)


def fits(toys):
    module = sys.modules[load_class({"class": "Linear", "module_path": toys}, "a").__module__]
    return module.FITS


def test_new_data_are_predicted_without_any_fit(trained, advance, toys):
    # Fault 2: prediction needed a model.pkl that training never wrote, and exited with 0.
    before = read_train_records(trained)
    advance(trained)
    fits(toys).clear()
    report = run(trained, ALL)
    assert [] == fits(toys)
    assert ["done", "done"] == [each.status for each in report.models]
    assert (date(2022, 4, 15), True) == (report.anchor_date, report.changed)
    assert 1 == report.n_feature_computations
    records = read_train_records(trained)
    assert ("Prod_Predict_WEEK", date(2022, 4, 15)) == (
        records.experiment_name,
        records.anchor_date,
    )
    record, source = records.model_records["a"], before.model_records["a"]
    assert ("predict_only", source.run_id) == (record.mode, record.source_run_id)
    assert (source.model_path, source.model_sha256) == (record.model_path, record.model_sha256)
    assert date(2022, 3, 31) == record.trained_at
    csv = read_prediction_csv(trained.predictions_dir / "a_2022-04-15.csv")
    assert pd.Timestamp("2022-04-15") == csv.index[-1][0]
    assert load_model_prediction(trained, records, "a").equals(csv)
    assert record.run_id == read_performance(trained, date(2022, 4, 15))["a"]["record_id"]
    json.dumps(dataclasses.asdict(report), default=str, allow_nan=False)


def test_the_manifest_names_what_was_read(trained):
    source = read_train_records(trained).model_records["a"]
    (trained.config_dir / "workflow_config_b.yaml").unlink()  # a prediction needs no workflow
    run(trained, ALL)
    manifest = read_manifest(trained, "predict_2022-03-31")
    assert {"market", "config/workflow_config_a.yaml"} <= set(manifest.inputs)
    assert "config/workflow_config_b.yaml" not in manifest.inputs
    assert source.run_id != manifest.extra["models"]["a"]["run_id"]
    assert "output/predictions/a_2022-03-31.csv" in manifest.outputs


def test_a_run_says_where_its_model_comes_from(trained):
    source = read_train_records(trained).model_records["a"]
    report = run(trained, PredictRequest(models=("a",), experiment_name="Mine"))
    store = open_store(trained, "Mine")
    tags = store.client.get_run(report.models[0].run_id).data.tags
    expected = {
        "mode": "predict_only",
        "source_experiment": "Prod_Train_WEEK",
        "source_record_id": source.run_id,
        "model": "a",
        "anchor_date": "2022-03-31",
    }
    assert expected.items() <= tags.items()


def test_the_scores_are_those_of_the_training_where_both_have_some(trained):
    before = load_model_prediction(trained, read_train_records(trained), "a")
    run(trained, ALL)
    after = load_model_prediction(trained, read_train_records(trained), "a")
    assert before.index.equals(after.index)
    assert np.allclose(before, after, rtol=1e-5, atol=1e-8)


def test_predicting_twice_predicts_once_and_changes_no_byte(trained, files):
    first = run(trained, ALL)
    before = files(trained.root)
    second = run(trained, ALL)
    assert before == files(trained.root)
    assert not second.changed
    assert ["reused", "reused"] == [each.status for each in second.models]
    assert [each.run_id for each in first.models] == [each.run_id for each in second.models]


def test_training_again_does_not_undo_a_prediction(trained, files):
    run(trained, ALL)
    before = files(trained.root)
    report = train_models(trained, TrainRequest())
    assert not report.changed
    assert before == files(trained.root)
    assert not run(trained, ALL).changed


def test_retraining_does_replace_a_prediction(trained):
    run(trained, ALL)
    train_models(trained, TrainRequest(retrain=True))
    assert "train" == read_train_records(trained).model_records["a"].mode


def test_a_lost_prediction_is_made_again(trained):
    run(trained, ALL)
    record = read_train_records(trained).model_records["a"]
    (trained.root / record.prediction_path).unlink()
    assert ["done", "reused"] == [each.status for each in run(trained, ALL).models]


def test_predicting_again_and_again_keeps_the_trained_model(trained, advance):
    run(trained, ALL)
    source = read_train_records(trained).model_records["a"].source_run_id
    advance(trained)
    run(trained, ALL)
    assert source == read_train_records(trained).model_records["a"].source_run_id


def test_other_models_keep_their_records(trained, advance):
    before = read_train_records(trained).model_records["b"]
    advance(trained)
    run(trained, PredictRequest(models=("a",)))
    after = read_train_records(trained).model_records
    assert before == after["b"]
    assert (date(2022, 4, 15), date(2022, 3, 31)) == (
        after["a"].anchor_date,
        after["b"].anchor_date,
    )


def test_a_dry_run_writes_nothing(trained, files):
    before = files(trained.root)
    report = run(trained, PredictRequest(all_enabled=True, dry_run=True))
    assert before == files(trained.root)
    assert (False, True) == (report.changed, report.is_dry_run)
    assert ["planned", "planned"] == [each.status for each in report.models]


def test_one_failing_model_does_not_stop_the_others(trained, advance):
    record = read_train_records(trained).model_records["a"]
    (trained.root / record.model_path).write_bytes(b"damaged")
    advance(trained)
    report = run(trained, ALL)
    assert ["failed", "done"] == [each.status for each in report.models]
    assert [("PRD001", "error", "a")] == [
        (finding.code, finding.severity, finding.subject) for finding in report.findings
    ]
    after = read_train_records(trained).model_records
    assert (record, date(2022, 4, 15)) == (after["a"], after["b"].anchor_date)


def test_a_model_that_fails_while_predicting_is_reported(trained, advance, toys, monkeypatch):
    model = load_class({"class": "Linear", "module_path": toys}, "a")
    advance(trained)
    monkeypatch.setattr(model, "predict", lambda *_: 1 / 0)
    with pytest.raises(ModelError, match="All 2 models failed, so nothing was published") as error:
        run(trained, ALL)
    assert "ZeroDivisionError" in str(error.value)
    assert date(2022, 3, 31) == read_train_records(trained).anchor_date


def test_constant_scores_are_a_finding(train, workflow):
    workspace = train({"a": workflow("Constant")})
    assert ["PRD002"] == [finding.code for finding in run(workspace, ALL).findings]


def test_records_from_elsewhere_are_merged_into_the_workspaces_own(trained, files):
    elsewhere = trained.root / "old_records.json"
    shutil.move(trained.records_path, elsewhere)
    request = PredictRequest(models=("a",), source_records=elsewhere)
    run(trained, request)
    assert ["a"] == list(read_train_records(trained).models)
    before = files(trained.root)
    assert not run(trained, request).changed
    assert before == files(trained.root)


def test_time_series_models_get_the_sessions_they_look_back_on(train, workflow, advance):
    content = json.loads(workflow())
    content["task"]["dataset"]["class"] = "TSDatasetH"
    content["task"]["dataset"]["kwargs"]["step_len"] = 10
    content["task"]["model"]["class"] = "Sequence"
    workspace = train({"ts": json.dumps(content), "a": workflow()})
    before = load_model_prediction(workspace, read_train_records(workspace), "ts")
    report = run(workspace, ALL)
    assert 1 == report.n_feature_computations
    after = load_model_prediction(workspace, read_train_records(workspace), "ts")
    assert np.allclose(before, after, rtol=1e-5, atol=1e-8)


def test_nothing_trained_is_refused_and_nothing_written(make, workflow, files):
    workspace = make({"a": workflow()})
    before = files(workspace.root)
    with pytest.raises(MissingArtifactError, match="no trained model") as caught:
        run(workspace, ALL)
    assert 3 == caught.value.exit_code
    assert before == files(workspace.root)

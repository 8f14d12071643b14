"""Prediction as a whole: nothing is fitted, what is published, what a re-run does."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
from datetime import date

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
    assert (0, 1, 11) == (
        report.n_feature_computations,
        report.feature_use.n_extended,
        report.feature_use.n_sessions,
    )
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
    assert before.to_numpy().tobytes() == after.to_numpy().tobytes()


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
    assert (0, 1) == (report.n_feature_computations, report.feature_use.n_read)
    after = load_model_prediction(workspace, read_train_records(workspace), "ts")
    assert before.to_numpy().tobytes() == after.to_numpy().tobytes()


def test_nothing_trained_is_refused_and_nothing_written(make, workflow, files):
    workspace = make({"a": workflow()})
    before = files(workspace.root)
    with pytest.raises(MissingArtifactError, match="no trained model") as caught:
        run(workspace, ALL)
    assert 3 == caught.value.exit_code
    assert before == files(workspace.root)


def three_kinds(workflow):
    """Return models of a matrix product, of sequences and of a toy, which round differently."""
    infer = [
        {"class": "RobustZScoreNorm", "kwargs": {"fields_group": "feature", "clip_outlier": True}},
        {"class": "Fillna", "kwargs": {"fields_group": "feature"}},
    ]
    processors = {"infer_processors": infer, "learn_processors": [{"class": "DropnaLabel"}]}
    module = "qlib.contrib.model.linear"
    sequences = json.loads(workflow())
    sequences["task"]["dataset"]["class"] = "TSDatasetH"
    sequences["task"]["dataset"]["kwargs"]["step_len"] = 10
    sequences["task"]["model"]["class"] = "Sequence"
    linear = workflow("LinearModel", handler="Alpha158", module=module, processors=processors)
    return {"linear": linear, "ts": json.dumps(sequences), "toy": workflow()}


def scores_of(workspace):
    records = read_train_records(workspace)
    return {name: load_model_prediction(workspace, records, name) for name in records.models}


def assert_same_bytes(expected, found):
    for name, scores in expected.items():
        both = scores.index.intersection(found[name].index)
        assert len(both) > 100
        first, second = (each.loc[both].to_numpy().tobytes() for each in (scores, found[name]))
        assert first == second, name


def test_a_score_of_a_day_is_the_same_whenever_and_however_it_is_asked_for(
    train, workflow, copy_workspace, middle_and_later
):
    # One start of the computation for training and prediction, whatever is read from disk.
    workspace = train(three_kinds(workflow))
    trained_scores = scores_of(workspace)
    ways = {name: copy_workspace(workspace, name) for name in ("kept", "gone", "off", "steps")}
    for name in ("gone", "off"):
        shutil.rmtree(ways[name].features_dir)
    path = ways["off"].config_dir / "model_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"feature_cache": False}))
    found = {}
    for name, way in ways.items():
        for folder in middle_and_later if name == "steps" else middle_and_later[-1:]:
            config = way.config_dir / "market.yaml"
            config.write_text(f"provider: qlib\nprovider_uri: {folder}\n")
            report = run(way, ALL)
        assert ["done"] * 3 == [each.status for each in report.models]
        use = report.feature_use
        expected = {"kept": (0, 2), "steps": (0, 2)}.get(name, (2, 0))
        assert expected == (use.n_computed, use.n_extended)
        assert (name != "off") == way.features_dir.exists()
        found[name] = scores_of(way)
        assert_same_bytes(trained_scores, found[name])
    for name in ("gone", "off", "steps"):
        for model, scores in found["kept"].items():
            assert scores.equals(found[name][model])
            csv = f"{model}_2022-04-15.csv"
            contents = [(ways[each].predictions_dir / csv).read_bytes() for each in ("kept", name)]
            assert contents[0] == contents[1]


def test_features_that_cannot_be_kept_are_told(trained, advance):
    shutil.rmtree(trained.features_dir)
    trained.features_dir.write_text("no folder")
    advance(trained)
    report = run(trained, ALL)
    assert ["FTR001"] == [each.code for each in report.findings]
    assert "computed 1 times" in report.summary()[-1]
    assert "no folder" == trained.features_dir.read_text()

"""Predicting with a trained model: loading, dates, and that nothing is fitted."""

from __future__ import annotations

import json
import pickle
import sys
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from quantpits.errors import CorruptArtifactError, MissingArtifactError, ModelError
from quantpits.modeling.artifacts import pickled
from quantpits.modeling.features.store import FeatureStore
from quantpits.modeling.fit import fit_model
from quantpits.modeling.forecast import ForecastJob, load_trained, predict_model
from quantpits.modeling.outcome import RunFacts
from quantpits.modeling.recorders import open_store
from quantpits.modeling.watch import read_bins
from quantpits.training.plan import make_plan
from quantpits.training.request import TrainRequest
from quantpits.workspace import sha256_bytes

TEST = (date(2022, 1, 4), date(2022, 3, 31))


@pytest.fixture
def trained(make, workflow, toys):
    """A workspace with one trained model, and its record."""
    processors = {
        "infer_processors": [{"class": "Scale", "module_path": toys}],
        "learn_processors": [{"class": "DropnaLabel"}],
    }
    workspace = make({"a": workflow(processors=processors)})
    plan = make_plan(workspace, TrainRequest())
    plan.setting.open_market()
    runs = open_store(workspace, plan.experiment)
    return workspace, fit_model(workspace, plan.jobs["a"], runs=runs, features=FeatureStore())


def facts(record):
    return RunFacts(
        model="a",
        experiment="Prod_Predict_WEEK",
        anchor_date=TEST[1],
        trained_at=record.anchor_date,
        data_hash="d",
        fingerprint="f",
        seed=record.seed,
        market_label="SYNTHETIC",
        source=record,
    )


def predict(workspace, record, test=TEST):
    model = load_trained(workspace, "a", record)
    runs = open_store(workspace, "Prod_Predict_WEEK")
    job = ForecastJob(facts(record), "tiny", test[0], test)
    return predict_model(workspace, job, trained=model, runs=runs, features=FeatureStore()), runs


def scores(workspace, record):
    return pickle.loads((workspace.root / record.prediction_path).read_bytes())["score"]


def test_a_prediction_equals_that_of_the_training_and_fits_nothing(trained):
    workspace, record = trained
    module = sys.modules[type(load_trained(workspace, "a", record).model).__module__]
    module.FITS.clear()
    made, runs = predict(workspace, record)
    assert [] == module.FITS
    assert made.run_id != record.run_id
    assert (record.run_id, "predict_only") == (made.source_run_id, made.mode)
    found = scores(workspace, made)
    expected = scores(workspace, record).reindex(found.index)
    pd.testing.assert_series_equal(expected, found, rtol=1e-5)
    tags = runs.client.get_run(made.run_id).data.tags
    assert record.run_id == tags["source_record_id"]
    assert made.ic == pytest.approx(record.ic, abs=0.05)


def test_fit_is_never_called(trained, monkeypatch):
    workspace, record = trained
    model = load_trained(workspace, "a", record)

    def refuse(*_args, **_kwargs):
        raise AssertionError("fit was called")

    monkeypatch.setattr(type(model.model), "fit", refuse)
    monkeypatch.setattr(type(model.dataset.handler.infer_processors[0]), "fit", refuse)
    predict(workspace, record)


def test_dates_the_model_was_trained_on_are_not_predicted(trained):
    workspace, record = trained
    own = load_trained(workspace, "a", record).first_unseen
    made, _ = predict(workspace, record, (date(2021, 6, 1), TEST[1]))
    assert own == scores(workspace, made).index[0][0].date()
    task = json.loads((workspace.root / made.prediction_path).with_name("task.json").read_text())
    assert [own.isoformat(), "2022-03-31"] == task["test"]


def test_an_anchor_within_the_training_is_refused(trained):
    workspace, record = trained
    with pytest.raises(ModelError, match="'a' was trained on the dates to predict"):
        predict(workspace, record, (date(2021, 6, 1), date(2021, 6, 30)))


def test_a_record_of_the_earlier_system_has_no_model(trained):
    workspace, record = trained
    old = replace(record, model_path=None, model_sha256=None)
    with pytest.raises(MissingArtifactError, match="record of the model 'a' has no model file"):
        load_trained(workspace, "a", old)


@pytest.mark.parametrize("name", ["model.pkl", "dataset.pkl"])
def test_a_file_that_is_not_the_recorded_one_is_never_opened(trained, name):
    workspace, record = trained
    (workspace.root / record.model_path).with_name(name).write_bytes(pickled(Bomb()))
    with pytest.raises(CorruptArtifactError, match="is not the one that was recorded"):
        load_trained(workspace, "a", record)


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("the pickle was opened",))


def test_a_missing_file_says_how_to_get_it_back(trained):
    workspace, record = trained
    (workspace.root / record.model_path).with_name("dataset.pkl").unlink()
    with pytest.raises(MissingArtifactError, match="train --models a --retrain"):
        load_trained(workspace, "a", record)


def test_a_run_that_recorded_no_dataset_is_refused(trained, monkeypatch):
    workspace, record = trained
    monkeypatch.setattr("quantpits.modeling.forecast.read_run_tags", lambda *_: {})
    with pytest.raises(CorruptArtifactError, match="did not record its dataset"):
        load_trained(workspace, "a", record)


@pytest.mark.parametrize("text", ["{", "{}", '{"model": 1}'])
def test_an_unreadable_description_is_refused(trained, text):
    workspace, record = trained
    (workspace.root / record.model_path).with_name("task.json").write_text(text)
    with pytest.raises(CorruptArtifactError, match="description of the trained model 'a'"):
        load_trained(workspace, "a", record)


def test_a_library_that_is_gone_is_named(trained):
    workspace, record = trained
    path = (workspace.root / record.model_path).with_name("task.json")
    task = json.loads(path.read_text())
    task["model"] = {"class": "GRU", "module_path": "no_such_library"}
    path.write_text(json.dumps(task))
    with pytest.raises(ModelError, match=r"install the library .* \(no_such_library\)"):
        load_trained(workspace, "a", record)


def test_a_pickle_that_does_not_load_is_a_model_error(trained):
    workspace, record = trained
    content = b"not a pickle"
    path = workspace.root / record.model_path
    path.write_bytes(content)
    with pytest.raises(ModelError, match="'a' failed while being loaded"):
        load_trained(workspace, "a", replace(record, model_sha256=sha256_bytes(content)))


def test_drift_is_told_from_the_bins_of_the_training(trained):
    workspace, record = trained
    bins = load_trained(workspace, "a", record).bins
    made, _ = predict(workspace, record)
    # The same scores as in training, so the same drift.
    assert made.psi == pytest.approx(record.psi, abs=1e-3)
    assert bins.usual == made.psi_usual
    assert bins == read_bins(workspace, made.prediction_path)


def test_a_training_from_before_bins_were_kept_predicts_without_drift(trained):
    workspace, record = trained
    (workspace.root / record.model_path).with_name("score_bins.json").unlink()
    made, _ = predict(workspace, record)
    assert (None, None) == (made.psi, made.psi_usual)
    assert made.rank_ic_band is not None

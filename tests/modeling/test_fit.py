"""Training one model."""

from __future__ import annotations

import json
import pickle
from datetime import date

import numpy as np
import pytest

from quantpits.errors import ModelError
from quantpits.modeling.features.store import FeatureStore
from quantpits.modeling.fit import check_class, fit_model
from quantpits.modeling.recorders import open_store
from quantpits.modeling.watch import read_bins, read_curves
from quantpits.training.plan import make_plan
from quantpits.training.request import TrainRequest
from quantpits.workspace import Workspace, sha256_file


@pytest.fixture
def fit(make):
    """Train the first model of a registry and give its record, workspace and run."""

    def train(text, **changes):
        workspace = make({"a": text}, **changes)
        plan = make_plan(workspace, TrainRequest())
        plan.setting.open_market()
        runs = open_store(workspace, plan.experiment)
        record = fit_model(workspace, plan.jobs["a"], runs=runs, features=FeatureStore())
        return record, workspace, runs.client.get_run(record.run_id)

    return train


def scores(workspace, record):
    return pickle.loads((workspace.root / record.prediction_path).read_bytes())["score"]


def test_a_training_is_recorded_completely(fit, workflow):
    record, workspace, run = fit(workflow())
    folder = (workspace.root / record.model_path).parent
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    # Fault 2: training never saved the model that prediction needs.
    assert [
        "dataset.pkl",
        "label.pkl",
        "model.pkl",
        "monitoring.json",
        "pred.pkl",
        "score_bins.json",
        "sig_analysis/ic.pkl",
        "sig_analysis/ric.pkl",
        "task.json",
        "train.log",
    ] == names
    assert "FINISHED" == run.info.status
    metrics = ("IC", "ICIR", "Rank IC", "Rank ICIR")
    bands = {f"{name.lower()} {end}" for name in metrics for end in ("low", "high")}
    assert {*metrics, *bands, "PSI", "train_loss"} == set(run.data.metrics)
    assert run.data.metrics["Rank ICIR"] == record.rank_icir
    assert ("7", "7") == (run.data.params["seed"], run.data.params["model.seed"])
    assert "2022-03-31" in run.data.params["window.test"]
    assert ("a", "2022-03-31") == (run.data.tags["model"], run.data.tags["anchor_date"])
    assert (date(2022, 3, 31), "train") == (record.anchor_date, record.mode)
    index = scores(workspace, record).index
    assert date(2022, 3, 31) == index.get_level_values("datetime").max().date()
    task = json.loads((folder / "task.json").read_text())
    assert 6 == task["windows"]["horizon_sessions"]
    assert ["Ref($close, -6) / Ref($close, -1) - 1"] == task["labels"]


def test_the_same_seed_gives_the_same_scores_and_another_one_others(fit, workflow):
    made = [fit(workflow(noise=1.0), name=f"W{n}", seed=seed) for n, seed in enumerate((3, 3, 4))]
    first, second, third = (scores(workspace, record) for record, workspace, _ in made)
    assert np.array_equal(first, second)
    assert not np.array_equal(first, third)
    assert made[0][0].prediction_sha256 == made[1][0].prediction_sha256


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("Exploding", "'a' failed while training"),
        ("NotANumber", "'a' predicted 1 values that are not numbers"),
        ("LostLoss", "The loss of the model 'a' is not a number"),
        ("Forgetful", "'a' predicts something else after it was loaded from its pickle"),
        ("Amnesiac", "'a' failed while predicting after it was loaded from its pickle"),
        ("Late", "'a' did not predict the last session"),
        ("NotPicklable", "'a' failed while being pickled"),
        ("NoSuchModel", "'a' failed while loading its class"),
    ],
)
def test_a_failing_model_is_an_error_that_names_it(fit, workflow, model, message):
    with pytest.raises(ModelError, match=message):
        fit(workflow(model))


def test_the_cause_is_told(fit, workflow):
    with pytest.raises(ModelError, match="RuntimeError: the weights are gone"):
        fit(workflow("Exploding"))


def test_a_failed_run_is_marked_as_failed(fit, workflow, tmp_path):
    with pytest.raises(ModelError, match="failed while training"):
        fit(workflow("Exploding"))
    store = open_store(Workspace(tmp_path / "Tiny"), "Prod_Train_WEEK")
    runs = store.client.search_runs([store.experiment_id])
    assert ["FAILED"] == [run.info.status for run in runs]


def test_constant_scores_have_no_ic_and_are_no_failure(fit, workflow):
    record, _, run = fit(workflow("Constant"))
    assert (None, None) == (record.ic, record.rank_icir)
    assert "IC" not in run.data.metrics


def test_fitted_state_of_processors_survives_whatever_its_name(fit, workflow, toys):
    processors = {
        "infer_processors": [{"class": "Scale", "module_path": toys}],
        "learn_processors": [{"class": "DropnaLabel"}],
    }
    record, workspace, _ = fit(workflow(processors=processors))
    dataset = pickle.loads(
        (workspace.root / record.model_path).with_name("dataset.pkl").read_bytes()
    )
    assert dataset.handler.infer_processors[0]._scale > 0


def test_a_model_that_is_no_qlib_model_is_trained_too(fit, workflow):
    record, _, _ = fit(workflow("Bare"))
    assert record.ic is not None


def test_a_missing_class_is_known_before_training(make, workflow):
    workspace = make({"a": workflow("NoSuchModel")})
    with pytest.raises(ModelError, match="failed while loading its class"):
        check_class(make_plan(workspace, TrainRequest()).jobs["a"])


def test_how_a_model_learned_is_kept_and_recorded_by_its_hash(fit, workflow):
    record, workspace, run = fit(workflow("Learner"))
    curves = read_curves(workspace, record.model_path)
    assert ["train", "valid"] == [curve.name for curve in curves.curves]
    assert 1 == curves.best_step()
    path = (workspace.root / record.model_path).with_name("training_curve.json")
    assert sha256_file(path) == run.data.tags["sha256/training_curve.json"]


def test_the_same_training_keeps_the_same_curves_and_bins(fit, workflow):
    made = [fit(workflow("Learner"), name=f"W{n}") for n in range(2)]
    for file in ("training_curve.json", "score_bins.json", "monitoring.json"):
        first, second = (
            (workspace.root / record.model_path).with_name(file).read_bytes()
            for record, workspace, _ in made
        )
        assert first == second, file


def test_a_linear_model_has_no_curve_and_its_scores_are_in_bins(fit, workflow):
    record, workspace, _ = fit(workflow())
    assert read_curves(workspace, record.model_path) is None
    bins = read_bins(workspace, record.model_path)
    assert "train" == bins.reference
    task = json.loads((workspace.root / record.model_path).with_name("task.json").read_text())
    windows = task["windows"]
    assert windows["train"][0] <= bins.first.isoformat() < bins.last.isoformat()
    assert bins.last.isoformat() <= windows["train"][1]
    assert record.psi is not None
    assert record.psi_usual == bins.usual


def test_a_model_that_cannot_score_what_it_learned_from_is_compared_with_its_first_days(
    fit, workflow
):
    record, workspace, run = fit(workflow("OnlyLater"))
    bins = read_bins(workspace, record.model_path)
    days = scores(workspace, record).index.get_level_values("datetime").unique()
    assert ("test", days[0].date(), days[19].date()) == (bins.reference, bins.first, bins.last)
    assert bins.usual is None
    assert "FINISHED" == run.info.status

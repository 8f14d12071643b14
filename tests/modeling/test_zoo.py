"""Every model of the zoo trains, is saved, and predicts the same bytes in another process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import quantpits
from quantpits.config import parse_yaml_text
from quantpits.records import read_train_records
from quantpits.training import TrainRequest
from quantpits.training.step import run
from quantpits.workspace import demo_template

pytest.importorskip("torch", reason="the extra 'nn' is not installed")

# Less of everything than the demo has: the tests ask whether it runs, not how well it predicts.
SMALL = {
    "mlp_Alpha158": {"max_steps": 4, "eval_steps": 2, "batch_size": 64},
    "gru_Alpha158": {"n_epochs": 1, "batch_size": 64, "hidden_size": 4},
    "alstm_Alpha158": {"n_epochs": 1, "batch_size": 64, "hidden_size": 4},
    "lstm_Alpha158": {"n_epochs": 1, "batch_size": 64, "hidden_size": 4},
    "gats_Alpha158": {"n_epochs": 1, "hidden_size": 4},
    "tcn_Alpha158": {"n_epochs": 1, "batch_size": 64, "num_layers": 1, "n_chans": 2},
    "transformer_Alpha158": {"n_epochs": 1, "batch_size": 256, "d_model": 4, "num_layers": 1},
    "transformer_Alpha360": {"n_epochs": 1, "batch_size": 256, "d_model": 4, "num_layers": 1},
    "localformer_Alpha158": {"n_epochs": 1, "batch_size": 256, "d_model": 4, "num_layers": 1},
    "TabNet_Alpha158": {"n_epochs": 1, "batch_size": 128, "vbs": 64, "n_d": 4, "n_a": 4},
    "sfm_Alpha360": {"n_epochs": 1, "batch_size": 128, "hidden_size": 2, "freq_dim": 2},
    "tra_Alpha158": {"n_epochs": 1, "max_steps_per_epoch": 2},
    "hist_Alpha360": {"n_epochs": 1, "hidden_size": 4, "num_layers": 1},
    "xgboost_Alpha158": {"max_depth": 2},
    "lightgbm_Alpha158": {"num_boost_round": 3},
    "lightgbm_small_Alpha158": {"num_boost_round": 3},
    "catboost_Alpha158": {"iterations": 3},
    "double_ensemble_Alpha158": {"epochs": 2, "num_models": 2, "sub_weights": [1, 1]},
    "linear_Alpha158": {},
}
# Minutes with any size: they run with the long proofs.
HEAVY = {
    "TabNet_Alpha158",
    "double_ensemble_Alpha158",
    "localformer_Alpha158",
    "sfm_Alpha360",
    "transformer_Alpha158",
    "transformer_Alpha360",
}
# TRA routes by the errors of the last 60 sessions whose labels are known, 6 sessions later; a
# prediction by itself begins without any.
REMEMBERING = {"tra_Alpha158": 66}
LIGHT = sorted(SMALL.keys() - HEAVY - REMEMBERING.keys())
TRAINED_FROM = {"gats_Alpha158": "lstm_Alpha158"}
CONFIG = demo_template() / "config"


def smaller(name):
    """Return a workflow of the demo with less of everything, as text."""
    path = CONFIG / f"workflow_config_{name}.yaml"
    content = parse_yaml_text(path.read_text(encoding="utf-8"), path.name)
    content["task"]["model"]["kwargs"] |= SMALL[name]
    return json.dumps(content)


def predict_in_another_process(workspace):
    package = str(Path(quantpits.__file__).parents[1])
    flags = ["--all-enabled", "--quiet", "--workspace", str(workspace.root)]
    return subprocess.run(
        [sys.executable, "-m", "quantpits.scripts.prod_predict_only", *flags],
        env={**os.environ, "PYTHONPATH": package},
        capture_output=True,
        text=True,
        check=False,
    )


def models_of(names):
    entries = {name: {"pretrain_source": base} for name, base in TRAINED_FROM.items()}
    return {name: (smaller(name), entries.get(name, {})) for name in names}


def predictions_of(workspace):
    return {path.name: path.read_bytes() for path in workspace.predictions_dir.glob("*.csv")}


def train_and_predict_again(make, names, test_years=0.2):
    """Return the report of the training, its predictions, and those of another process."""
    spans = {"train_set_windows": 0.4, "valid_set_window": 0.3, "test_set_window": test_years}
    workspace = make(models_of(names), **spans)
    report = run(workspace, TrainRequest())
    assert dict.fromkeys(names, "done") == {each.model: each.status for each in report.models}
    trained = predictions_of(workspace)
    finished = predict_in_another_process(workspace)
    assert 0 == finished.returncode, finished.stderr
    records = read_train_records(workspace).model_records
    assert {"predict_only"} == {record.mode for record in records.values()}
    return report, trained, predictions_of(workspace)


def test_the_scheduler_is_one_that_torch_accepts():
    from quantpits.modeling.zoo import DNN  # noqa: PLC0415

    model = DNN(pt_model_kwargs={"input_dim": 3, "layers": [2]}, GPU=-1)
    assert ("ReduceLROnPlateau", 10) == (type(model.scheduler).__name__, model.scheduler.patience)
    assert DNN(pt_model_kwargs={"input_dim": 3}, GPU=-1, scheduler=None).scheduler is None


def test_every_workflow_of_the_demo_is_in_the_zoo_and_in_the_registry():
    files = {path.stem.removeprefix("workflow_config_") for path in CONFIG.glob("workflow_*.yaml")}
    registry = parse_yaml_text((CONFIG / "model_registry.yaml").read_text(), "registry")["models"]
    registered = {
        entry["yaml_file"].rpartition("workflow_config_")[2] for entry in registry.values()
    }
    assert files == set(SMALL) == {name.removesuffix(".yaml") for name in registered}


@pytest.mark.e2e
def test_light_models_predict_the_same_in_another_process(make):
    report, trained, again = train_and_predict_again(make, LIGHT)
    assert trained == again
    assert 2 == report.n_feature_computations  # one for each handler, whatever the processors


@pytest.mark.slow
@pytest.mark.skipif("QUANTPITS_SLOW" not in os.environ, reason="a long proof: make slow")
def test_heavy_models_predict_the_same_in_another_process(make):
    _, trained, again = train_and_predict_again(make, sorted(HEAVY))
    assert trained == again


@pytest.mark.slow
@pytest.mark.skipif("QUANTPITS_SLOW" not in os.environ, reason="a long proof: make slow")
@pytest.mark.parametrize("name", sorted(REMEMBERING))
def test_a_model_that_remembers_predicts_the_same_once_its_memory_is_full(make, name):
    _, trained, again = train_and_predict_again(make, [name], test_years=0.5)
    ((_, before),), ((_, after),) = trained.items(), again.items()
    rows = [content.decode().splitlines()[1:] for content in (before, after)]
    days = sorted({row.partition(",")[0] for row in rows[0]})
    assert len(days) > REMEMBERING[name]
    full = days[REMEMBERING[name]]
    assert [row for row in rows[0] if row >= full] == [row for row in rows[1] if row >= full]
    assert rows[0] != rows[1]

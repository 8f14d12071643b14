"""The corrected models, and the demo's networks end to end."""

from __future__ import annotations

import json

import pytest

from quantpits.modeling.features import FeatureStore
from quantpits.modeling.fit import fit_model
from quantpits.modeling.recorders import open_store
from quantpits.training.plan import make_plan
from quantpits.training.request import TrainRequest
from quantpits.workspace import demo_template

pytest.importorskip("torch", reason="the extra 'nn' is not installed")

# Less of everything than the demo has: the tests ask whether it runs, not how well it predicts.
SMALL = {
    "mlp_Alpha158": {"max_steps": 4, "eval_steps": 2, "batch_size": 64},
    "gru_Alpha158": {"n_epochs": 1, "batch_size": 64, "hidden_size": 4},
    "alstm_Alpha158": {"n_epochs": 1, "batch_size": 64, "hidden_size": 4},
}


def test_the_scheduler_is_one_that_torch_accepts():
    from quantpits.modeling.zoo import DNN  # noqa: PLC0415

    model = DNN(pt_model_kwargs={"input_dim": 3, "layers": [2]}, GPU=-1)
    assert ("ReduceLROnPlateau", 10) == (type(model.scheduler).__name__, model.scheduler.patience)
    assert DNN(pt_model_kwargs={"input_dim": 3}, GPU=-1, scheduler=None).scheduler is None


@pytest.mark.e2e
@pytest.mark.parametrize("name", sorted(SMALL))
def test_the_networks_of_the_demo_train(make, name):
    from quantpits.config import parse_yaml_text  # noqa: PLC0415

    path = demo_template() / "config" / f"workflow_config_{name}.yaml"
    content = parse_yaml_text(path.read_text(encoding="utf-8"), path.name)
    content["task"]["model"]["kwargs"] |= SMALL[name]
    spans = {"train_set_windows": 0.4, "valid_set_window": 0.3, "test_set_window": 0.2}
    workspace = make({"a": json.dumps(content)}, **spans)
    plan = make_plan(workspace, TrainRequest())
    plan.setting.open_market()
    runs = open_store(workspace, plan.experiment)
    record = fit_model(workspace, plan.jobs["a"], runs=runs, features=FeatureStore())
    assert record.ic is not None

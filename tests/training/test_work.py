"""Training what is missing, apart from the step."""

from __future__ import annotations

from quantpits.training import TrainRequest
from quantpits.training.plan import make_plan
from quantpits.training.run_state import read_run_state
from quantpits.training.work import Trained, failures_to_load, train_missing
from quantpits.workspace import SILENT


def test_a_model_that_cannot_be_loaded_is_not_tried(make, workflow):
    workspace = make({"a": workflow(), "nn": workflow("GRU", module="no_such_torch")})
    plan = make_plan(workspace, TrainRequest(seeds=2))
    trained = Trained(plan.seed_runs, failures=failures_to_load(plan))
    train_missing(workspace, plan, trained=trained, progress=SILENT)
    assert (["a"], ["nn"], ["a"]) == (
        list(trained.records),
        list(trained.failures),
        list(trained.seeds),
    )
    assert trained.seconds.keys() == trained.peak_mib.keys() == {"a", "nn"}
    state = read_run_state(workspace)
    assert (("a",), ("nn",), 2) == (state.completed, state.pending, state.seeds)

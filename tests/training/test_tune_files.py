"""The new workflow and registry entry of a tuning."""

from __future__ import annotations

from quantpits.training.trial_plan import make_trial_plan
from quantpits.training.tune_files import proposed_files
from quantpits.training.tune_request import TuneReport


def test_a_name_that_nothing_has_and_the_same_again_for_the_same(make, workflow):
    workspace = make({"a": workflow(noise=1.0), "a_tuned": workflow()})
    (workspace.config_dir / "workflow_config_a_tuned_2.yaml").write_text("someone's own")
    plan = make_trial_plan(workspace, "a", kind="Tune")
    report = TuneReport(
        workspace="W",
        model="a",
        outputs=(),
        findings=(),
        changed=True,
        market_label="M",
        objective="o",
        n_trials=1,
        best=0.5,
        best_arguments={"noise": 0.25},
    )
    proposal = proposed_files(workspace, plan, report=report)
    assert "a_tuned_3" == proposal.name
    for path, text in proposal.texts.items():
        path.write_text(text)
    assert not workspace.registry().models["a_tuned_3"].enabled
    plan = make_trial_plan(workspace, "a", kind="Tune")
    assert proposal == proposed_files(workspace, plan, report=report)

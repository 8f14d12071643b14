"""From a model of the registry to a job."""

from __future__ import annotations

from quantpits.modeling.setting import load_setting, read_workflows
from quantpits.training.jobs import job_maker


def test_a_job_is_known_by_everything_that_decides_its_result(make, workflow):
    workspace = make({"a": workflow(), "b": (workflow(), {"label": "Ref($close, -2)/$close - 1"})})
    setting = load_setting(workspace)
    maker = job_maker(workspace, setting, experiment="E")
    workflows = read_workflows(workspace, setting.registry, ("a", "b"))
    assert [6, 2] == [maker.horizon(name, text) for name, text in workflows.items()]
    windows = maker.windows("a", workflows["a"])
    task = maker.task("a", workflows["a"], windows=windows)
    job = maker.job("a", task, windows=windows, seed=7)
    assert ("a", "E", 7, setting.anchor) == (
        job.facts.model,
        job.facts.experiment,
        job.seed,
        job.facts.anchor_date,
    )
    assert job == maker.job("a", task, windows=windows, seed=7)
    others = [
        maker.job("a", task, windows=windows, seed=8),
        maker.job("c", task, windows=windows, seed=7),
    ]
    assert 3 == len({each.facts.fingerprint for each in (job, *others)})

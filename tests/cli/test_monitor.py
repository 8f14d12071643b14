from __future__ import annotations

from quantpits.training.monitor_request import MonitorRequest


def test_flags_make_the_request(ask):
    asked = ask("monitor --models gru,mlp")
    assert MonitorRequest(models=("gru", "mlp")) == asked.request
    assert asked.target == "quantpits.training.monitor_step:run"
    assert asked.plan.is_writing
    assert MonitorRequest(dry_run=True) == ask("monitor --dry-run").request
    assert not asked.plan.is_writing

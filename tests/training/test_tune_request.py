"""What a tuning reports."""

from __future__ import annotations

from dataclasses import replace

from quantpits.training.tune_request import TuneReport

REPORT = TuneReport(
    workspace="W",
    model="gru",
    outputs=(),
    findings=(),
    changed=True,
    market_label="M",
    objective="rank IC",
    n_trials=9,
    n_new=4,
    n_pruned=2,
    n_failed=1,
    start=0.01,
    best=0.02,
    best_arguments={"lr": 0.001},
    tuned_model="gru_tuned",
)


def test_lines_for_a_person():
    text = "\n".join(REPORT.summary())
    assert "9 trials, 4 of them now; 2 given up early, 1 failed" in text
    assert "Rank IC 0.0200; of the workflow as it is 0.0100." in text
    assert "  lr: 0.001" in text
    assert "--models gru,gru_tuned --seeds 3" in text
    none = replace(REPORT, tuned_model=None, start=None)
    assert "there is no new one" in none.summary()[-1]
    assert "not known" in "\n".join(none.summary())
    assert "9 trials are finished" in replace(REPORT, is_dry_run=True).summary()[-1]

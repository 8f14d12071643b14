"""What a walk-forward reports."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from quantpits.modeling.results import ModelResult
from quantpits.training.walk_request import WalkedModel, WalkReport, WalkRequest

REPORT = WalkReport(
    workspace="W",
    outputs=(),
    findings=(),
    changed=True,
    experiment_name="E",
    anchor_date=date(2026, 2, 6),
    market_label="M",
    models=(
        WalkedModel(
            result=ModelResult(model="a_wf", status="planned"),
            n_folds=3,
            n_reused=1,
            first=date(2025, 2, 6),
            last=date(2026, 2, 6),
        ),
    ),
    n_feature_computations=1,
    seconds=2.0,
)


def test_lines_for_a_person():
    text = "\n".join(REPORT.summary())
    assert "3 folds, 1 of them finished before; out of sample 2025-02-06 to 2026-02-06" in text
    assert "Published in 2.0 s; features were computed 1 times." in text
    assert "Nothing to do" in replace(REPORT, changed=False).summary()[-1]
    assert "Dry run" in replace(REPORT, is_dry_run=True).summary()[-1]
    assert "60" == WalkRequest().step

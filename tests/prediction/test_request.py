"""What prediction is asked for, and what it says."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest

from quantpits.modeling import ModelResult
from quantpits.prediction import PredictReport, PredictRequest

REPORT = PredictReport(
    workspace="Demo",
    outputs=(),
    findings=(),
    changed=True,
    experiment_name="Prod_Predict_WEEK",
    anchor_date=date(2026, 2, 6),
    market_label="SYNTHETIC",
    test=["2023-01-03", "2026-02-06"],
    models=(ModelResult(model="gru", status="planned"),),
    n_feature_computations=1,
    seconds=3.21,
)


def test_a_request_asks_for_nothing_by_itself():
    assert (None, False, ()) == (
        PredictRequest().models,
        PredictRequest().all_enabled,
        PredictRequest().skip,
    )


@pytest.mark.parametrize(
    ("changes", "last"),
    [
        ({}, "Published in 3.2 s; features were computed 1 times."),
        ({"changed": False}, "Nothing to do: these predictions are current already."),
        ({"is_dry_run": True}, "Dry run: nothing was predicted or written."),
    ],
)
def test_a_summary_for_a_person(changes, last):
    expected = [
        "Prediction in Demo on SYNTHETIC, anchor 2026-02-06.",
        "Dates: 2023-01-03 to 2026-02-06. No model is trained.",
        "gru: planned",
        last,
    ]
    assert expected == dataclasses.replace(REPORT, **changes).summary()

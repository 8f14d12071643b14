"""What training is asked for, and what it says."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

import quantpits
from quantpits.modeling import ModelResult
from quantpits.training import TrainReport, TrainRequest

REPORT = TrainReport(
    workspace="Demo",
    outputs=(),
    findings=(),
    changed=True,
    experiment_name="Prod_Train_WEEK",
    anchor_date=date(2026, 2, 6),
    market_label="SYNTHETIC",
    windows={"train": ["2020-01-02", "2022-01-03"], "test": ["2023-01-03", "2026-02-06"]},
    models=(ModelResult(model="gru", status="planned"),),
    n_feature_computations=2,
    seconds=12.34,
)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"partial": True, "retrain": True, "dry_run": True}, True),
        ({"models": ("a",)}, False),
        ({"skip": ("a",)}, False),
        ({"all_enabled": True}, False),
        ({"tag": "nn"}, False),
    ],
)
def test_only_a_request_without_a_selection_is_full(changes, expected):
    assert expected is TrainRequest(**changes).is_full


@pytest.mark.parametrize(
    ("changes", "last"),
    [
        ({}, "Published in 12.3 s; features were computed 2 times."),
        ({"changed": False}, "Nothing to do: every model was trained on exactly this already."),
        ({"is_dry_run": True}, "Dry run: nothing was trained or written."),
    ],
)
def test_a_summary_for_a_person(changes, last):
    expected = [
        "Training in Demo on SYNTHETIC, anchor 2026-02-06.",
        "Windows: train 2020-01-02 to 2022-01-03, test 2023-01-03 to 2026-02-06.",
        "gru: planned",
        last,
    ]
    assert expected == dataclasses.replace(REPORT, **changes).summary()


@pytest.mark.parametrize("room", ["training", "prediction"])
def test_a_request_is_made_without_heavy_imports(room):
    code = (
        f"import sys, quantpits.{room}\n"
        "heavy = {'numpy', 'pandas', 'qlib', 'mlflow', 'torch'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    package = str(Path(quantpits.__file__).parents[1])
    done = subprocess.run([sys.executable, "-c", code], cwd=package, check=False)
    assert 0 == done.returncode

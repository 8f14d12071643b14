from __future__ import annotations

from pathlib import Path

import pytest

from quantpits.cli.predict import PredictFlags
from quantpits.prediction.request import PredictRequest


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        ("--all-enabled", PredictRequest(all_enabled=True)),
        ("--models a b,c", PredictRequest(models=("a", "b", "c"))),
        ("--models=a,b --models c", PredictRequest(models=("a", "b", "c"))),
        ("--all-enabled --skip a,b", PredictRequest(all_enabled=True, skip=("a", "b"))),
        (
            "--algorithm gru --dataset Alpha158 --market csi300 --tag ts",
            PredictRequest(algorithm="gru", dataset="Alpha158", market="csi300", tag="ts"),
        ),
        (
            "--tag ts --source-records old.json --experiment-name E --dry-run",
            PredictRequest(
                tag="ts", source_records=Path("old.json"), experiment_name="E", dry_run=True
            ),
        ),
    ],
)
def test_flags_make_the_request(ask, line, request_):
    asked = ask(f"predict {line}")
    assert asked.exit_code == 0
    assert request_ == asked.request
    assert asked.target == "quantpits.prediction.step:run"
    assert asked.plan.is_writing is not request_.dry_run


@pytest.mark.parametrize("line", ["", "--skip a", "--dry-run"])
def test_no_selection_is_wrong_usage(ask, line, capsys):
    asked = ask(f"predict {line}")
    assert asked.exit_code == 2
    assert asked.request is None
    assert "quantpits predict --all-enabled" in capsys.readouterr().err


def test_listing_writes_nothing_and_needs_no_selection(ask):
    asked = ask("predict --list")
    assert asked.exit_code == 0
    assert asked.request is None
    assert not asked.plan.is_writing


@pytest.mark.parametrize(
    ("flags", "is_selected"),
    [
        (PredictFlags(), False),
        (PredictFlags(skip=("a",)), False),
        (PredictFlags(models=("a",)), True),
        (PredictFlags(all_enabled=True), True),
        (PredictFlags(tag="ts"), True),
    ],
)
def test_what_selects_models(flags, is_selected):
    assert is_selected == flags.is_selected

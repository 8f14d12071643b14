from __future__ import annotations

import pytest

from quantpits.training.request import StateRequest, TrainRequest


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        ("--all-enabled", TrainRequest(all_enabled=True)),
        ("--models a b,c --skip b", TrainRequest(models=("a", "b", "c"), skip=("b",))),
        (
            "--algorithm gru --dataset Alpha158 --market csi300 --tag ts",
            TrainRequest(algorithm="gru", dataset="Alpha158", market="csi300", tag="ts"),
        ),
        ("--resume", TrainRequest(resume=True)),
        (
            "--models a --retrain --experiment-name E --dry-run",
            TrainRequest(models=("a",), retrain=True, experiment_name="E", dry_run=True),
        ),
    ],
)
def test_flags_make_the_request(ask, line, request_):
    asked = ask(f"incremental-train {line}")
    assert asked.exit_code == 0
    assert request_ == asked.request
    assert asked.target == "quantpits.training.step:run"
    assert asked.plan.is_writing is not request_.dry_run


@pytest.mark.parametrize("line", ["", "--skip a", "--dry-run"])
def test_no_selection_is_wrong_usage(ask, line, capsys):
    asked = ask(f"incremental-train {line}")
    assert asked.exit_code == 2
    assert asked.request is None
    assert "--list" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "request_", "is_writing"),
    [
        ("--show-state", StateRequest(), False),
        ("--clear-state", StateRequest(clear=True), True),
        ("--clear-state --dry-run", StateRequest(clear=True, dry_run=True), False),
    ],
)
def test_the_state_is_shown_or_forgotten(ask, line, request_, is_writing):
    asked = ask(f"incremental-train {line}")
    assert (request_, "quantpits.training.state_step:run") == (asked.request, asked.target)
    assert is_writing == asked.plan.is_writing


def test_listing_writes_nothing_and_needs_no_selection(ask):
    asked = ask("incremental-train --list")
    assert (0, None, False) == (asked.exit_code, asked.request, asked.plan.is_writing)

from __future__ import annotations

from datetime import date

import pytest

from quantpits.training.walk_request import WalkRequest


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        ("--all-enabled", WalkRequest(all_enabled=True)),
        (
            "--models a,b --window 3 --valid 0.5 --step 12w --gap 8 --start 2020-01-02 --retrain",
            WalkRequest(
                models=("a", "b"),
                window=3.0,
                valid=0.5,
                step="12w",
                gap=8,
                start=date(2020, 1, 2),
                retrain=True,
            ),
        ),
        ("--tag ts --dry-run", WalkRequest(tag="ts", dry_run=True)),
    ],
)
def test_flags_make_the_request(ask, line, request_):
    asked = ask(f"walk-forward {line}")
    assert asked.exit_code == 0
    assert request_ == asked.request
    assert asked.target == "quantpits.training.walk_step:run"
    assert asked.plan.is_writing is not request_.dry_run


@pytest.mark.parametrize("line", ["", "--models a --window 0", "--models a --start soon"])
def test_wrong_usage(ask, line, capsys):
    asked = ask(f"walk-forward {line}")
    assert asked.exit_code == 2
    assert asked.request is None
    assert capsys.readouterr().err

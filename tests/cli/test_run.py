from __future__ import annotations

from datetime import date

import pytest

from quantpits.routine.request import RunRequest


@pytest.mark.parametrize(
    ("line", "request_", "text"),
    [
        ("", RunRequest(), "scenario B"),
        ("A", RunRequest(scenario="A"), "scenario A"),
        ("--scenario A --restart", RunRequest(scenario="A", restart=True), "scenario A"),
        (
            "--end-date 2026-02-06 --dry-run",
            RunRequest(end_date=date(2026, 2, 6), dry_run=True),
            "scenario B",
        ),
    ],
)
def test_flags_make_the_request(ask, line, request_, text):
    asked = ask(f"run {line}")
    assert asked.exit_code == 0
    assert request_ == asked.request
    assert asked.target == "quantpits.routine.scenario:run"
    assert text == asked.plan.text
    assert asked.plan.is_writing is not request_.dry_run


def test_an_unknown_scenario_is_wrong_usage(ask):
    assert ask("run C").exit_code == 2

from __future__ import annotations

from datetime import date

import pytest

from quantpits.routine.divergence_request import DivergenceRequest


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        ("", DivergenceRequest()),
        (
            "--from 2026-02-02 --to 2026-02-06 --label gru --dry-run",
            DivergenceRequest(
                start=date(2026, 2, 2), end=date(2026, 2, 6), label="gru", dry_run=True
            ),
        ),
    ],
)
def test_flags_make_the_request(ask, line, request_):
    asked = ask(f"divergence {line}")
    assert asked.exit_code == 0
    assert request_ == asked.request
    assert asked.target == "quantpits.routine.divergence:run"
    assert asked.plan.is_writing is not request_.dry_run

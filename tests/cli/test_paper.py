from __future__ import annotations

from datetime import date

import pytest

from quantpits.routine.request import PaperRequest


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        ("", PaperRequest()),
        (
            "--through 2026-02-06 --label gru --paper-account --dry-run",
            PaperRequest(through=date(2026, 2, 6), label="gru", paper_account=True, dry_run=True),
        ),
    ],
)
def test_flags_make_the_request(ask, line, request_):
    asked = ask(f"paper {line}")
    assert asked.exit_code == 0
    assert request_ == asked.request
    assert asked.target == "quantpits.routine.paper:run"
    assert asked.plan.is_writing is not request_.dry_run

from __future__ import annotations

import pytest

from quantpits.training.request import CheckRequest


@pytest.mark.parametrize(
    ("line", "request_", "is_writing"),
    [
        ("", CheckRequest(), False),
        ("--fix", CheckRequest(fix=True), True),
        ("--fix --dry-run", CheckRequest(fix=True, dry_run=True), False),
    ],
)
def test_flags_make_the_request(ask, line, request_, is_writing):
    asked = ask(f"check-workflow {line}")
    assert (0, request_) == (asked.exit_code, asked.request)
    assert "quantpits.training.check_step:run" == asked.target
    assert is_writing == asked.plan.is_writing

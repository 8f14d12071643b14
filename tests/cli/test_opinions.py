from __future__ import annotations

from pathlib import Path

import pytest

from quantpits.orders.opinion_request import OpinionsRequest


@pytest.mark.parametrize(
    ("line", "request_", "text"),
    [
        ("", OpinionsRequest(), "draw the opinions of the latest orders"),
        (
            "--input o.csv --output-dir out --dry-run",
            OpinionsRequest(input=Path("o.csv"), output_dir=Path("out"), dry_run=True),
            "draw the opinions of o.csv",
        ),
    ],
)
def test_flags_make_the_request(ask, line, request_, text):
    asked = ask(f"opinions {line}")
    assert asked.exit_code == 0
    assert request_ == asked.request
    assert asked.target == "quantpits.orders.opinion_step:run"
    assert text == asked.plan.text
    assert asked.plan.is_writing is not request_.dry_run

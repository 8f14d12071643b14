from __future__ import annotations

from datetime import date

import pytest

from quantpits.post_trade.request import PostTradeRequest


@pytest.mark.parametrize(
    ("line", "request_", "text"),
    [
        ("", PostTradeRequest(), "book settlement files"),
        (
            "--end-date 2026-02-06 --dry-run",
            PostTradeRequest(end_date=date(2026, 2, 6), dry_run=True),
            "book settlement files through 2026-02-06",
        ),
        (
            "--assume-empty 2026-02-05 --assume-empty 2026-02-06 --broker gtja --adopt --verbose",
            PostTradeRequest(
                assume_empty=(date(2026, 2, 5), date(2026, 2, 6)),
                broker="gtja",
                adopt=True,
                verbose=True,
            ),
            "book settlement files",
        ),
    ],
)
def test_flags_make_the_request(ask, line, request_, text):
    asked = ask(f"post-trade {line}")
    assert asked.exit_code == 0
    assert request_ == asked.request
    assert asked.target == "quantpits.post_trade.step:run"
    assert text == asked.plan.text
    assert asked.plan.is_writing is not request_.dry_run

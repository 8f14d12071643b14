from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import date

from quantpits.post_trade import DayReport, PostTradeReport, PostTradeRequest
from quantpits.post_trade.request import BooksReport

DAY = DayReport(
    settle_date=date(2026, 1, 5),
    source="2026-01-05-table.xlsx",
    n_lines=2,
    n_positions=1,
    cash_before_fen=100_000,
    cash_after_fen=90_000,
    flow_fen=0,
    nav_fen=110_000,
)
REPORT = PostTradeReport(
    workspace="/w",
    outputs=(),
    findings=(),
    changed=True,
    is_dry_run=False,
    market="synthetic",
    last_date=date(2026, 1, 5),
    cash_fen=90_000,
    n_positions=1,
    days=(DAY,),
)


def test_a_request_asks_for_everything_by_default() -> None:
    request = PostTradeRequest()
    assert (None, None, ()) == (request.end_date, request.broker, request.assume_empty)
    assert (False, False, False) == (request.adopt, request.dry_run, request.verbose)


def test_a_session_in_words() -> None:
    assert [
        "2026-01-05: 2 lines, cash 1000.00 -> 900.00, 1 positions, NAV 1100.00"
    ] == DAY.summary()
    quiet = replace(DAY, source="", n_lines=0, flow_fen=500, lines=("one",))
    head, line = quiet.summary()
    assert "2026-01-05: assumed empty, cash 1000.00 -> 900.00, deposits 5.00, 1 pos" == head[:71]
    assert head.endswith("NAV 1100.00 (1095.00 without the deposits)")
    assert 109_500 == asdict(quiet)["nav_without_flow_fen"]
    assert "  one" == line


def test_a_report_in_words() -> None:
    end = "After 2026-01-05: cash 900.00, 1 positions (prices: synthetic)."
    assert [*DAY.summary(), end] == REPORT.summary()
    assert [
        "Adopted: cash",
        *DAY.summary(),
        "Dry run: nothing was written.",
        end,
    ] == replace(REPORT, is_dry_run=True, adjustment="cash").summary()
    assert [
        "The books are up to date (2026-01-05); nothing was written.",
        end,
    ] == replace(REPORT, changed=False, days=()).summary()


def test_a_report_can_be_written_as_json() -> None:
    assert '"nav_fen": 110000' in json.dumps(asdict(REPORT), default=str)


def test_what_was_done_to_the_books_in_words() -> None:
    report = BooksReport(
        workspace="/w",
        outputs=(),
        findings=(),
        changed=True,
        is_dry_run=False,
        lines=("one",),
        digest="d",
    )
    assert ["one", "Digest d"] == report.summary()
    assert "Dry run: nothing was written." == replace(report, is_dry_run=True).summary()[1]
    assert "Everything was so already" in replace(report, changed=False).summary()[1]

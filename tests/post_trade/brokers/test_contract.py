from __future__ import annotations

from datetime import date

from quantpits.post_trade.brokers import gtja
from quantpits.post_trade.brokers.contract import Adapter, Effect, Statement, content_digest


def test_equal_content_has_equal_digests() -> None:
    assert content_digest(date(2026, 1, 5), "SH600000", 100) == content_digest(
        "2026-01-05", "SH600000", "100"
    )


def test_facts_do_not_run_into_each_other() -> None:
    assert content_digest("ab", "c") != content_digest("a", "bc")


def test_a_line_names_its_file_and_row(make_line) -> None:
    assert "2026-01-05-table.xlsx:9" == make_line(Effect.BUY, "SH600000", 1, "1", row=9).where


def test_the_module_of_a_broker_is_an_adapter() -> None:
    adapter: Adapter = gtja
    assert "gtja" == adapter.NAME


def test_lines_by_date_keeps_the_order_of_the_file(make_line) -> None:
    days = [date(2026, 1, day) for day in (6, 5, 6)]
    lines = tuple(
        make_line(Effect.BUY, "SH600000", 1, "1", row=7 + at, day=day)
        for at, day in enumerate(days)
    )
    statement = Statement(
        source_name="a", source_sha256="b" * 64, sheet="S", columns=("c",), lines=lines
    )
    assert {days[1]: (lines[1],), days[0]: (lines[0], lines[2])} == statement.lines_by_date
    assert (days[1], days[0]) == statement.dates

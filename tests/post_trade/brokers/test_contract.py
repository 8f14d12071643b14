from __future__ import annotations

from datetime import date

from quantpits.post_trade.brokers import gtja
from quantpits.post_trade.brokers.contract import Adapter, Effect, content_digest


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

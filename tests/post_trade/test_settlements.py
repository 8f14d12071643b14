from __future__ import annotations

from datetime import date

import pytest

from quantpits.errors import BooksMismatchError, BrokerFileError
from quantpits.post_trade import settlements
from quantpits.post_trade.brokers import gtja
from quantpits.post_trade.brokers.effects import BUILT_IN_RULES
from quantpits.post_trade.brokers.files import settlement_names
from quantpits.post_trade.fold import books_at
from quantpits.post_trade.ledger import load_journal
from quantpits.post_trade.settlements import (
    find_settlements,
    line_differences,
    load_settlements,
    settlement_name,
)

MON, TUE, WED, THU, FRI = (date(2026, 1, day) for day in (5, 6, 7, 8, 9))
SPDB, PAB = "SH600000", "SZ000001"


def found(account):
    return find_settlements(account.workspace, adapter=gtja, rules=BUILT_IN_RULES)


def interval(account, first, last, days) -> None:
    """Write one file for several days."""
    rows = [
        {"交收日期": day.strftime("%Y%m%d"), **row} for day, each in days.items() for row in each
    ]
    path = account.data / f"{first}_{last}-table.xlsx"
    path.write_bytes(account._make_table(rows))


def test_the_name_of_a_settlement_file() -> None:
    assert settlement_names(MON)[0] == settlement_name(MON)


def test_data_comes_before_the_archive(account) -> None:
    assert () == found(account).covering(MON)
    account.workspace.order_history_dir.mkdir()
    archived = account.workspace.order_history_dir / settlement_name(MON)
    archived.touch()
    assert (archived,) == found(account).covering(MON)
    path = account.settle(MON)
    assert (path,) == found(account).covering(MON)


def test_a_large_file_is_not_even_read(account, monkeypatch) -> None:
    account.settle(MON)
    monkeypatch.setattr(settlements, "LARGEST_FILE_BYTES", 100)
    with pytest.raises(BrokerFileError, match="at most 100 bytes"):
        load_settlements(found(account), [MON], place="data", assume_empty=())


def test_a_line_outside_the_days_in_the_name_is_refused(account, trade) -> None:
    interval(account, MON, TUE, {WED: [trade("buy", SPDB, 100, 10)]})
    with pytest.raises(BrokerFileError, match="2026-01-05 to 2026-01-06"):
        account.run(end_date=TUE)


def test_a_line_on_a_day_that_is_no_session_is_refused(account, trade) -> None:
    account.write("prod_config.json", {**account.config, "current_date": "2025-12-30"})
    interval(
        account,
        date(2025, 12, 31),
        TUE,
        {date(2026, 1, 3): [{"交易类别": "利息归本", "资金发生数": 1}]},
    )
    with pytest.raises(BrokerFileError, match="no session"):
        account.run(end_date=TUE)


def test_any_cut_and_overlap_of_the_files_gives_the_same_books(account, trade) -> None:
    days = {
        MON: [trade("buy", SPDB, 1000, 10.2), trade("buy", SPDB, 1000, 10.2)],
        TUE: [],
        WED: [trade("sell", SPDB, 400, 10.1)],
        THU: [{"交易类别": "利息归本", "资金发生数": 1.23}],
        FRI: [trade("buy", PAB, 100, 12.6)],
    }
    other = account.twin()
    for day, rows in days.items():
        account.settle(day, rows)
    account.run()
    interval(other, MON, WED, {day: days[day] for day in (MON, TUE, WED)})
    interval(other, TUE, FRI, {day: days[day] for day in (FRI, THU, WED, TUE)})
    other.settle(WED, days[WED])
    other.run(end_date=TUE)
    other.run()
    whole, cut = (load_journal(each.workspace.ledger_path) for each in (account, other))
    assert [books_at(whole, day) for day in days] == [books_at(cut, day) for day in days]
    assert account.config == other.config
    for name in ("holding_log_full.csv", "daily_amount_log_full.csv", "trade_log_full.csv"):
        assert (account.data / name).read_bytes() == (other.data / name).read_bytes()
    # files that come later and say the same change nothing
    interval(account, MON, FRI, days)
    before = account.files()
    assert not account.run().changed
    assert before == account.files()


def test_two_files_that_contradict_each_other_are_refused(account, trade) -> None:
    account.settle(MON, [trade("buy", SPDB, 100, 10)])
    interval(account, MON, TUE, {MON: [trade("buy", SPDB, 200, 10)]})
    with pytest.raises(BooksMismatchError, match=r"- .*100 shares[\s\S]*\+ .*200 shares"):
        account.run(end_date=TUE)


def test_a_late_file_that_says_something_else_is_refused_line_by_line(account, trade) -> None:
    account.settle(MON, [trade("buy", SPDB, 100, 10)])
    account.run(end_date=MON)
    interval(account, MON, TUE, {MON: [trade("buy", SPDB, 100, 10), trade("buy", PAB, 100, 12)]})
    with pytest.raises(BooksMismatchError, match=r"\+ .*SZ000001 100 shares at 12") as error:
        account.run(end_date=TUE)
    assert "- " not in str(error.value.found)
    assert "ledger correct --date 2026-01-05" in str(error.value)


def test_the_same_lines_in_other_bytes_change_nothing_and_the_first_bytes_are_kept(
    account, trade, make_table
) -> None:
    rows = [trade("buy", SPDB, 100, 10)]
    content = account.settle(MON, rows).read_bytes()
    account.run(end_date=MON)
    dated = [{"交收日期": "20260105", **row} for row in rows]
    (account.data / "2026-01-05-table.xlsx").write_bytes(make_table(dated, preamble=3))
    account.run(end_date=MON)
    (kept,) = (account.data / "imported").iterdir()
    assert content == kept.read_bytes()
    assert not account.run(end_date=MON).changed


def test_differences_are_cut(make_line) -> None:
    from quantpits.post_trade.brokers.contract import Effect  # noqa: PLC0415 - only here

    lines = [make_line(Effect.INTEREST, net=cents, row=cents + 7) for cents in range(25)]
    shown = line_differences(lines, [])
    assert 21 == len(shown)
    assert "and 5 more" == shown[-1]

from __future__ import annotations

import csv
from datetime import date

from quantpits.config.prod import ProdConfig
from quantpits.post_trade.entries import Position
from quantpits.post_trade.fold import Books
from quantpits.post_trade.journal import Journal
from quantpits.post_trade.live import session_lines
from quantpits.post_trade.projections import (
    csv_text,
    log_texts,
    state_keys,
    trade_detail_name,
    trade_detail_text,
    updated_config,
)

DAY = date(2026, 1, 6)


def test_the_state_keys_are_those_of_the_config() -> None:
    assert set(ProdConfig.state_keys) == set(state_keys(Books(), DAY))


def test_holdings_are_text_and_cash_is_a_number() -> None:
    books = Books(12_345_678_901_234, {"SH600000": Position(100, 1_025_510)})
    assert {
        "current_date": "2026-01-06",
        "last_processed_date": "2026-01-06",
        "current_cash": 123456789012.34,
        "current_holding": [{"instrument": "SH600000", "value": "100", "amount": "10255.10"}],
    } == state_keys(books, DAY)


def test_the_users_keys_keep_their_place() -> None:
    data = {"model": "equal", "current_cash": 1, "TopK": 20, "current_date": "2026-01-02"}
    updated = updated_config(data, Books(500), last_date=DAY)
    assert [*data, "last_processed_date", "current_holding"] == list(updated)
    assert ("equal", 20, 5.0) == (updated["model"], updated["TopK"], updated["current_cash"])
    assert 1 == data["current_cash"]


def test_every_file_of_the_books_by_hand(journal: Journal) -> None:
    """Opening 10,000.00 and SZ000001 30 shares for 100.00; then, on 2026-01-05:

    deposit 50.00, purchase SH600000 100 at 10.25, fee 5.10: cash 9,019.90.
    SH600000 100 at 10.50 = 1,050.00, cost 1,030.10, profit 19.90; SZ000001 30 at 3.333 = 99.99.
    NAV 9,019.90 + 1,050.00 + 99.99 = 10,169.89; cost 9,019.90 + 1,130.10 = 10,150.00.
    On 2026-01-06 the user adopts cash -1.00 and no SZ000001: NAV 9,018.90 + 1,000.00.
    """
    texts = log_texts(journal)
    assert (
        "交收日期,证券代码,交易类别,model,成交日期\n20260105,SH600000,buy,equal,2026-01-05\n"
    ) == texts["trade_log_full.csv"]
    assert (
        "证券代码,持仓数量,持仓成本,成交日期,持仓均价,收盘价格,收盘价值,当前浮盈,浮盈收益率\n"
        "SH600000,100,1030.10,2026-01-05,10.3010,10.50,1050.00,19.90,0.01932\n"
        "SZ000001,30,100.00,2026-01-05,3.3333,3.333,99.99,-0.01,-0.00010\n"
        "CASH,9019.90,9019.90,2026-01-05,1.0000,1.00,9019.90,0.00,0.00000\n"
        "SH600000,100,1030.10,2026-01-06,10.3010,10.00,1000.00,-30.10,-0.02922\n"
        "CASH,9018.90,9018.90,2026-01-06,1.0000,1.00,9018.90,0.00,0.00000\n"
    ) == texts["holding_log_full.csv"]
    assert (
        "成交日期,持仓成本,收盘价值,当前浮盈,当前浮盈率,CSI300,CASHFLOW\n"
        "2026-01-05,10150.00,10169.89,19.89,0.00196,3500.10,50.00\n"
        "2026-01-06,10049.00,10018.90,-30.10,-0.00300,,-101.00\n"
    ) == texts["daily_amount_log_full.csv"]


def test_a_trade_detail_is_the_brokers_table_with_model_and_date(journal: Journal) -> None:
    traded, _ = journal.sessions
    assert "trade_detail_2026-01-05.csv" == trade_detail_name(traded.settle_date)
    assert (
        "交收日期,证券代码,交易类别,model,成交日期\n20260105,SH600000,buy,equal,2026-01-05\n"
    ) == trade_detail_text(session_lines(journal)[0])
    assert (
        "交收日期,证券代码,证券名称,交易类别,成交价格,成交数量,成交金额,资金发生数,model,成交日期\n"
    ) == trade_detail_text(session_lines(journal)[1])


def test_nothing_posted_gives_headers() -> None:
    assert {1} == {len(text.splitlines()) for text in log_texts(Journal()).values()}


def test_csv_text_reads_back() -> None:
    rows = [["a,b", 'say "x"'], ["", "línea\nzwei"]]
    text = csv_text(["one", "two"], rows)
    assert [["one", "two"], *rows] == list(csv.reader(text.splitlines(keepends=True)))

"""The paper broker: what it settles, at which prices, and what it refuses to touch."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from openpyxl import load_workbook

from quantpits.errors import BrokerFileError, MissingDataError, UsageError, WorkspaceLockedError
from quantpits.market import MarketSource, Quotes, TradingCalendar
from quantpits.routine import PaperRequest, paper, paper_market
from quantpits.routine.paper_orders import order_path
from quantpits.routine.slippage import Slippage
from quantpits.trading import RawBefore
from quantpits.workspace import Workspace, demo_template, init_workspace, open_workspace

SESSIONS = np.array(
    ["2026-11-05", "2026-11-06", "2026-11-09", "2026-11-10", "2026-11-11"], "datetime64[D]"
)
MONDAY, TUESDAY, WEDNESDAY = date(2026, 11, 9), date(2026, 11, 10), date(2026, 11, 11)
INSTRUMENTS = ("SH600000", "SZ000001")
SYNTHETIC = MarketSource(Path("/nowhere"), "cn", is_synthetic=True, label="SYNTHETIC, seed 7")
HEADER = "instrument,datetime,value,role\n"


def quotes(**changes) -> Quotes:
    """Two shares at 10 and 20 CNY; `changes` sets one value of a field as (row, column, value)."""
    flat = np.tile(np.array([10.0, 20.0]), (SESSIONS.size, 1))
    fields = {name: flat.copy() for name in ("open", "close", "vwap")}
    fields |= {name: np.zeros_like(flat) for name in ("bonus", "dividend")}
    fields["open"] += 0.1
    for name, (row, column, value) in changes.items():
        fields[name][row, column] = value
    return Quotes(SESSIONS, INSTRUMENTS, fields)


def pick(table: Quotes, instruments, fields, rows) -> Quotes:
    columns = [table.column(name) for name in instruments]
    flat = np.zeros_like(table.values["close"])
    known = {
        "volume": flat + 1e6,
        "factor": flat + 1.0,
        "is_st": flat,
        "sessions_listed": flat + 1e6,
        **table.values,
    }
    wanted = dict.fromkeys((*fields, "factor"))
    values = {name: known[name][rows][:, columns] for name in wanted}
    return Quotes(table.dates[rows], tuple(instruments), values)


@pytest.fixture
def market(monkeypatch):
    """Return a function that puts quotes in the place of the market."""

    def use(table: Quotes | None = None, source: MarketSource = SYNTHETIC) -> None:
        known = table or quotes()

        def load(_source, instruments, start, end, *, fields):
            inside = (known.dates >= np.datetime64(start)) & (known.dates <= np.datetime64(end))
            return pick(known, instruments, fields, inside)

        def before(_source, instruments, *, day, rules):
            past = pick(known, instruments, ("close",), known.dates < np.datetime64(day))
            traded = [column[np.isfinite(column)] for column in past.close.T]
            marks = [round(column[-1] * 100) if column.size else 0 for column in traded]
            factor = np.ones(len(instruments))
            return RawBefore(mark_fen=np.array(marks, dtype=np.int64), factor=factor)

        monkeypatch.setattr(paper, "resolve_market", lambda _: source)
        monkeypatch.setattr(paper, "load_calendar", lambda _: TradingCalendar(SESSIONS, SESSIONS))
        monkeypatch.setattr(paper_market, "load_quotes", load)
        monkeypatch.setattr(paper_market, "load_before", before)
        monkeypatch.setattr(paper, "instrument_names", lambda _: {"SH600000": "合成001"})

    use()
    return use


@pytest.fixture
def workspace(tmp_path, market) -> Workspace:
    target = tmp_path / "Paper"
    init_workspace(demo_template(), target)
    workspace = open_workspace(target)
    holding = [{"instrument": "SZ000001", "value": "200", "amount": "4000.00"}]
    set_state(workspace, current_holding=holding, current_cash=100000)
    return workspace


def set_state(workspace: Workspace, **state) -> None:
    path = workspace.prod_config_path
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | state), encoding="utf-8")


def order(workspace: Workspace, side: str, text: str, day: date = MONDAY) -> None:
    path = order_path(workspace, side, label="ensemble", trade_date=day)
    path.write_text(HEADER + text, encoding="utf-8")


def settlement(workspace: Workspace, day: date) -> Path:
    return workspace.data_dir / f"{day}-table.xlsx"


def lines(workspace: Workspace, day: date) -> list[dict[str, object]]:
    rows = list(load_workbook(settlement(workspace, day))["Sheet1"].iter_rows(values_only=True))
    return [dict(zip(rows[5], row, strict=True)) for row in rows[6:]]


def test_every_session_gets_a_file_also_one_without_trades(workspace):
    report = paper.run(workspace, PaperRequest())
    assert (MONDAY, TUESDAY, WEDNESDAY) == report.sessions
    assert [settlement(workspace, day) for day in report.sessions] == list(report.outputs)
    assert all(path.is_file() for path in report.outputs)
    assert report.changed
    assert 100000.0 == report.cash_cny


def test_orders_are_filled_in_their_session_at_the_deal_price(workspace):
    order(workspace, "buy", "SH600000,2026-11-09,300,primary\n")
    order(workspace, "sell", "SZ000001,2026-11-09,200,primary\n")
    report = paper.run(workspace, PaperRequest())
    sale, purchase = lines(workspace, MONDAY)
    assert ("深圳A股普通股票竞价卖出", 20.1, 200) == (
        sale["交易类别"],
        sale["成交价格"],
        sale["成交数量"],
    )
    assert ("上海A股普通股票竞价买入", 10.1, 300, "合成001") == (
        purchase["交易类别"],
        purchase["成交价格"],
        purchase["成交数量"],
        purchase["证券名称"],
    )
    assert [] == lines(workspace, TUESDAY)
    assert 2 == report.n_fills
    assert report.cash_cny == purchase["资金余额"]


def test_book_goes_from_session_to_session(workspace):
    order(workspace, "buy", "SH600000,2026-11-09,300,primary\n")
    order(workspace, "sell", "SH600000,2026-11-10,300,primary\n", day=TUESDAY)
    paper.run(workspace, PaperRequest())
    assert ["上海A股普通股票竞价卖出"] == [line["交易类别"] for line in lines(workspace, TUESDAY)]


def test_dividend_and_bonus_come_to_what_is_held(workspace, market):
    market(quotes(dividend=(3, 1, 0.5), bonus=(4, 1, 0.3)))
    report = paper.run(workspace, PaperRequest())
    (dividend,) = lines(workspace, TUESDAY)
    assert ("深圳A股红利入账", 100) == (dividend["交易类别"], dividend["资金发生数"])
    (bonus,) = lines(workspace, WEDNESDAY)
    assert ("深圳A股红股上市入账", 60, 0) == (
        bonus["交易类别"],
        bonus["成交数量"],
        bonus["资金发生数"],
    )
    assert (0, 2) == (report.n_fills, report.n_events)


def test_limit_is_reckoned_from_the_last_close(workspace, market):
    market(quotes(open=(2, 0, 11.0)))
    order(workspace, "buy", "SH600000,2026-11-09,300,primary\n")
    report = paper.run(workspace, PaperRequest())
    assert [] == lines(workspace, MONDAY)
    (finding,) = report.findings
    assert ("PAP001", "warning") == (finding.code, finding.severity)
    assert "(limit)" in finding.message


def test_limit_of_an_ex_date_is_reckoned_from_the_ex_price(workspace, market):
    table = quotes(dividend=(2, 0, 2.0), open=(2, 0, 8.8))
    market(table)
    order(workspace, "buy", "SH600000,2026-11-09,300,primary\n")
    report = paper.run(workspace, PaperRequest())
    assert "(limit)" in report.findings[0].message


def test_share_that_has_never_traded_has_no_limit(workspace, market):
    table = quotes()
    table.values["close"][:2, 0] = np.nan
    market(table)
    order(workspace, "buy", "SH600000,2026-11-09,300,primary\n")
    assert 1 == paper.run(workspace, PaperRequest()).n_fills


def test_suspended_share_is_not_filled(workspace, market):
    market(quotes(open=(2, 0, np.nan)))
    order(workspace, "buy", "SH600000,2026-11-09,300,primary\n")
    report = paper.run(workspace, PaperRequest())
    assert "(suspended)" in report.findings[0].message


def test_alternate_that_is_not_needed_is_no_finding(workspace):
    order(workspace, "buy", "SH600000,2026-11-09,300,alternate\n")
    assert () == paper.run(workspace, PaperRequest()).findings


def test_second_run_changes_nothing(workspace):
    order(workspace, "buy", "SH600000,2026-11-09,300,primary\n")
    paper.run(workspace, PaperRequest())
    before = [path.stat().st_mtime_ns for path in sorted(workspace.data_dir.glob("*.xlsx"))]
    report = paper.run(workspace, PaperRequest())
    assert not report.changed
    assert before == [path.stat().st_mtime_ns for path in sorted(workspace.data_dir.glob("*.xlsx"))]


def test_everything_settled_leaves_nothing_to_do(workspace):
    set_state(workspace, current_date="2026-11-11", last_processed_date="2026-11-11")
    report = paper.run(workspace, PaperRequest())
    assert ((), (), False) == (report.sessions, report.outputs, report.changed)


def test_account_that_holds_nothing_needs_no_quotes(workspace):
    set_state(workspace, current_holding=[])
    assert 3 == len(paper.run(workspace, PaperRequest()).outputs)


def test_settling_stops_at_the_day_that_was_asked_for(workspace):
    report = paper.run(workspace, PaperRequest(through=TUESDAY))
    assert (MONDAY, TUESDAY) == report.sessions


def test_day_without_prices_is_refused(workspace):
    with pytest.raises(MissingDataError, match="no prices for a session yet"):
        paper.run(workspace, PaperRequest(through=date(2026, 11, 12)))


def test_deposit_is_in_the_cash_from_its_session_on(workspace):
    flows = {"cashflows": {"2026-11-10": 5000}, "processed": {}}
    workspace.cashflow_path.write_text(json.dumps(flows), encoding="utf-8")
    assert 105000.0 == paper.run(workspace, PaperRequest()).cash_cny


@pytest.mark.parametrize("made_by", ["broker", "paper"])
def test_settlement_that_says_something_else_is_not_overwritten(workspace, made_by):
    path = settlement(workspace, TUESDAY)
    if made_by == "broker":
        path.write_bytes(b"exported by hand")
    else:
        paper.run(workspace, PaperRequest())
        order(workspace, "sell", "SZ000001,2026-11-10,200,primary\n", day=TUESDAY)
    before = {each.name: each.read_bytes() for each in workspace.data_dir.glob("*.xlsx")}
    found = "an earlier paper settlement" if made_by == "paper" else "a file that it did not make"
    with pytest.raises(BrokerFileError, match=f"(?s)not overwritten.*{found}"):
        paper.run(workspace, PaperRequest())
    after = {each.name: each.read_bytes() for each in workspace.data_dir.glob("*.xlsx")}
    assert before == after


def test_dry_run_writes_nothing(workspace):
    report = paper.run(workspace, PaperRequest(dry_run=True))
    assert report.changed
    assert "would settle" in report.summary()[0]
    assert [] == list(workspace.data_dir.glob("*.xlsx"))


def test_real_market_is_refused_unless_the_account_is_paper(workspace, market):
    real = MarketSource(Path("/nowhere"), "cn", is_synthetic=False, label="Qlib data")
    market(source=real)
    with pytest.raises(UsageError, match="--paper-account"):
        paper.run(workspace, PaperRequest())
    assert 3 == len(paper.run(workspace, PaperRequest(paper_account=True)).outputs)


def test_market_of_another_country_is_refused(workspace, market):
    market(source=MarketSource(Path("/nowhere"), "us", is_synthetic=True, label="SYNTHETIC"))
    with pytest.raises(UsageError, match="Chinese exchanges only"):
        paper.run(workspace, PaperRequest())


def test_settlement_names_its_market(workspace):
    paper.run(workspace, PaperRequest())
    sheet = load_workbook(settlement(workspace, MONDAY))["Sheet1"]
    assert "Market: SYNTHETIC, seed 7" == sheet["A2"].value


def test_lock_is_needed_to_write_only(workspace, monkeypatch):
    def locked(*_):
        raise WorkspaceLockedError("Somebody else writes.")

    monkeypatch.setattr(paper, "writer_lock", locked)
    with pytest.raises(WorkspaceLockedError, match="Somebody else"):
        paper.run(workspace, PaperRequest())
    assert paper.run(workspace, PaperRequest(dry_run=True)).sessions


def test_slippage_moves_the_price_and_bounds_the_shares(workspace):
    order(workspace, "buy", "SH600000,2026-11-09,4000,primary\n")
    slippage = Slippage(half_spread_bps=50.0, max_volume_share=0.001)
    report = paper.run(workspace, PaperRequest(slippage=slippage))
    (line,) = lines(workspace, MONDAY)
    assert (10.16, 1000) == (line["成交价格"], line["成交数量"])
    assert "1000 shares traded (reduced)" in report.findings[0].message


def test_consolidation_that_only_the_factor_tells_of_is_declared(workspace, market):
    table = quotes()
    factor = np.ones((SESSIONS.size, 2))
    factor[3:, 1] = 0.5
    market(Quotes(SESSIONS, INSTRUMENTS, {**table.values, "factor": factor}))
    report = paper.run(workspace, PaperRequest())
    (line,) = lines(workspace, TUESDAY)
    assert ("深圳A股股份合并", 100, 0) == (
        line["交易类别"],
        line["成交数量"],
        line["资金发生数"],
    )
    (finding,) = report.findings
    assert "PAP002" == finding.code
    assert "深圳A股股份合并: shares_out" in finding.message


def test_jump_of_the_factor_without_facts_is_a_distribution(workspace, market):
    table = quotes()
    factor = np.ones((SESSIONS.size, 2))
    factor[3:, 1] = 1.25
    market(Quotes(SESSIONS, INSTRUMENTS, {**table.values, "factor": factor}))
    paper.run(workspace, PaperRequest())
    (line,) = lines(workspace, TUESDAY)
    assert ("深圳A股红利入账", 4.0, 800) == (
        line["交易类别"],
        line["成交价格"],
        line["资金发生数"],
    )

"""The divergence report: from orders to the account value, closing to the fen."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest

from quantpits.errors import MissingDataError, UnbalancedError, UsageError
from quantpits.market import MarketSource, resolve_market
from quantpits.post_trade import step as post_trade
from quantpits.post_trade.request import PostTradeRequest
from quantpits.routine import divergence
from quantpits.routine.divergence_request import DivergenceRequest
from quantpits.routine.gtja_export import SettlementLine, settlement_bytes
from quantpits.routine.sandbox import advance_market
from quantpits.workspace import Workspace

MONDAY = date(2021, 4, 12)


@pytest.fixture
def account(looped, tmp_path) -> Workspace:
    root = tmp_path / "Account"
    shutil.copytree(looped.root, root, symlinks=True)
    return Workspace(root)


def test_report_closes_by_week_and_instrument(account):
    report = divergence.run(account, DivergenceRequest())
    assert 25 == len(report.sessions)
    for line in report.lines:
        assert line.actual_fen == line.planned_fen + sum(line.parts.values())
    change = sum(line.actual_fen for line in report.lines)
    assert report.nav_after_fen - report.nav_before_fen == change
    assert 500_000_00 == report.nav_before_fen
    assert sum(line.parts["price"] for line in report.lines) < 0
    assert any(line.parts["not filled"] for line in report.lines)
    assert {"DIV001"} == {finding.code for finding in report.findings}


def test_files_say_the_same(account):
    report = divergence.run(account, DivergenceRequest())
    weeks, fills, text = report.outputs
    with weeks.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    total = sum(round(float(row["result"]) * 100) for row in rows)
    assert report.nav_after_fen - report.nav_before_fen == total
    with fills.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert any(row["ordered"] != row["traded"] for row in rows)
    assert all(float(row["slippage"]) <= 0 for row in rows)
    assert "result of the account" in text.read_text("utf-8")
    assert not divergence.run(account, DivergenceRequest()).changed


def test_part_of_the_days_closes_too(account):
    request = DivergenceRequest(start=date(2021, 3, 17), end=date(2021, 3, 24), dry_run=True)
    report = divergence.run(account, request)
    assert (6, ()) == (len(report.sessions), report.outputs)
    assert report.nav_before_fen != 500_000_00
    assert not (account.output_dir / "divergence").exists()


def settle(account: Workspace, *lines: SettlementLine, eventful) -> None:
    """Let a broker settle the Monday after the loop, whatever was ordered."""
    whole = MarketSource(eventful[0], "cn", is_synthetic=True, label="")
    advance_market(account, whole, through=MONDAY)
    content = settlement_bytes(MONDAY, lines, market="a broker")
    (account.data_dir / f"{MONDAY}-table.xlsx").write_bytes(content)
    post_trade.run(account, PostTradeRequest())


def purchase(name: str, shares: int, price_fen: int, fee_fen: int) -> SettlementLine:
    return SettlementLine(
        instrument=name,
        name=name,
        event="buy",
        price_cny=price_fen / 100,
        shares=shares,
        notional_fen=shares * price_fen,
        cash_effect_fen=-shares * price_fen - fee_fen,
        cash_after_fen=0,
        commission_fen=fee_fen,
    )


def with_balance(account: Workspace, line: SettlementLine) -> SettlementLine:
    cash = round(account.prod_config().current_cash * 100)
    return replace(line, cash_after_fen=cash + line.cash_effect_fen)


def test_trade_without_an_order_is_timing_and_is_named(account, eventful):
    bars = eventful[1]
    name = next(
        name
        for name in bars.instruments
        if name not in {each.instrument for each in account.prod_config().current_holding}
        and name.startswith("SZ00")
    )
    row = bars.dates.tolist().index(MONDAY)
    price = round(bars.open[bars.at(name, row)] * 100) + 50
    settle(account, with_balance(account, purchase(name, 100, price, 500)), eventful=eventful)
    report = divergence.run(account, DivergenceRequest(start=MONDAY))
    (line,) = [line for line in report.lines if line.instrument == name]
    assert (-50 * 100, -500) == (line.parts["price"], line.parts["fee"])
    close = round(bars.close[bars.at(name, row)] * 100)
    assert 100 * (close - (price - 50)) == line.parts["timing"]
    assert 0 == line.planned_fen
    codes = {finding.code for finding in report.findings}
    assert {"DIV002", "DIV005"} <= codes


def test_price_far_from_the_session_is_odd(account, eventful):
    bars = eventful[1]
    held = {each.instrument for each in account.prod_config().current_holding}
    name = next(each for each in bars.instruments if each not in held and each.startswith("SZ00"))
    price = round(bars.open[bars.at(name, bars.dates.tolist().index(MONDAY))] * 103)
    settle(account, with_balance(account, purchase(name, 100, price, 500)), eventful=eventful)
    report = divergence.run(account, DivergenceRequest(start=MONDAY))
    assert "DIV003" in {finding.code for finding in report.findings}


def test_order_that_nobody_could_take_is_not_planned(account):
    day = date(2021, 3, 22)
    path = account.output_dir / f"sell_suggestion_ensemble_{day}.csv"
    header = "instrument,datetime,value,current_close\n"
    path.write_text(f"{header}SH600999,{day},100,\nSH608000,{day},77777700,\n", encoding="utf-8")
    buys = account.output_dir / f"buy_suggestion_ensemble_{day}.csv"
    buys.write_text(f"{header}SZ008001,{day},33,1.00\n", encoding="utf-8")
    report = divergence.run(account, DivergenceRequest(dry_run=True))
    refused = [finding for finding in report.findings if finding.code == "DIV004"]
    assert ["SH600999", "SH608000", "SZ008001"] == [finding.subject for finding in refused]


def test_no_session_and_wrong_dates_are_refused(account, tmp_path):
    with pytest.raises(UsageError, match="wrong way round"):
        divergence.run(account, DivergenceRequest(start=date(2021, 4, 2), end=date(2021, 4, 1)))
    with pytest.raises(MissingDataError, match="no session in these days"):
        divergence.run(account, DivergenceRequest(start=date(2022, 1, 1)))


def test_account_of_another_market_is_refused(account, monkeypatch):
    monkeypatch.setattr(divergence, "known_instruments", lambda *_, **__: set())
    with pytest.raises(MissingDataError, match="none of the instruments"):
        divergence.run(account, DivergenceRequest())


def test_instrument_without_a_board_is_held_and_not_planned(account, monkeypatch):
    known = divergence.known_instruments

    def without(*arguments, **others):
        found = sorted(known(*arguments, **others))
        monkeypatch.setattr(divergence, "known_instruments", known)
        return {*found, "XX000001"}

    monkeypatch.setattr(divergence, "known_instruments", without)
    report = divergence.run(account, DivergenceRequest(dry_run=True))
    assert 25 == len(report.sessions)


@pytest.mark.parametrize("is_known", [True, False])
def test_what_no_rule_covers_is_priced_at_its_close(account, eventful, monkeypatch, is_known):
    bars = eventful[1]
    name, row = bars.instruments[2], 4
    marks = np.zeros((2, 3), dtype=np.int64)
    marks[1] = 7_777
    rows = SimpleNamespace(before=np.array([100, 0, 100]))
    known = {name} if is_known else set()
    monkeypatch.setattr(divergence, "known_instruments", lambda *_, **__: known)
    divergence._price_opening(
        resolve_market(account),
        (name, "SH608000", "XX000001"),
        rows,
        marks=marks,
        day=bars.dates[row].item(),
    )
    close = round(bars.close[bars.at(name, row)] * 1000)
    assert [close if is_known else 7_777, 0, 7_777] == marks[0].tolist()


def test_parts_that_do_not_add_up_are_refused(account, monkeypatch):
    report = divergence.run(account, DivergenceRequest(dry_run=True))
    line = report.lines[0]
    wrong = replace(report, lines=(replace(line, planned_fen=line.planned_fen + 1),))
    with pytest.raises(UnbalancedError, match="parts of a week"):
        divergence._check_closes(wrong)
    with pytest.raises(UnbalancedError, match="change of the account value"):
        divergence._check_closes(replace(report, nav_after_fen=report.nav_after_fen + 1))

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from quantpits.config import CashflowConfig
from quantpits.errors import BooksMismatchError
from quantpits.post_trade.brokers.contract import Effect
from quantpits.post_trade.cashflow import FlowPlan, archived_form, match_transfers, plan_flows
from quantpits.post_trade.journal import AppliedFlow, FlowKind

FRI, SAT, MON, TUE = date(2026, 1, 2), date(2026, 1, 3), date(2026, 1, 5), date(2026, 1, 6)
OPENED = date(2025, 12, 31)


def config(listed: dict[date, str]) -> CashflowConfig:
    return CashflowConfig(cashflows={day: Decimal(text) for day, text in listed.items()})


def legacy(amount: str) -> CashflowConfig:
    return CashflowConfig(cash_flow_today=Decimal(amount))


def dated(day: date, fen: int) -> AppliedFlow:
    return AppliedFlow(day, FlowKind.DATED, fen)


def plan(listed: CashflowConfig, sessions, last=FRI, unfinished=()) -> FlowPlan:
    return plan_flows(listed, sessions, opening_date=OPENED, last_date=last, unfinished=unfinished)


def test_a_flow_goes_into_the_books_on_its_session() -> None:
    result = plan(config({MON: "100.50", TUE: "-5"}), [MON, TUE])
    assert {MON: (dated(MON, 10_050),), TUE: (dated(TUE, -500),)} == dict(result.by_session)
    assert ((), ()) == (result.posted_before, result.findings)


def test_a_flow_on_no_session_moves_to_the_next_one() -> None:
    result = plan(config({SAT: "100"}), [MON, TUE])
    assert {MON: (dated(SAT, 10_000),)} == dict(result.by_session)
    (finding,) = result.findings
    assert ("PTR002", "info") == (finding.code, finding.severity)
    assert "100.00 of 2026-01-03 is posted on 2026-01-05: it is no session." == finding.message


def test_a_flow_of_the_future_stays_in_the_file() -> None:
    assert FlowPlan({}) == plan(config({TUE: "100"}), [MON])
    assert FlowPlan({}) == plan(config({MON: "100"}), [])


def test_a_late_flow_is_posted_next_and_reported() -> None:
    result = plan(config({FRI: "100"}), [MON])
    assert {MON: (dated(FRI, 10_000),)} == dict(result.by_session)
    assert "warning" == result.findings[0].severity
    assert "already processed up to 2026-01-02" in result.findings[0].message


def test_what_the_opening_contains_is_not_posted_and_reported() -> None:
    result = plan(config({OPENED: "100"}), [MON])
    assert {} == dict(result.by_session)
    assert ("PTR001", "warning") == (result.findings[0].code, result.findings[0].severity)


def test_the_legacy_form_goes_to_the_first_session() -> None:
    result = plan(legacy("100"), [MON, TUE])
    assert {MON: (AppliedFlow(MON, FlowKind.LEGACY, 10_000),)} == dict(result.by_session)
    assert FlowPlan({}) == plan(legacy("100"), [])
    assert FlowPlan({}) == plan(legacy("0"), [MON])


@pytest.mark.parametrize(
    ("listed", "kind"),
    [(config({MON: "100"}), FlowKind.DATED), (legacy("100"), FlowKind.LEGACY)],
)
def test_what_an_interrupted_run_posted_is_not_posted_again(listed, kind) -> None:
    posted = AppliedFlow(MON, kind, 10_000, is_in_export=True)
    result = plan(listed, [TUE], last=MON, unfinished=[posted])
    assert FlowPlan({}, (posted,)) == result


def test_a_finished_flow_of_the_same_day_does_not_hide_a_new_one() -> None:
    result = plan(config({MON: "100"}), [TUE], last=MON)
    assert {TUE: (dated(MON, 10_000),)} == dict(result.by_session)


@pytest.mark.parametrize(
    ("listed", "kind"), [(config({MON: "99"}), FlowKind.DATED), (legacy("99"), FlowKind.LEGACY)]
)
def test_an_amount_changed_after_an_interrupted_run_is_refused(listed, kind) -> None:
    posted = AppliedFlow(MON, kind, 10_000)
    with pytest.raises(BooksMismatchError, match=r"2026-01-05[\s\S]*100\.00[\s\S]*99\.00"):
        plan(listed, [TUE], last=MON, unfinished=[posted])


def test_a_transfer_in_the_export_is_the_same_money(make_line) -> None:
    flows = [dated(MON, 700), dated(SAT, 300)]
    lines = [make_line(Effect.DEPOSIT, net=1500), make_line(Effect.WITHDRAWAL, net=-500)]
    matched = match_transfers(flows, lines, session=MON)
    assert [True, True] == [flow.is_in_export for flow in matched]
    assert [700, 300] == [flow.fen for flow in matched]


def test_without_transfers_the_flows_stand(make_line) -> None:
    flows = (dated(MON, 700),)
    assert flows == match_transfers(flows, [make_line(Effect.INTEREST, net=5)], session=MON)
    assert () == match_transfers([], [make_line(Effect.DEPOSIT, net=5)], session=MON)


def test_transfers_of_another_total_are_refused(make_line) -> None:
    lines = [make_line(Effect.DEPOSIT, net=1500)]
    with pytest.raises(BooksMismatchError, match=r"expected: 15\.00[\s\S]*found: 7\.00"):
        match_transfers([dated(MON, 700)], lines, session=MON)


def test_applied_flows_move_to_processed_and_the_rest_stays() -> None:
    data = {"note": 1, "cashflows": {"2026-01-03": 100.5, "2026-03-01": 7}, "processed": {}}
    moved = archived_form(data, [dated(SAT, 10_050)])
    assert {
        "note": 1,
        "cashflows": {"2026-03-01": 7},
        "processed": {"2026-01-03": 100.5},
    } == moved
    assert ["note", "cashflows", "processed"] == list(moved)
    assert "2026-01-03" in data["cashflows"]


def test_a_second_flow_of_a_day_is_added() -> None:
    data = {"cashflows": {"2026-01-05": "0.10"}, "processed": {"2026-01-05": 0.2}}
    assert {"cashflows": {}, "processed": {"2026-01-05": 0.3}} == archived_form(
        data, [dated(MON, 10)]
    )


def test_the_legacy_form_is_set_to_zero_and_remembered() -> None:
    moved = archived_form({"cash_flow_today": 5000}, [AppliedFlow(MON, FlowKind.LEGACY, 500_000)])
    assert {"cash_flow_today": 0, "processed": {"2026-01-05": 5000}} == moved

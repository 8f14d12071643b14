from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from quantpits.config import PretradeConfig
from quantpits.errors import OrderError, UsageError
from quantpits.orders.inputs import Evening, MarketFacts
from quantpits.orders.plan import make_plan
from quantpits.orders.pretrade import (
    CHECK_CODES,
    PretradeFacts,
    check_overrides,
    pretrade_checks,
    pretrade_findings,
    refuse_stopped,
)

HELD = {"SH600000": 1_000, "SH600001": 1_000, "SZ300001": 1_000}


@pytest.fixture
def make_facts(make_inputs):
    """A sale of SZ300001, a purchase of SH600002, and what the checks look at."""

    def make(*, agreement=None, differences=(), inputs=None, **changes):
        if inputs is None:
            inputs = make_inputs(held=HELD, cash_fen=0)
        count = len(inputs.instruments)
        facts = {
            "last_close_fen": inputs.close_fen.copy(),
            "adv_fen": np.full(count, 1e9),
            "is_limit_up": np.zeros(count, dtype=bool),
            "is_limit_down": np.zeros(count, dtype=bool),
        }
        for name, values in changes.items():
            for instrument, value in values.items():
                facts[name][inputs.instruments.index(instrument)] = value
        return PretradeFacts(
            evening=Evening(inputs, MarketFacts(**facts)),
            plan=make_plan(inputs),
            agreement=agreement or {},
            book_differences=tuple(differences),
        )

    return make


def check(facts, code, limits=None, **request):
    outcomes = pretrade_checks(facts, limits or PretradeConfig(), **request)
    assert list(CHECK_CODES) == [each.code for each in outcomes]
    return next(each for each in outcomes if each.code == code)


def test_turnover_is_half_of_all_trades(make_facts):
    found = check(make_facts(), "PRE001")
    # 1000 shares sold at 10.00, 700 bought: 17,000 of 30,000, and half of it
    assert pytest.approx(8_500 / 30_000) == found.value
    assert "passed" == found.status
    assert "half of all trades is 28.3% of the account" == found.message


def test_the_largest_position_after_the_orders(make_facts):
    found = check(make_facts(last_close_fen={"SH600001": 3_000}), "PRE002")
    assert pytest.approx(3 / 5) == found.value
    assert "warned" == found.status
    assert "SH600001 would be 60.0% of the account, the largest position" == found.message
    assert found.words().endswith("(warns above 20.0%)")


def test_of_equal_positions_the_lower_code_is_told(make_facts):
    assert check(make_facts(), "PRE002").message.startswith("SH600000")


def test_an_order_against_what_is_traded(make_facts):
    facts = make_facts(adv_fen={"SZ300001": 1e7, "SH600002": 5e6})
    found = check(facts, "PRE003")
    assert pytest.approx(0.14) == found.value  # 700 shares at 10.00 of 50,000
    assert "warned" == found.status
    assert found.message == (
        "SH600002: the order is 14.00% of what is traded on an average day; above the limit too: "
        "'SZ300001'"
    )
    off = PretradeConfig(adv_share={"warn": None, "stop": None})
    assert "above the limit" not in check(facts, "PRE003", off).message


def test_an_order_that_the_market_cannot_take_stops(make_facts):
    facts = make_facts(adv_fen={"SH600002": 2e6})
    assert "stopped" == check(facts, "PRE003").status
    outcomes = pretrade_checks(facts, PretradeConfig())
    with pytest.raises(OrderError, match=r"(?s)PRE003.*35.00%.*--override PRE003") as caught:
        refuse_stopped(outcomes)
    assert 4 == caught.value.exit_code
    allowed = pretrade_checks(facts, PretradeConfig(), overrides=("PRE003",))
    refuse_stopped(allowed)
    (finding,) = [each for each in pretrade_findings(allowed) if each.code == "PRE003"]
    assert "warning" == finding.severity
    assert finding.message.endswith("(stops above 25.0%, overridden)")


def test_a_market_without_volumes_is_told_and_stops_nothing(make_facts, make_inputs):
    inputs = make_inputs(held=HELD, cash_fen=0)
    facts = make_facts(inputs=inputs, adv_fen=dict.fromkeys(inputs.instruments, np.nan))
    found = check(facts, "PRE003")
    assert ("unknown", None) == (found.status, found.value)
    (finding,) = [
        each
        for each in pretrade_findings(pretrade_checks(facts, PretradeConfig()))
        if each.code == "PRE003"
    ]
    assert "info" == finding.severity


def test_shares_at_their_limit_are_named(make_facts):
    facts = make_facts(
        is_limit_up={"SH600002": True, "SZ300001": True, "SH688001": True},
        is_limit_down={"SZ300001": True, "SH600002": True},
    )
    found = check(facts, "PRE004")
    assert (2.0, "warned") == (found.value, found.status)
    assert found.message == (
        "'SH600002': to be bought, and closed limit-up; "
        "'SZ300001': to be sold, and closed limit-down"
    )
    assert found.words().endswith("(warns above 0)")


def test_what_cannot_be_sold_is_weighed(make_facts, make_inputs):
    inputs = make_inputs(held=HELD, cash_fen=0, closes={"SZ300001": 0})
    facts = make_facts(inputs=inputs, last_close_fen={"SZ300001": 2_000})
    found = check(facts, "PRE005")
    assert (0.5, "warned") == (found.value, found.status)
    assert "'SZ300001': no trading, 50.0% of the account" == found.message


def test_models_that_would_do_otherwise_are_counted(make_facts):
    facts = make_facts(agreement={"SZ300001": 0.5, "SH600002": 0.0, "SH688001": 1.0})
    found = check(facts, "PRE006")
    assert (0.75, "passed") == (found.value, found.status)
    assert found.message == (
        "on average 75% of the models would do otherwise; no model alone wants 'SH600002'"
    )
    assert "stopped" == check(facts, "PRE006", PretradeConfig(disagreement={"stop": 0.7})).status
    assert "unknown" == check(make_facts(), "PRE006").status


@pytest.mark.parametrize(
    ("word", "status"), [("stop", "stopped"), ("warn", "warned"), ("off", "passed")]
)
def test_a_book_that_is_not_the_ledgers(make_facts, word, status):
    facts = make_facts(differences=["cash: 1.00 in the books, 2.00 stated"])
    limits = PretradeConfig(books=word)
    found = check(facts, "PRE007", limits)
    assert status == found.status
    assert "is not what post-trade wrote: cash: 1.00" in found.message
    if status == "stopped":
        with pytest.raises(OrderError, match="quantpits ledger adopt"):
            refuse_stopped([found])


def test_nothing_to_trade_passes_everything(make_facts, make_inputs):
    inputs = make_inputs(held=dict.fromkeys(("SH600000", "SH600001", "SH600002"), 100))
    outcomes = pretrade_checks(make_facts(inputs=inputs), PretradeConfig())
    assert {"passed"} == {each.status for each in outcomes}
    assert () == pretrade_findings(outcomes)


def test_an_account_without_value_is_not_divided_by(make_facts, make_inputs):
    inputs = make_inputs(held=HELD, cash_fen=-1)
    facts = make_facts(inputs=inputs, last_close_fen=dict.fromkeys(HELD, 0))
    assert ("unknown", None) == (
        check(facts, "PRE001").status,
        check(facts, "PRE001").value,
    )
    assert 0.0 == check(facts, "PRE002").value
    stuck = make_inputs(held=HELD, cash_fen=-1, closes=dict.fromkeys(HELD, 0))
    facts = make_facts(inputs=replace(stuck, cash_fen=-1))
    assert 1.0 == check(facts, "PRE005").value


def test_only_checks_can_be_overridden():
    check_overrides(("PRE001", "PRE007"))
    with pytest.raises(UsageError, match=r"(?s)no check 'ORD001', 'pre001'.*PRE001 turnover"):
        check_overrides(("ORD001", "pre001"))

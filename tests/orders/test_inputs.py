from __future__ import annotations

import numpy as np
import pytest

from quantpits.config import resolve_strategy
from quantpits.errors import MissingDataError
from quantpits.market import load_calendar, resolve_market
from quantpits.orders.inputs import deposits_due, load_evening, scores_of_members
from quantpits.orders.plan import session_rules
from tests.orders.conftest import ANCHOR, MEMBERS, OUTSIDE, TRADE_DATE


def evening(lab, *, adv_sessions=5):
    workspace = lab.workspace
    market = resolve_market(workspace)
    prod_config = workspace.prod_config()
    settings, _ = resolve_strategy(
        workspace.strategy_config(), workspace.model_config(), prod_config
    )
    return load_evening(
        market,
        load_calendar(market),
        prod_config=prod_config,
        settings=settings,
        deposits_fen=7,
        adv_sessions=adv_sessions,
    )


def at(found, instrument):
    return found.inputs.instruments.index(instrument)


def test_the_universe_and_the_whole_book_are_there_without_scores(lab):
    lab.books({OUTSIDE: 130})
    inputs = evening(lab).inputs
    assert tuple(sorted((*MEMBERS, OUTSIDE))) == inputs.instruments
    assert np.isnan(inputs.scores).all()
    assert not inputs.is_member[inputs.instruments.index(OUTSIDE)]
    assert 130 == inputs.held_shares[inputs.instruments.index(OUTSIDE)]
    assert (ANCHOR, TRADE_DATE, 7) == (inputs.anchor_date, inputs.trade_date, inputs.deposits_fen)
    assert {1_000} == set(inputs.close_fen.tolist())


def test_an_average_day_counts_the_days_that_traded(lab):
    lab.field("SH600000", "amount", [9e9, 1e6, 2e6, np.nan, 3e6, 4e6])
    lab.field("SH600000", "volume", [1.0, 1.0, 1.0, np.nan, 1.0, 1.0])
    lab.field("SH600001", "volume", [100.0])
    adv = evening(lab, adv_sessions=4).facts.adv_fen
    names = evening(lab).inputs.instruments
    assert 3e8 == adv[names.index("SH600000")]
    assert 100 * 1_000 == adv[names.index("SH600001")]
    assert np.isnan(adv[names.index("SH600002")])


def test_who_closed_at_the_limit_is_known(lab):
    lab.field("SH600000", "close", [10.0, 11.0])
    lab.field("SH600001", "close", [10.0, 9.0])
    lab.field("SZ300001", "close", [10.0, 11.0])  # its limit is 20 %
    # adjusted prices: 20.00 before a bonus of one for one, 11.00 after it, 10.00 in theory
    lab.field("SH600002", "close", [20.0, 22.0])
    lab.field("SH600002", "factor", [1.0, 2.0])
    found = evening(lab)
    assert ["SH600000", "SH600002"] == named(found, found.facts.is_limit_up)
    assert ["SH600001"] == named(found, found.facts.is_limit_down)


def named(found, mask):
    return [found.inputs.instruments[place] for place in np.flatnonzero(mask)]


def test_with_one_session_nothing_is_known_of_limits(lab):
    found = evening(lab, adv_sessions=250)
    assert [] == named(found, found.facts.is_limit_up)
    calendar = lab.market / "calendars"
    (calendar / "day.txt").write_text(f"{ANCHOR}\n")
    for member in MEMBERS:
        lab.n_sessions = 1
        lab.field(member, "close", [10.0])
        lab.field(member, "factor", [1.0])
    found = evening(lab)
    assert [] == named(found, found.facts.is_limit_up)


def test_a_risk_warned_share_has_its_narrow_limit(lab):
    lab.field("SH600000", "is_st", [1.0])
    found = evening(lab)
    assert ["SH600000"] == named(found, found.inputs.is_st)
    rules = session_rules(found.inputs)
    assert (1_050, 950) == (
        rules.worst_buy_fen[at(found, "SH600000")],
        rules.worst_sell_fen[at(found, "SH600000")],
    )
    assert 1_100 == rules.worst_buy_fen[at(found, "SH600001")]


def test_a_share_in_its_first_sessions_has_no_limit(lab):
    lab.field("SZ300001", "close", [10.0])
    path = lab.market / "features" / "sz300001" / "close.day.bin"
    begin = np.float32(lab.n_sessions - 2)
    path.write_bytes(np.array([begin, 10.0, 10.0], dtype="<f4").tobytes())
    found = evening(lab)
    assert 3 == found.inputs.sessions_listed[at(found, "SZ300001")]
    assert session_rules(found.inputs).limit_up_fen[at(found, "SZ300001")] == 0


def test_a_holding_suspended_for_long_keeps_its_last_close(lab):
    lab.books({"SH600000": 100})
    lab.field("SH600000", "close", [12.0, *[np.nan] * 15])
    lab.field("SH600001", "close", [12.0, *[np.nan] * 15])
    facts = evening(lab).facts
    names = evening(lab).inputs.instruments
    assert 1_200 == facts.last_close_fen[names.index("SH600000")]
    assert 0 == facts.last_close_fen[names.index("SH600001")]  # not held: nobody needs it


def test_a_holding_without_any_price_is_named_with_what_to_do(lab):
    lab.books({"SH600999": 100})
    with pytest.raises(MissingDataError, match=r"(?s)SH600999.*current_holding"):
        evening(lab)


def test_deposits_are_due_after_the_books_and_by_the_trade_date(lab):
    flows = {"2026-01-30": 1, "2026-01-31": 2, "2026-02-02": "0.50", "2026-02-03": 4}
    lab.config("cashflow.json", {"cashflows": flows, "processed": {}})
    due, findings = deposits_due(
        lab.workspace.cashflow(), lab.workspace.prod_config(), trade_date=TRADE_DATE
    )
    assert 250 == due
    assert ["ORD011"] == [finding.code for finding in findings]


def test_scores_of_others_do_not_count():
    found = scores_of_members(
        {"A": 1.0, "X": 9.0}, ("A", "B", "X"), is_member=np.array([True, True, False])
    )
    assert "[1.0, nan, nan]" == str(found.tolist())

"""The setting: what of a workspace decides a backtest, and what stops it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from quantpits.backtest import qlib_calendar
from quantpits.backtest.simulation import simulate
from quantpits.errors import ConfigError, DataError, MissingDataError, UsageError
from quantpits.market import data_fingerprint
from quantpits.market.binary import encode_field, feature_file, read_field
from tests.backtest.conftest import INDEX, NAMES, SESSIONS, Lab

FIELDS = ("open", "high", "low", "close", "vwap", "volume", "factor", "bonus", "dividend", "change")


def tables(setting, first=0):
    """Every row of the market from `first` on, as lists; row 0 has no session to be sized from."""
    per_session = {
        name: values[first:].tolist()
        for name, values in setting.session.tables._asdict().items()
        if name not in {"minimum_shares", "step_shares", "rates", "era"}
    }
    for name in ("worst_sell", "worst_buy"):
        per_session[name] = per_session[name][1:]
    return per_session


def test_a_setting_is_made_of_the_workspace(lab):
    lab.strategy(params={"topk": 2, "n_drop": 1, "hold_thresh": 3, "risk_degree": 0.9})
    setting = lab.setting(reversed(NAMES), "2026-01-03", "2026-01-18")
    assert NAMES == setting.instruments
    assert (SESSIONS[:10] == setting.dates).all()
    assert (date(2026, 1, 5), date(2026, 1, 16)) == (setting.start, setting.end)
    assert ("next_session", "day", 10_000_000) == (
        setting.execution,
        setting.frequency,
        setting.account_fen,
    )
    assert 100_000.0 == setting.account_cny
    assert (2, 1, 3, 0.9, True) == (
        setting.rules.topk,
        setting.rules.n_drop,
        setting.rules.hold_thresh,
        setting.rules.risk_degree,
        setting.rules.corrected,
    )
    assert (4000.0 + 10 * np.arange(10)).tolist() == setting.benchmark_nav.tolist()
    assert [1000, 2000, 3000] == setting.session.tables.price[0].tolist()
    assert setting.qlib is None
    assert () == setting.findings
    assert [
        "Market: Qlib data (market)",
        "Dates: 2026-01-05 to 2026-01-16, 10 sessions, 3 instruments",
        (
            "Timing: next_session: signals known at a close trade in the next session, every "
            "session, at its close; valued every session"
        ),
        "Strategy: topk_dropout, TopK 2, DropN 1, risk degree 0.9",
        "Account: 100,000.00 CNY; rule book cn by board and date",
        (
            "Figures: net of all costs, compounded, 252 periods a year, risk-free 1.35% a year, "
            "drawdown from the initial capital on; excess over SH000300 geometric"
        ),
    ] == setting.description()


def test_a_setting_in_qlibs_timing_begins_with_the_step_before(lab):
    setting = lab.setting(start="2026-01-14", frequency="week", execution="qlib")
    assert setting.session is None
    assert SESSIONS[5] == setting.dates[0]
    assert [SESSIONS[10].item()] == setting.qlib.dates.tolist()
    assert 52 == setting.periods_per_year
    assert not setting.rules.corrected
    text = "\n".join(setting.description())
    assert "1 weekly steps" in text
    assert "as Qlib's executor does; for parity, not for choosing" in text
    assert "as Qlib has it (not corrected)" in text
    daily = lab.setting(execution="qlib")
    assert "15 daily steps" in daily.description()[1]
    assert (252, SESSIONS.size) == (daily.periods_per_year, daily.qlib.dates.size)


def test_the_weekly_frequency_comes_from_the_model_config(lab):
    lab.model(freq="week")
    assert "the first session of each ISO week" in lab.setting().description()[2]


@pytest.mark.parametrize("execution", ["next_session", "qlib"])
def test_costs_of_the_workspace_are_honoured(lab, execution):
    lab.strategy(exchange={"open_cost": 0.002, "close_cost": 0.003, "min_cost": 7})
    setting = lab.setting(execution=execution)
    if execution == "qlib":
        exchange = setting.qlib.exchange
        found = (exchange.open_cost, exchange.close_cost, exchange.min_cost)
        assert (0.002, 0.003, 7.0) == found
    else:
        # Purchase and sale commission [1e-8], its minimum [fen], no stamp duty, no transfer fee.
        assert [200_000, 300_000, 700, 0, 0] == setting.session.tables.rates[0, 0].tolist()
        assert "flat costs 0.200% / 0.300%, smallest fee 7 CNY" in setting.exchange


@pytest.mark.parametrize("execution", ["next_session", "qlib"])
def test_a_flat_limit_is_honoured(lab, execution):
    lab.strategy(exchange={"limit_threshold": 0.05})
    setting = lab.setting(execution=execution)
    if execution == "qlib":
        assert 0.05 == setting.qlib.exchange.limit_threshold
        assert "limit 5.00%" in setting.exchange
    else:
        assert [1050, 2100, 3150] == setting.session.tables.limit_up[1].tolist()
        assert "limit 5.00% for every board" in setting.exchange


@pytest.mark.parametrize("execution", ["next_session", "qlib"])
def test_the_price_to_trade_at_is_honoured(lab, execution):
    lab.field(NAMES[0], "open", np.full(SESSIONS.size, 9.5))
    lab.strategy(exchange={"deal_price": "open"})
    setting = lab.setting(execution=execution)
    market = setting.session if setting.qlib is None else setting.qlib
    expected = 950 if setting.qlib is None else 9.5
    assert expected == market.tables.price[1, 0]
    lab.strategy(exchange={"deal_price": "vwap"})
    with pytest.raises(MissingDataError, match="has no vwap to trade at"):
        lab.setting(execution=execution)


def test_warned_and_young_shares_have_their_own_limits(lab):
    lab.price(NAMES[2], np.full(SESSIONS.size - 5, 30.0), start=5)
    lab.field(NAMES[1], "is_st", np.ones(SESSIONS.size))
    setting = lab.setting()
    up = setting.session.tables.limit_up
    assert [1100, 2100, 0] == up[1].tolist()
    # Five sessions of a listing on ChiNext have no limit; it was listed in row 5.
    assert [0, 0, 0, 0, 0, 3600] == up[5:11, 2].tolist()


def test_a_window_equals_its_part_of_a_longer_market(lab):
    close = np.array([10.0] * 4 + [np.nan] * 3 + [10.5] * 8)
    dividend = np.zeros(SESSIONS.size)
    dividend[5] = 0.5  # paid while the share was suspended
    lab.price(NAMES[0], close, dividend=dividend)
    factor = np.append(np.ones(6), np.full(9, 1.25))
    lab.price(NAMES[1], np.full(SESSIONS.size, 20.0) * factor, factor=factor)
    whole = lab.setting()
    for first in range(1, 9):
        window = lab.setting(start=SESSIONS[first])
        assert tables(whole, first) == tables(window), first
        assert window.benchmark_nav.tolist() == whole.benchmark_nav[first:].tolist()
    assert 950 == lab.setting(start=SESSIONS[6]).session.tables.mark[0, 0]


@pytest.mark.parametrize("execution", ["next_session", "qlib"])
def test_nothing_after_the_end_is_read(tmp_path, synthetic, members, draw_scores, *, execution):
    copy = tmp_path / "changed"
    shutil.copytree(synthetic.folder, copy)
    days = {"start": "2020-06-01", "end": "2020-12-31"}
    setting = synthetic.setting(members, **days, execution=execution)
    sessions = np.loadtxt(copy / "calendars/day.txt", dtype="datetime64[D]")
    last = int(np.searchsorted(sessions, setting.dates[-1]))
    for name in (*members, "SH000999"):
        for field in FIELDS:
            path = copy / feature_file(name, field)
            values = read_field(path, 0, n_values=sessions.size)
            if values is None:
                continue
            begin = int(np.fromfile(path, dtype="<f4", count=1)[0])
            values[last + 1 :] *= 3
            path.write_bytes(encode_field(begin, values[begin:]))
    other = Lab(tmp_path / "Other", copy)
    shutil.copytree(synthetic.workspace.config_dir, other.workspace.config_dir, dirs_exist_ok=True)
    other.config("market.yaml", f"provider: qlib\nprovider_uri: {copy}\nregion: cn\n")
    changed = other.setting(members, **days, execution=execution)
    scores = draw_scores(setting)
    ours, theirs = simulate(setting, scores), simulate(changed, scores)
    assert ours.nav.tolist() == theirs.nav.tolist()
    assert ours.cost.sum() > 0
    assert setting.benchmark_nav.tolist() == changed.benchmark_nav.tolist()


def test_equal_settings_have_equal_fingerprints_and_others_do_not(lab):
    def fingerprint(**given):
        return lab.setting(**given).fingerprint

    first = fingerprint()
    assert first == fingerprint(instruments=reversed(NAMES), start="2026-01-01")
    found = {
        first,
        fingerprint(end="2026-01-20"),
        fingerprint(instruments=NAMES[:2]),
        fingerprint(frequency="week"),
        fingerprint(execution="qlib"),
    }
    changes = (
        {"params": {"risk_degree": 0.5}},
        {"exchange": {"open_cost": 0.001, "close_cost": 0.001}},
        {"exchange": {"limit_threshold": 0.05}},
        {"exchange": {"deal_price": "open"}},
        {"account": 200_000},
    )
    for change in changes:
        lab.strategy(**change)
        found |= {fingerprint(), fingerprint(execution="qlib")}
    lab.strategy()
    lab.price("SH000905", np.full(SESSIONS.size, 5000.0))
    found.add(fingerprint())  # the market has other files
    lab.model(benchmark="SH000905")
    found.add(fingerprint())
    assert 5 + 2 * len(changes) + 2 == len(found)
    assert all(len(each) == len(data_fingerprint(lab.setting().market)) for each in found)


def test_a_gap_of_the_benchmark_is_bridged_and_reported(lab):
    levels = 4000.0 + 10 * np.arange(SESSIONS.size)
    levels[[0, 7]] = np.nan
    lab.price(INDEX, levels)
    setting = lab.setting(start=SESSIONS[2])
    assert 4060.0 == setting.benchmark_nav[5]
    assert ["BKT001"] == [finding.code for finding in setting.findings]
    assert "in 1 sessions" in setting.findings[0].message


def test_where_files_disagree_is_told(lab):
    lab.model(TopK=3)
    assert ["CFG001"] == [finding.code for finding in lab.setting().findings]


def test_the_buffer_rule_stays_corrected_in_qlibs_timing(lab):
    lab.config("strategy_config.yaml", {"strategy": {"name": "topk_buffer", "params": {"topk": 1}}})
    assert lab.setting(execution="qlib").rules.corrected


@pytest.mark.parametrize(
    ("given", "error", "match"),
    [
        ({"instruments": ()}, MissingDataError, "has no instrument"),
        ({"start": "2026-01-20", "end": "2026-01-10"}, UsageError, "wrong way round"),
        ({"start": "2026-01-10", "end": "2026-01-11"}, MissingDataError, "No session with data"),
        (
            {"start": "2030-01-10", "end": "2030-01-11"},
            MissingDataError,
            "2026-01-05 to 2026-01-23",
        ),
        ({"instruments": ("SH600000", "SH600999")}, MissingDataError, "SH600999"),
        ({"instruments": ("SH600000", INDEX)}, DataError, "no board"),
    ],
)
def test_what_stops_a_setting(lab, given, error, match):
    with pytest.raises(error, match=match):
        lab.setting(**given)


def test_more_names_than_there_are_cannot_be_held(lab):
    lab.strategy(params={"topk": 4})
    with pytest.raises(UsageError, match=r"TopK is larger than the universe[\s\S]*at most 3"):
        lab.setting()


@pytest.mark.parametrize("execution", ["next_session", "qlib"])
def test_a_market_without_prices_stops(lab, execution):
    for name in NAMES:
        lab.price(name, np.full(SESSIONS.size, np.nan))
    with pytest.raises(MissingDataError, match="No instrument has a price"):
        lab.setting(execution=execution)
    with pytest.raises(MissingDataError, match="SH600999"):
        lab.setting((*NAMES, "SH600999"), execution=execution)


def test_one_flat_cost_alone_stops(lab):
    lab.strategy(exchange={"open_cost": 0.001})
    with pytest.raises(DataError, match="only one of them is set"):
        lab.setting()


def test_an_unknown_price_to_trade_at_is_refused_with_the_file(lab):
    lab.strategy(exchange={"deal_price": "bid"})
    with pytest.raises(ConfigError, match="deal_price"):
        lab.setting()


def test_qlibs_timing_needs_a_session_after_the_end(lab, monkeypatch):
    lab.calendar(future=None)
    assert lab.setting(execution="qlib").qlib.dates.size == SESSIONS.size
    nothing = np.empty(0, dtype="datetime64[D]")
    monkeypatch.setattr(qlib_calendar, "public_sessions", lambda *_, **__: nothing)
    with pytest.raises(DataError, match="spare session"):
        lab.setting(execution="qlib")


def test_a_setting_can_be_replaced_in_parts(lab):
    setting = lab.setting()
    assert replace(setting, benchmark="X").fingerprint == setting.fingerprint

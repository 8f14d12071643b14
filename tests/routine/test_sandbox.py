"""A sandbox sees the market up to its anchor, and can change nothing outside itself."""

from __future__ import annotations

import json
from datetime import date

import pytest

from quantpits.config import parse_yaml_text
from quantpits.errors import WorkspaceError
from quantpits.market import load_calendar, load_quotes, resolve_market
from quantpits.routine.sandbox import (
    SandboxTerms,
    advance_market,
    make_sandbox,
    remove_sandbox,
)

from .conftest import make_workspace

OPENING = date(2021, 3, 5)


@pytest.fixture
def live(tmp_path, eventful):
    return make_workspace(tmp_path / "Live", eventful[0])


def terms(**changes) -> SandboxTerms:
    facts = {"opening": OPENING, "cash_fen": 12_345_67, "flows": {}, "with_models": False}
    return SandboxTerms(**(facts | changes))


def make(live, **changes):
    market = resolve_market(live)
    target = live.root.with_name("sandbox")
    return make_sandbox(live, target, market=market, terms=terms(**changes)), market


def test_market_ends_at_the_anchor_and_goes_on(live):
    sandbox, market = make(live)
    view = resolve_market(sandbox)
    calendar, whole = load_calendar(view), load_calendar(market)
    assert OPENING == calendar.last_session
    assert whole.future.tolist() == calendar.future.tolist()
    assert (market.label, market.region, True) == (view.label, view.region, view.is_synthetic)
    advance_market(sandbox, market, through=date(2021, 3, 12))
    assert date(2021, 3, 12) == load_calendar(view).last_session
    quotes = load_quotes(view, ["SH608000"], date(2021, 3, 1), date(2021, 5, 1), fields=("close",))
    assert date(2021, 3, 12) == quotes.dates[-1].item()


def test_account_opens_with_cash_alone(live):
    sandbox, _ = make(live, flows={date(2021, 3, 20): "30000.5"})
    config = sandbox.prod_config()
    assert (OPENING, (), "12345.67") == (
        config.cursor,
        tuple(config.current_holding),
        f"{config.current_cash:.2f}",
    )
    assert {date(2021, 3, 20): 30000.5} == {
        day: float(amount) for day, amount in sandbox.cashflow().cashflows.items()
    }


def test_own_settings_are_kept_and_nothing_stops_the_orders(live):
    (live.config_dir / "broker_types.yaml").write_text(
        "types:\n  账户管理费: fee\n", encoding="utf-8"
    )
    (live.config_dir / "pretrade.yaml").write_text(
        "turnover: {warn: 0.1, stop: 0.2}\nadv_sessions: 5\n", encoding="utf-8"
    )
    sandbox, _ = make(live)
    types = parse_yaml_text((sandbox.config_dir / "broker_types.yaml").read_text("utf-8"), "")
    assert ("fee", "shares_out") == (
        types["types"]["账户管理费"],
        types["types"]["上海A股股份合并"],
    )
    limits = parse_yaml_text((sandbox.config_dir / "pretrade.yaml").read_text("utf-8"), "")
    assert {"warn": 0.1, "stop": None} == limits["turnover"]
    assert (None, 5) == (limits["adv_share"]["stop"], limits["adv_sessions"])


def test_models_come_along_only_where_they_are_used(live):
    (live.mlruns_dir / "artifacts").mkdir(parents=True)
    (live.mlruns_dir / "artifacts" / "model.pkl").write_bytes(b"model")
    live.records_path.write_text("{}", encoding="utf-8")
    plain, _ = make(live)
    assert not plain.records_path.exists()
    assert not (plain.config_dir / "ensemble_config.json").exists()
    remove_sandbox(plain.root)
    trained, _ = make(live, with_models=True)
    assert b"model" == (trained.mlruns_dir / "artifacts" / "model.pkl").read_bytes()
    assert trained.records_path.is_file()
    assert (trained.config_dir / "ensemble_config.json").is_file()


def test_what_a_killed_run_left_is_made_again(live):
    leftover = live.root.with_name("sandbox.making")
    leftover.mkdir()
    sandbox, _ = make(live)
    assert not leftover.exists()
    state = sandbox.prod_config_path
    state.write_text(
        json.dumps(json.loads(state.read_text("utf-8")) | {"current_cash": 1}), encoding="utf-8"
    )
    again, _ = make(live)
    assert 1 == again.prod_config().current_cash


def test_only_a_sandbox_is_used_or_removed(live):
    target = live.root.with_name("sandbox")
    remove_sandbox(target)
    target.mkdir()
    with pytest.raises(WorkspaceError, match="no paper loop made it"):
        make(live)
    with pytest.raises(WorkspaceError, match="Only a folder that a paper loop made"):
        remove_sandbox(target)


def test_market_without_names_or_metadata_is_linked_too(live, tmp_path, eventful):
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("features", "instruments", "calendars"):
        (bare / name).symlink_to(eventful[0] / name)
    (live.config_dir / "market.yaml").write_text(f"provider_uri: {bare}\n", encoding="utf-8")
    sandbox, market = make(live)
    assert market.label == resolve_market(sandbox).label

from __future__ import annotations

import csv
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from quantpits.errors import (
    ConfigError,
    CorruptArtifactError,
    DataError,
    MissingArtifactError,
    MissingDataError,
    OrderError,
    StaleArtifactError,
    UsageError,
    WorkspaceLockedError,
)
from quantpits.market.metadata import MarketMetadata, encode_metadata
from quantpits.orders import OrderRequest
from quantpits.orders.step import run
from quantpits.trading import fen_to_cny
from quantpits.workspace import writer_lock
from tests.orders.conftest import ANCHOR, MEMBERS, OUTSIDE, SCORES, TRADE_DATE

_OWN_TESTS = ("PRE", "OPN")


def codes(report):
    """Return the codes without those of the checks before trading and of the opinions."""
    return [each.code for each in report.findings if not each.code.startswith(_OWN_TESTS)]


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_default_ensemble_becomes_orders(lab):
    lab.predict()
    report = run(lab.workspace, OrderRequest())
    assert (ANCHOR, TRADE_DATE) == (report.anchor_date, report.trade_date)
    assert list(MEMBERS[:3]) == [o.instrument for o in report.orders if o.role == "primary"]
    assert [] == codes(report)
    assert report.changed
    sell, buy, *_, plan = report.outputs
    assert "sell_suggestion_ensemble_2026-02-02.csv" == sell.name
    assert [] == rows_of(sell)
    rows = rows_of(buy)
    primaries = [row for row in rows if row["role"] == "primary"]
    assert sum(float(row["estimated_amount"]) for row in primaries) <= 1_000_000
    assert {"2026-02-02"} == {row["datetime"] for row in rows}
    assert "order_plan_ensemble_2026-02-02.json" == plan.name
    assert (lab.workspace.manifests_dir / "orders_ensemble_2026-02-02.json").is_file()


def test_provenance_is_told(lab):
    lab.predict()
    lines = "\n".join(run(lab.workspace, OrderRequest()).summary())
    assert "order_sheet_ensemble_2026-02-02.html" in lines
    assert "combo A, manual of gru 0.250, mlp 0.750" in lines
    assert "trained through 2026-01-02 and an unknown day" in lines
    assert "Scores of 2026-01-30" in lines


def test_running_twice_changes_no_byte(lab):
    lab.predict()
    lab.books({"SH600000": 100, "SZ300001": 100})
    assert run(lab.workspace, OrderRequest()).changed
    before = lab.files()
    again = run(lab.workspace, OrderRequest())
    assert not again.changed
    assert before == lab.files()


def test_a_dry_run_writes_nothing(lab):
    lab.predict()
    before = lab.files()
    report = run(lab.workspace, OrderRequest(dry_run=True))
    assert before == lab.files()
    assert ((), False) == (report.outputs, report.changed)
    assert report.orders


def test_a_dry_run_takes_no_lock_and_a_real_one_waits_for_nobody(lab, monkeypatch):
    lab.predict()

    def refuse(workspace, command):
        raise WorkspaceLockedError("Another command is writing.", where=command)

    monkeypatch.setattr("quantpits.orders.step.writer_lock", refuse)
    run(lab.workspace, OrderRequest(dry_run=True))
    with pytest.raises(WorkspaceLockedError, match="Another command"):
        run(lab.workspace, OrderRequest())


def test_it_runs_inside_the_lock_of_its_command(lab):
    lab.predict()
    with writer_lock(lab.workspace, "orders"):
        assert run(lab.workspace, OrderRequest()).changed


def test_output_dir_is_taken_from_the_workspace(lab):
    lab.predict()
    report = run(lab.workspace, OrderRequest(output_dir=Path("elsewhere")))
    assert {lab.workspace.root / "elsewhere"} == {path.parent for path in report.outputs}


@pytest.mark.parametrize("column", ["0", "score"])
def test_a_model_is_followed_whatever_its_score_column_is_called(lab, column):
    """Fault 5: order_gen --model died of KeyError 'score', the column being called 0."""
    lab.predict_bare("gru_2026-01-30.csv", column=column)
    report = run(lab.workspace, OrderRequest(model="gru"))
    assert "gru" == report.provenance.label
    assert "buy_suggestion_gru_2026-02-02.csv" == report.outputs[1].name
    assert ["ORD010"] == codes(report)


def test_names_are_exact(lab):
    """Fault 29: gru_* matched gru_Alpha360_*, ensemble_A_* matched combo A_B."""
    lab.predict("gru_Alpha360")
    lab.predict("ensemble_A_B")
    with pytest.raises(MissingArtifactError, match="no prediction 'gru'"):
        run(lab.workspace, OrderRequest(model="gru"))
    with pytest.raises(MissingArtifactError, match="no prediction 'ensemble_A'"):
        run(lab.workspace, OrderRequest(combo="A"))
    with pytest.raises(MissingArtifactError, match="no prediction 'ensemble'"):
        run(lab.workspace, OrderRequest())


def test_a_combo_is_followed_under_its_own_name(lab):
    lab.predict("ensemble_B", dict(zip(MEMBERS, range(6), strict=True)))
    report = run(lab.workspace, OrderRequest(combo="B"))
    assert "SZ300001" == report.orders[0].instrument
    assert "sell_suggestion_ensemble_B_2026-02-02.csv" == report.outputs[0].name


@pytest.mark.parametrize("is_absolute", [True, False])
def test_a_file_is_followed_as_custom(lab, is_absolute):
    path = lab.predict_bare("mine.csv")
    given = path if is_absolute else path.relative_to(lab.workspace.root)
    report = run(lab.workspace, OrderRequest(prediction_file=given))
    assert "custom" == report.provenance.label
    assert "nothing vouches" in "\n".join(report.summary())


def test_flags_that_lose_are_told(lab):
    path = lab.predict_bare("mine.csv")
    request = OrderRequest(prediction_file=path, model="gru", combo="A")
    report = run(lab.workspace, request)
    assert ["ORD012", "ORD012", "ORD010"] == codes(report)
    assert report.findings[0].message.startswith("--model has no effect")


def test_a_missing_file_is_refused(lab):
    with pytest.raises(MissingArtifactError, match="no such prediction"):
        run(lab.workspace, OrderRequest(prediction_file=Path("none.csv")))


def test_a_name_that_leaves_the_folder_is_refused(lab):
    with pytest.raises(UsageError, match="file name"):
        run(lab.workspace, OrderRequest(model="../secret"))


def test_an_older_prediction_is_stale(lab):
    """Fault 27: the file name carried another date than its content and nobody looked."""
    lab.predict(anchor=date(2026, 1, 23), last=date(2026, 1, 23))
    with pytest.raises(StaleArtifactError, match=r"(?s)not one of.*latest was made on 2026-01-23"):
        run(lab.workspace, OrderRequest())
    assert {} == {p: b for p, b in lab.files().items() if "suggestion" in p.name}


def test_a_prediction_that_ends_before_its_name_is_stale(lab):
    lab.predict(last=ANCHOR - timedelta(days=1))
    with pytest.raises(StaleArtifactError, match="does not end with the market's last session"):
        run(lab.workspace, OrderRequest())


@pytest.mark.parametrize(
    "meta", [{"anchor_date": date(2026, 1, 23)}, {"market_label": "SYNTHETIC market"}]
)
def test_a_prediction_for_another_anchor_or_market_is_stale(lab, meta):
    lab.predict(**meta)
    with pytest.raises(StaleArtifactError, match="another label, anchor or market") as caught:
        run(lab.workspace, OrderRequest())
    assert 3 == caught.value.exit_code


def test_an_edited_prediction_is_corrupt(lab):
    """Fault 28, in part: whatever overwrote the tradable file, its provenance must be of it."""
    path = lab.predict()
    path.write_text(path.read_text().replace("SH600000", "SH600003"))
    with pytest.raises(CorruptArtifactError, match="not the one its provenance describes"):
        run(lab.workspace, OrderRequest())


def test_books_behind_the_market_are_stale(lab):
    lab.predict()
    lab.books(day=date(2026, 1, 29))
    with pytest.raises(StaleArtifactError, match=r"(?s)books end before.*run prod_post_trade"):
        run(lab.workspace, OrderRequest())


def test_books_ahead_of_the_market_are_stale(lab):
    lab.predict()
    lab.books(day=date(2026, 2, 2))
    with pytest.raises(StaleArtifactError, match="ahead of the market data"):
        run(lab.workspace, OrderRequest())


def test_negative_cash_stops_trading(lab):
    lab.predict()
    lab.books(cash=-0.01)
    with pytest.raises(OrderError, match="negative") as caught:
        run(lab.workspace, OrderRequest())
    assert 4 == caught.value.exit_code


def test_fractional_holdings_are_refused(lab):
    lab.predict()
    lab.books({"SH600000": "100.5"})
    with pytest.raises(ConfigError, match="current_holding"):
        run(lab.workspace, OrderRequest())


def test_an_unknown_holding_is_refused(lab):
    lab.predict()
    lab.books({"SH600999": 100})
    with pytest.raises(MissingDataError, match="SH600999"):
        run(lab.workspace, OrderRequest())


def test_an_empty_position_is_no_position(lab):
    lab.predict()
    lab.books({"SH600999": 0})
    assert 0 == run(lab.workspace, OrderRequest()).totals.n_held


def test_an_unknown_universe_is_refused(lab):
    lab.predict()
    lab.books(market="csi300")
    with pytest.raises(DataError, match="csi300"):
        run(lab.workspace, OrderRequest())


def test_prices_missing_everywhere_are_refused(lab):
    lab.predict()
    for name in MEMBERS:
        lab.suspend(name)
    with pytest.raises(MissingDataError, match="has a price"):
        run(lab.workspace, OrderRequest())


def test_scores_of_another_market_are_refused(lab):
    lab.predict(scores={"AAPL": 1.0})
    with pytest.raises(DataError, match="No member of the universe has a score"):
        run(lab.workspace, OrderRequest())


def test_uncovered_and_suspended_holdings_are_named(lab):
    """Fault 35: such holdings were invisible, so the book grew and they were never sold."""
    lab.predict(scores={name: score for name, score in SCORES.items() if name != "SZ000001"})
    lab.suspend("SZ300001")
    lab.books({OUTSIDE: 130, "SZ000001": 100, "SZ300001": 100})
    report = run(lab.workspace, OrderRequest())
    assert ["ORD001", "ORD002", "ORD003", "ORD006"] == codes(report)
    (sale,) = rows_of(report.outputs[0])
    # both unscored ones rank last, the higher code after the lower; DropN is one
    assert ("SZ000001", "", "", "no score") == (
        sale["instrument"],
        sale["score"],
        sale["rank"],
        sale["reason"],
    )
    assert 1 == report.totals.n_buy
    assert 3 == report.totals.n_hold + report.totals.n_buy


def test_deposits_due_by_the_trade_date_count(lab):
    lab.predict()
    flows = {
        "2026-01-30": 1,  # the books' last day: done
        "2026-01-31": 500_000,  # a Saturday
        "2026-02-02": -100_000.5,
        "2026-02-03": 9_000_000,
    }
    lab.config("cashflow.json", {"cashflows": flows, "processed": {}})
    report = run(lab.workspace, OrderRequest())
    assert 39_999_950 == report.totals.deposits_fen
    assert ["ORD011"] == codes(report)
    assert "2026-01-30" in report.findings[0].message


def test_the_older_form_of_a_deposit_counts(lab):
    lab.predict()
    lab.config("cashflow.json", {"cash_flow_today": 1000})
    assert 100_000 == run(lab.workspace, OrderRequest()).totals.deposits_fen


def test_cash_is_reckoned_in_whole_fen(lab):
    """Fault 45: order sizing was float; 0.1 + 0.2 must be 0.3 to the cent."""
    lab.predict()
    lab.books(cash="330000.30")
    report = run(lab.workspace, OrderRequest())
    assert 33_000_030 == report.totals.cash_fen
    amounts = [o.amount_fen for o in report.orders if o.role == "primary"]
    assert report.totals.reserve_fen == 33_000_030 - sum(amounts) >= 0
    written = [
        row["estimated_amount"] for row in rows_of(report.outputs[1]) if row["role"] == "primary"
    ]
    assert [str(fen_to_cny(amount)) for amount in amounts] == written


def test_fees_and_each_boards_limit_are_reserved(lab):
    """Fault 35: fees were ignored, and every board had 10 % and lots of 100."""
    scores = dict(zip(reversed(MEMBERS), SCORES.values(), strict=True))
    lab.predict(scores=scores)
    lab.books(cash=300_000)
    report = run(lab.workspace, OrderRequest())
    by_name = {o.instrument: o for o in report.orders}
    assert 1_200 == by_name["SZ300001"].limit_price_fen == by_name["SH688001"].limit_price_fen
    assert 1_100 == by_name["SZ000001"].limit_price_fen
    assert 0 == by_name["SZ300001"].shares % 100
    star = by_name["SH688001"]
    assert star.shares >= 200
    assert star.shares % 100 != 0
    assert star.amount_fen > star.shares * star.limit_price_fen


def test_flat_costs_of_the_workspace_count(lab):
    lab.predict()
    lab.strategy(
        backtest="backtest:\n  exchange_kwargs:\n    open_cost: 0.01\n    close_cost: 0.02\n"
        "    min_cost: 7\n"
    )
    first = run(lab.workspace, OrderRequest()).orders[0]
    notional = first.shares * first.limit_price_fen
    assert notional + notional // 100 == first.amount_fen


def test_the_buffer_rule_is_followed_when_configured(lab):
    lab.predict()
    lab.books({"SH600000": 100, "SH600001": 100, "SH688001": 200})
    text = (lab.workspace.config_dir / "strategy_config.yaml").read_text()
    lab.config("strategy_config.yaml", text.replace("topk_dropout", "topk_buffer"))
    report = run(lab.workspace, OrderRequest())
    assert 0 == report.totals.n_sell
    assert report.strategy.startswith("topk_buffer")


def test_conflicting_parameters_are_told(lab):
    lab.predict()
    lab.books(TopK=5)
    assert "CFG001" in codes(run(lab.workspace, OrderRequest()))


def test_parameters_that_orders_cannot_follow_are_told(lab):
    lab.predict()
    lab.strategy(params="    hold_thresh: 3\n", backtest="backtest:\n  execution: qlib\n")
    assert ["ORD013", "ORD014"] == codes(run(lab.workspace, OrderRequest()))


def test_weekly_orders_in_the_middle_of_a_week_are_told(lab):
    lab.predict()
    calendar = lab.market / "calendars"
    saturday = f"{ANCHOR + timedelta(days=1)}\n"
    past = (calendar / "day.txt").read_text()
    (calendar / "day_future.txt").write_text(past + saturday)
    report = run(lab.workspace, OrderRequest())
    assert date(2026, 1, 31) == report.trade_date
    assert ["ORD015"] == codes(report)
    lab.config(
        "model_config.json",
        {"market": "six", "benchmark": "SH000300", "freq": "day", "TopK": 3, "DropN": 1},
    )
    assert [] == codes(run(lab.workspace, OrderRequest()))


def test_next_trade_date_without_a_future_calendar_is_the_exchanges(lab):
    """Fault 35: without day_future.txt the next trade date was the anchor itself."""
    lab.predict()
    (lab.market / "calendars" / "day_future.txt").unlink()
    assert TRADE_DATE == run(lab.workspace, OrderRequest()).trade_date


def test_a_synthetic_market_is_named(lab):
    lab.predict(market_label="")
    made = MarketMetadata("synthetic", "cn", "six", None, ANCHOR, seed=1, generator_version=1)
    (lab.market / "market.json").write_bytes(encode_metadata(made))
    report = run(lab.workspace, OrderRequest())
    assert ["ORD016"] == codes(report)
    assert "SYNTHETIC" in report.summary()[1]


def test_a_broken_invariant_writes_nothing(lab, monkeypatch):
    lab.predict()
    monkeypatch.setattr(
        "quantpits.orders.checks.ORDER_CHECKS", (lambda _inputs, _orders: iter(["planted"]),)
    )
    with pytest.raises(OrderError, match="do not trade"):
        run(lab.workspace, OrderRequest())
    assert not any("suggestion" in path.name for path in lab.files())


def test_a_book_that_was_edited_by_hand_stops_until_it_is_allowed(lab):
    lab.predict()
    lab.books(cash=2_000_000)
    lab.ledger(cash="1000000.00")
    with pytest.raises(OrderError, match=r"(?s)PRE007.*1000000.00 in the books") as caught:
        run(lab.workspace, OrderRequest())
    assert 4 == caught.value.exit_code
    assert not any("suggestion" in path.name for path in lab.files())
    with pytest.raises(OrderError, match="PRE007"):
        run(lab.workspace, OrderRequest(dry_run=True))
    report = run(lab.workspace, OrderRequest(overrides=("PRE007",)))
    assert "overridden" == next(each.status for each in report.checks if each.code == "PRE007")
    assert "PRE007" in [finding.code for finding in report.findings]
    sheet = next(path for path in report.outputs if path.suffix == ".html")
    assert "PRE007" in sheet.read_text("utf-8")


def test_a_combo_that_was_changed_since_is_fused_again_first(lab):
    """Fault 28: orders followed whatever was written last, whoever had asked for it."""
    lab.combos(A=("gru",), B=("gru", "mlp"))
    lab.predict()
    assert [] == codes(run(lab.workspace, OrderRequest()))
    lab.combos(B=("gru", "mlp"), A=("gru",))
    with pytest.raises(StaleArtifactError, match="not of the combo") as caught:
        run(lab.workspace, OrderRequest())
    assert 3 == caught.value.exit_code
    # a file that is named is followed as it stands
    path = lab.workspace.predictions_dir / "ensemble_2026-01-30.csv"
    assert [] == codes(run(lab.workspace, OrderRequest(prediction_file=path)))
    with pytest.raises(UsageError, match="no combo 'C'"):
        run(lab.workspace, OrderRequest(combo="C"))


def test_limits_of_the_workspace_stop_the_orders(lab):
    lab.predict()
    lab.config("pretrade.yaml", "position_weight: {stop: 0.3}\nturnover: {stop: 0.4}\n")
    with pytest.raises(OrderError, match=r"--override PRE001,PRE002") as caught:
        run(lab.workspace, OrderRequest())
    assert "largest position" in caught.value.found
    with pytest.raises(OrderError, match=r"--override PRE002"):
        run(lab.workspace, OrderRequest(overrides=("PRE001",)))
    with pytest.raises(UsageError, match="no check 'PRE000'"):
        run(lab.workspace, OrderRequest(overrides=("PRE000",)))
    assert run(lab.workspace, OrderRequest(overrides=("PRE001", "PRE002"))).changed


def test_every_check_is_shown_when_asked_for(lab):
    lab.predict()
    lines = run(lab.workspace, OrderRequest(verbose=True)).summary()
    assert 7 == sum(line.startswith("  PRE00") for line in lines)
    assert not any("PRE00" in line for line in run(lab.workspace, OrderRequest()).summary())


def test_orders_of_risk_warned_shares_are_sized_at_their_limit(lab):
    lab.predict()
    lab.field("SH600000", "is_st", [1.0])
    first = run(lab.workspace, OrderRequest()).orders[0]
    assert ("SH600000", 1_050) == (first.instrument, first.limit_price_fen)


def test_the_order_of_rows_changes_no_byte(lab):
    """The same scores, holdings and universe in another order are the same orders."""
    lab.combos(A=("gru",))
    lab.predict_bare("ensemble_2026-01-30.csv")
    lab.predict_bare("gru_2026-01-30.csv")
    held = {"SH600000": 100, "SZ000001": 100, "SZ300001": 130}
    lab.books(held)

    def orders():
        run(lab.workspace, OrderRequest())
        return {
            path.name: content
            for path, content in lab.files().items()
            if path.parent == lab.workspace.output_dir and not path.name.startswith("order_plan")
        }

    before = orders()
    assert 7 == len(before)
    shuffled = dict(reversed(SCORES.items()))
    lab.predict_bare("gru_2026-01-30.csv", shuffled)
    path = lab.predict_bare("ensemble_2026-01-30.csv", shuffled)
    lab.books(dict(reversed(held.items())))
    universe = lab.market / "instruments" / "six.txt"
    universe.write_text("\n".join(reversed(universe.read_text().splitlines())) + "\n")
    after = orders()
    # The sheet names the prediction's hash, which is that of other bytes now.
    for name in after:
        if not name.startswith("order_sheet") and not name.endswith(".json"):
            assert before[name] == after[name]
    assert path.is_file()


def test_a_flat_limit_is_the_one_that_the_backtest_reckons_with(lab):
    lab.predict()
    lab.strategy(backtest="backtest:\n  exchange_kwargs:\n    limit_threshold: 0.095\n")
    report = run(lab.workspace, OrderRequest())
    assert [] == codes(report)
    assert 1_095 == report.orders[0].limit_price_fen


def test_a_run_that_died_between_the_files_is_simply_run_again(lab, monkeypatch):
    lab.predict()
    run(lab.workspace, OrderRequest())
    whole = lab.files()
    shutil.rmtree(lab.workspace.output_dir / "manifests")
    for path in lab.files():
        if path.name.startswith(("buy_", "order_plan_")):
            path.unlink()
    run(lab.workspace, OrderRequest())
    assert whole == lab.files()


def test_books_are_read_only_here(lab):
    lab.predict()
    before = {p: p.read_bytes() for p in lab.workspace.config_dir.iterdir()}
    run(lab.workspace, OrderRequest())
    assert before == {p: p.read_bytes() for p in lab.workspace.config_dir.iterdir()}

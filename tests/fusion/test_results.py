"""Leaderboards, comparison, charts and page as a user gets them: the whole step on a market."""

from datetime import date

import pandas as pd
import pytest

from quantpits.errors import ConfigError
from quantpits.fusion import FuseRequest
from quantpits.fusion.prepare import Prepared
from quantpits.fusion.results import Place, Traded, trade_all, write_results
from quantpits.fusion.step import run
from quantpits.fusion.window import Window
from quantpits.records import read_prediction_meta
from quantpits.workspace import SILENT
from tests.fusion.conftest import ANCHOR

ALL = {"from_config_all": True, "no_charts": True}
MODELS = ["gru", "linear", "mlp"]


@pytest.fixture
def four(priced_lab):
    """Four combos, one for each method; the default one follows the market."""
    priced_lab.write_combos(
        E={"models": MODELS, "method": "equal"},
        I={"models": ["mlp", "gru"], "method": "icir_weighted"},
        M={"models": ["gru", "mlp"], "method": "manual", "manual_weights": {"gru": 3, "mlp": 1}},
        D={"models": MODELS, "method": "dynamic", "default": True},
    )
    return priced_lab


def fuse(lab, **request):
    return run(lab.workspace, FuseRequest(**request))


def codes(report):
    return [finding.code for finding in report.findings]


def names(lab):
    return {path.rpartition("/")[2] for path in lab.files()}


def test_every_combo_gets_its_files_and_the_default_one_plain_copies(four):
    report = fuse(four, **ALL)
    assert [] == codes(report)
    found = names(four)
    for combo in ("_E", "_I", "_M", "_D", ""):
        assert f"leaderboard{combo}_{ANCHOR}.csv" in found
        assert f"correlation_matrix{combo}_{ANCHOR}.csv" in found
        assert f"ensemble_fusion_config{combo}_{ANCHOR}.json" in found
    assert {f"ensemble_weights_D_{ANCHOR}.csv", f"ensemble_weights_{ANCHOR}.csv"} == {
        name for name in found if name.startswith("ensemble_weights")
    }
    assert f"combo_comparison_{ANCHOR}.csv" in found
    assert sorted(found) == sorted({path.name for path in report.outputs})
    assert {} == read_prediction_meta(four.prediction("ensemble")).weights
    assert not fuse(four, **ALL).changed


def test_a_combo_is_the_same_bytes_in_every_mode(four):
    # Another model with other dates and names: the market of the run grows, the combo must not.
    wide = four.scores(9, dates=pd.bdate_range(end=ANCHOR, periods=118).date)
    four.add_model("wide", wide)
    combos = {
        "D": {"models": MODELS, "method": "dynamic", "default": True},
        "W": {"models": ["wide", "gru"], "method": "dynamic"},
    }
    four.write_combos(**combos)
    seen = []
    for request in ({"from_config": True}, {"combo": "D"}, {"from_config_all": True}):
        for path in four.workspace.output_dir.rglob("*"):
            if path.is_file():
                path.unlink()
        fuse(four, **request, no_charts=True)
        files = four.files()
        seen.append(
            {name: files[name] for name in files if "_W_" not in name and "comparison" not in name}
        )
    assert seen[0] == seen[1] == seen[2]
    assert f"output/ensemble/leaderboard_D_{ANCHOR}.csv" in seen[0]


def test_charts_and_page_of_one_combo(four):
    report = fuse(four, combo="D")
    found = names(four)
    assert {
        f"ensemble_nav_D_{ANCHOR}.png",
        f"ensemble_nav_{ANCHOR}.png",
        f"ensemble_weights_D_{ANCHOR}.png",
        f"correlation_matrix_D_{ANCHOR}.png",
        f"fusion_report_D_{ANCHOR}.html",
    } <= found
    assert not any("comparison" in name for name in found)
    assert report.page.name == f"fusion_report_D_{ANCHOR}.html"
    assert "dynamic" in report.page.read_text(encoding="utf-8")
    before = four.files()
    assert not fuse(four, combo="D").changed
    assert before == four.files()


def test_charts_and_page_of_several_combos(four):
    four.write_combos(
        A={"models": ["gru"], "default": True, "method": "equal"},
        B={"models": ["mlp"], "method": "equal"},
    )
    report = fuse(four, from_config_all=True)
    assert {
        f"combo_comparison_{ANCHOR}.csv",
        f"combo_comparison_{ANCHOR}.png",
        f"combo_comparison_{ANCHOR}.html",
        f"ensemble_nav_B_{ANCHOR}.png",
    } <= names(four)
    assert f"combo_comparison_{ANCHOR}.html" == report.page.name
    assert not any("fusion_report" in name for name in names(four))


@pytest.mark.parametrize(
    "request_",
    [
        {"from_config": True, "only_last_months": 1},
        {"from_config_all": True, "end_date": date(2025, 12, 31)},
        {"models": ("gru", "mlp"), "method": "dynamic"},
    ],
)
def test_nothing_of_a_full_run_is_overwritten_by_a_partial_one(four, request_):
    # Fault 28, for every kind of file.
    fuse(four, **ALL)
    before = four.files()
    fuse(four, **request_, no_charts=True)
    after = four.files()
    assert before == {name: after[name] for name in before}
    assert len(before) < len(after)


def test_weights_of_a_cut_are_the_rows_of_the_whole(four):
    fuse(four, combo="D", no_charts=True)
    fuse(four, combo="D", only_last_months=1, no_charts=True)
    folder = four.workspace.ensemble_dir
    whole = (folder / f"ensemble_weights_D_{ANCHOR}.csv").read_text().splitlines()
    cut = (folder / f"ensemble_weights_D_oos_{ANCHOR}.csv").read_text().splitlines()
    assert cut[1:] == whole[-len(cut) + 1 :]
    board = pd.read_csv(folder / f"leaderboard_D_oos_{ANCHOR}.csv")
    assert {"2025-12-31"} == set(board["first_date"])


def test_scores_of_one_day_a_week_are_traded_to_the_last_of_them(four):
    for seed, model in enumerate(MODELS):
        four.add_model(model, four.scores(seed))
    report = fuse(four, combo="D", no_charts=True)
    figures = report.combos[0].figures
    assert (date(2025, 10, 17), ANCHOR) == (figures.first_date, figures.last_date)
    assert 16 == report.combos[0].n_days
    board = pd.read_csv(four.workspace.ensemble_dir / f"leaderboard_D_{ANCHOR}.csv")
    assert {76} == set(board["n_days"])
    assert 15 == board["n_trade_days"].max()


def test_leaderboard_and_comparison_agree(four):
    fuse(four, **ALL)
    folder = four.workspace.ensemble_dir
    comparison = pd.read_csv(folder / f"combo_comparison_{ANCHOR}.csv", index_col="combo")
    assert ["E", "I", "M", "D"] == list(comparison.index)
    for combo in comparison.index:
        board = pd.read_csv(folder / f"leaderboard_{combo}_{ANCHOR}.csv", index_col="name")
        row = comparison.loc[combo]
        assert round(100 * board.loc["Ensemble", "annualized_return"], 2) == row.annualized_return
        equal = board.loc["Equal_Weight", "annualized_return"]
        assert round(100 * equal, 2) == row.equal_weight_annualized_return


def test_a_model_has_the_same_figures_beside_whomever_it_shares_all_rows_with(four):
    fuse(four, **ALL)
    rows = [
        pd.read_csv(four.workspace.ensemble_dir / f"leaderboard_{combo}_{ANCHOR}.csv")
        .set_index("name")
        .drop(columns="weight")
        .loc["gru"]
        for combo in "EIMD"
    ]
    assert all(rows[0].equals(row) for row in rows[1:])


def test_no_backtest_makes_no_figures_and_needs_no_prices(full_lab):
    report = fuse(full_lab, from_config_all=True, no_backtest=True, no_charts=True)
    assert [None, None] == [combo.figures for combo in report.combos]
    assert not any("leaderboard" in name or "comparison" in name for name in names(full_lab))


def test_no_backtest_still_draws_what_was_fused(four):
    report = fuse(four, combo="D", no_backtest=True)
    found = names(four)
    assert {f"ensemble_weights_D_{ANCHOR}.png", f"correlation_matrix_D_{ANCHOR}.png"} <= found
    assert f"ensemble_nav_D_{ANCHOR}.png" not in found
    assert report.page is not None


def test_predictions_are_written_although_there_is_no_backtest(four):
    # Fault 7: a backtest that aborted kept later combos from being saved.
    four.write_config(
        "model_config.json", {"market": "all", "benchmark": "SH000999", "TopK": 3, "DropN": 1}
    )
    four.write_combos(
        E={"models": MODELS, "method": "equal", "default": True},
        I={"models": ["mlp", "gru"], "method": "icir_weighted"},
    )
    report = fuse(four, **ALL)
    assert ["FUS015"] == codes(report)
    assert "does not have the benchmark" in report.findings[0].message
    assert four.prediction("ensemble").exists()
    assert four.prediction("ensemble_I").exists()
    assert not any("leaderboard" in name for name in names(four))


def test_weights_that_follow_a_missing_market_stop_the_combo(four):
    four.write_config(
        "model_config.json", {"market": "all", "benchmark": "SH000999", "TopK": 3, "DropN": 1}
    )
    with pytest.raises(ValueError, match="'dynamic' need what each model's portfolio") as caught:
        fuse(four, **ALL)
    assert "does not have the benchmark" in caught.value.found
    assert {} == four.files()


def test_a_combo_that_cannot_be_traded_does_not_stop_the_others(four):
    # Its only day is no session of the market, so nothing of it can be traded.
    four.add_model("odd", four.scores(1, dates=[date(2026, 1, 24), ANCHOR]))
    four.write_combos(
        E={"models": MODELS, "method": "equal", "default": True},
        O={"models": ["odd"], "method": "equal"},
    )
    report = fuse(four, **ALL)
    assert ["FUS015"] == codes(report)
    assert "O" == report.findings[0].subject
    assert report.combos[0].figures is not None
    assert report.combos[1].figures is None
    assert four.prediction("ensemble_O").exists()


def test_a_wrong_strategy_stops_the_run_before_anything_is_written(four):
    four.write_config("strategy_config.yaml", "strategy:\n  name: best\n")
    with pytest.raises(ConfigError, match="strategy_config"):
        fuse(four, **ALL)
    assert {} == four.files()


def test_reports_of_earlier_scores_are_removed(four):
    fuse(four, combo="E", no_charts=True)
    assert f"leaderboard_E_{ANCHOR}.csv" in names(four)
    assert [] == codes(fuse(four, combo="E", no_backtest=True, no_charts=True))[1:]
    assert f"leaderboard_E_{ANCHOR}.csv" in names(four)
    report = fuse(four, combo="E", method="dynamic", no_backtest=True, no_charts=True)
    assert "FUS018" in codes(report)
    assert report.changed
    assert f"leaderboard_E_{ANCHOR}.csv" not in names(four)


def test_combos_of_different_days_do_not_compare(four):
    late = pd.bdate_range(end=ANCHOR, periods=60).date
    four.add_model("late", four.scores(3, dates=late))
    four.write_combos(
        E={"models": MODELS, "method": "equal", "default": True},
        L={"models": ["late"], "method": "equal"},
    )
    report = fuse(four, **ALL)
    assert ["FUS017"] == codes(report)
    assert f"L {late[0]} to {ANCHOR}" in report.findings[0].message


def test_another_frequency_is_told_where_weights_follow_it(four):
    report = fuse(four, from_config=True, freq="day", no_charts=True)
    assert ["FUS016"] == codes(report)
    assert "day" == report.combos[0].figures.frequency
    assert [] == codes(fuse(four, from_config=True, freq="week", no_charts=True))


def test_missing_models_show_in_every_report(four):
    four.write_combos(
        E={"models": [*MODELS, "gone"], "method": "equal", "default": True},
        I={"models": ["mlp", "gru"], "method": "icir_weighted"},
    )
    fuse(four, **ALL, allow_missing=True)
    folder = four.workspace.ensemble_dir
    board = (folder / f"leaderboard_E_{ANCHOR}.csv").read_text()
    assert "\ngone,,,,,,missing," in board
    comparison = pd.read_csv(folder / f"combo_comparison_{ANCHOR}.csv", index_col="combo")
    assert "gone" == comparison.loc["E", "missing_models"]
    assert ["gone"] == list(read_prediction_meta(four.prediction("ensemble")).missing_models)
    assert "gone" in (folder / f"ensemble_fusion_config_E_{ANCHOR}.json").read_text()


def test_dry_run_trades_and_writes_nothing(four):
    report = fuse(four, from_config_all=True, dry_run=True)
    assert all(combo.figures is not None for combo in report.combos)
    assert ({}, (), None) == (four.files(), report.outputs, report.page)


def test_trade_all_without_a_market_is_nothing():
    traded = trade_all([], Prepared(), panels={}, progress=SILENT)
    assert Traded(backtests={}, findings=()) == traded


def test_write_results_of_a_fusion_without_a_backtest_draws_nothing_unasked(traded, tmp_path):
    folder = tmp_path / "reports"
    place = Place(
        folder=folder,
        anchor=ANCHOR,
        market_label="market",
        window=Window("full"),
        is_drawing=False,
    )
    result = write_results(
        [traded.fusion],
        Traded(backtests={}, findings=()),
        place=place,
        is_new={"ensemble_adhoc": True},
        findings=(),
        progress=SILENT,
    )
    assert [f"ensemble_weights_adhoc_{ANCHOR}.csv"] == [path.name for path in folder.iterdir()]
    assert ((), None) == (result.shared.paths, result.page)

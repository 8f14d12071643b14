"""The step: whole searches on a small workspace."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from quantpits.backtest import backtest_setting, own_rows, performance, simulate
from quantpits.errors import (
    CorruptArtifactError,
    MissingArtifactError,
    StaleArtifactError,
    UsageError,
)
from quantpits.search import SearchRequest
from quantpits.search.engine_steps import fused_scores
from quantpits.search.files import read_meta, read_results
from quantpits.search.predictions import load_predictions, read_basis
from quantpits.search.step import run
from tests.search.search_lab import ANCHOR, MODELS

QUICK = SearchRequest(skip_analysis=True)
RESULTS = f"brute_force_fast_results_{ANCHOR}.csv"


def table_of(lab, folder="brute_force_fast", name=RESULTS):
    return read_results(lab.workspace.output_dir / folder / name)


def test_every_combo_is_simulated_ranked_and_described(search_lab):
    report = run(search_lab.workspace, QUICK)
    table = table_of(search_lab)
    assert 31 == len(set(table.combos)) == report.n_combos == report.n_done == report.n_simulated
    excess = [row["Ann_Excess"] for row in table.figures]
    assert sorted(excess, reverse=True) == excess
    text = "\n".join(report.summary())
    for fact in ("net of all costs", "252 periods a year", "next_session", "Searched 31 combos"):
        assert fact in text
    assert () == report.top, "a list of the best is not shown without overfit statistics"
    meta = read_meta(search_lab.workspace.output_dir / "brute_force_fast" / RESULTS)
    assert ("fast", str(ANCHOR), 31) == (meta.kind, meta.anchor_date, meta.n_combos)
    assert any("net of all costs" in line for line in meta.description)


def test_a_row_equals_the_backtest_of_that_combo_alone(search_lab):
    run(search_lab.workspace, QUICK)
    table = table_of(search_lab)
    workspace = search_lab.workspace
    predictions = load_predictions(workspace, read_basis(workspace, None), models=MODELS)
    start, end = predictions.dates[0].item(), predictions.dates[-1].item()
    setting = backtest_setting(workspace, instruments=predictions.instruments, start=start, end=end)
    for at in (0, 7, 30):
        scores = fused_scores(setting, predictions.panels, models=table.combos[at])
        first, stop = own_rows(setting, scores)
        found = performance(setting, simulate(setting, scores), first_row=first, stop_row=stop)
        row = table.figures[at]
        assert found.metrics.final_nav / 100 == row["Final_NAV"]
        assert found.cost_cny == pytest.approx(row["Cost"], rel=1e-12)
        assert found.metrics.annualised_excess == pytest.approx(row["Ann_Excess"], rel=1e-12)
        assert found.metrics.max_drawdown == pytest.approx(row["Max_DD"], rel=1e-12)
        assert found.turnover_annual == pytest.approx(row["Turnover"], rel=1e-12)


def test_batches_threads_and_a_second_run_change_no_byte(search_lab, tmp_path):
    run(search_lab.workspace, QUICK)
    twin = search_lab.copy(tmp_path / "Twin")
    other = replace(QUICK, batch_size=3, n_jobs=1, restart=True)
    run(twin.workspace, other)
    assert search_lab.files() == twin.files()
    again = run(search_lab.workspace, QUICK)
    assert (0, False) == (again.n_simulated, again.changed)


def test_other_models_change_no_figure_of_a_combo(search_lab):
    """Own rows: fault 27 of the earlier system cut every combo to the rows of all models."""
    run(search_lab.workspace, QUICK)
    before = dict(zip(table_of(search_lab).combos, table_of(search_lab).figures, strict=True))
    late = search_lab.sessions[len(search_lab.sessions) // 2 :]
    search_lab.add_model("late", search_lab.scores(99, days=late, names=search_lab.names[:12]))
    run(search_lab.workspace, QUICK)
    after = dict(zip(table_of(search_lab).combos, table_of(search_lab).figures, strict=True))
    assert 63 == len(after)
    assert before == {combo: after[combo] for combo in before}


def test_groups_take_one_model_of_each(search_lab):
    search_lab.config(
        "combo_groups.yaml", "groups: {trees: [ada, bo, ghost], nets: [cy, dee], none: [spook]}"
    )
    report = run(search_lab.workspace, replace(QUICK, use_groups=True))
    combos = {frozenset(combo) for combo in table_of(search_lab).combos}
    assert 8 == len(combos) == report.n_combos
    assert frozenset({"ada", "bo"}) not in combos
    assert {"SEA001", "SEA002", "SEA003"} <= {finding.code for finding in report.findings}


def test_in_sample_ends_before_the_cutoff_and_out_of_sample_begins_after_it(search_lab):
    request = SearchRequest(exclude_last_months=3, auto_test_top=4, top_n=6)
    report = run(search_lab.workspace, request)
    assert "in-sample 2020-06-01 to 2020-12-24" in report.window
    assert "cutoff 2020-12-31 with 5 sessions purged" in report.window
    oos = table_of(search_lab, name=f"oos_validation_{ANCHOR}.csv")
    ranked = table_of(search_lab)
    assert ranked.combos[:4] == oos.combos
    assert [row.out_of_sample for row in report.oos] == [
        pytest.approx(row["Ann_Excess"]) for row in oos.figures
    ]


def test_data_after_the_cutoff_change_nothing_in_sample(search_lab, tmp_path):
    request = replace(QUICK, exclude_last_months=3)
    run(search_lab.workspace, request)
    twin = search_lab.copy(tmp_path / "Twin")
    for seed, name in enumerate(MODELS):
        scores = search_lab.scores(seed)
        changed = scores.where(scores.index.get_level_values(0) <= "2020-12-31", -scores)
        twin.add_model(name, changed)
    run(twin.workspace, replace(request, restart=True))
    assert search_lab.files()[RESULTS] == twin.files()[RESULTS]


def test_a_list_of_the_best_stands_beside_its_overfit_statistics(search_lab):
    report = run(search_lab.workspace, SearchRequest(top_n=5))
    files = search_lab.files()
    header = files["leaderboard.csv"].decode().splitlines()[0]
    assert {"DSR", "PBO", "N_Trials"} <= set(header.split(","))
    assert 5 == len(report.top)
    assert "31 combos were tried" in report.verdict[0]
    assert f"analysis_report_fast_{ANCHOR}.txt" in files
    run(search_lab.workspace, replace(QUICK, max_combo_size=2))
    assert "leaderboard.csv" not in search_lab.files(), "it would be of other results"


def test_analysis_only_takes_what_was_asked_for_then(search_lab):
    request = SearchRequest(max_combo_size=2, exclude_last_months=2, top_n=3)
    whole = run(search_lab.workspace, request)
    before = search_lab.files()
    again = run(search_lab.workspace, SearchRequest(analysis_only=True, top_n=3))
    assert (whole.n_combos, whole.window, 0) == (again.n_combos, again.window, again.n_simulated)
    assert before == search_lab.files()
    with pytest.raises(UsageError, match="The finished run was of something else"):
        run(search_lab.workspace, SearchRequest(analysis_only=True, max_combo_size=3))


def test_analysis_only_never_takes_another_anchor(search_lab):
    """Fault: the earlier system fell back to the file that came last in the alphabet."""
    folder = search_lab.workspace.output_dir / "brute_force_fast"
    (folder / "run_2099-01-01").mkdir(parents=True)
    (folder / "brute_force_fast_results_2099-01-01.csv").write_text("models\nada\n")
    with pytest.raises(MissingArtifactError, match=f"no search at the anchor {ANCHOR}"):
        run(search_lab.workspace, SearchRequest(analysis_only=True))


def test_analysis_only_refuses_changed_predictions(search_lab):
    run(search_lab.workspace, QUICK)
    search_lab.add_model("bo", search_lab.scores(77))
    with pytest.raises(StaleArtifactError, match="predictions bo"):
        run(search_lab.workspace, SearchRequest(analysis_only=True))


def test_a_cost_rate_is_for_the_search_only_and_is_named(search_lab):
    free = run(search_lab.workspace, replace(QUICK, cost_rate=0.0))
    assert any("0.000% a side for this search only" in line for line in free.description)
    assert {0.0} == {row["Cost"] for row in table_of(search_lab).figures}
    dear = run(search_lab.workspace, replace(QUICK, cost_rate=0.01))
    assert 31 == dear.n_simulated, "another rate is another search"
    assert min(row["Cost"] for row in table_of(search_lab).figures) > 0


def test_a_dry_run_writes_nothing(search_lab):
    report = run(search_lab.workspace, SearchRequest(dry_run=True))
    assert not search_lab.workspace.output_dir.exists()
    text = "\n".join(report.summary())
    assert "Would search 31 combos of 5 models" in text
    assert "MiB of memory" in text
    assert report.expected_seconds > 0


def test_qlib_timing_is_simulated_one_by_one(search_lab):
    search_lab.strategy(execution="qlib")
    report = run(search_lab.workspace, replace(QUICK, max_combo_size=1))
    assert any("as Qlib's executor does" in line for line in report.description)
    assert any("52 periods a year" in line for line in report.description)
    assert 5 == len(table_of(search_lab).combos)
    with pytest.raises(UsageError, match="cost rate cannot be given"):
        run(search_lab.workspace, replace(QUICK, cost_rate=0.001))


def test_no_trained_models(empty_lab):
    with pytest.raises(MissingArtifactError, match="no trained model yet"):
        run(empty_lab.workspace, QUICK)


def test_one_model(empty_lab):
    empty_lab.add_models(("ada",))
    with pytest.raises(UsageError, match="nothing to combine"):
        run(empty_lab.workspace, QUICK)


def test_topk_larger_than_the_universe(search_lab):
    """Fault 50: the earlier system raised from argpartition when there were few instruments."""
    search_lab.strategy(topk=500)
    with pytest.raises(UsageError, match="TopK is larger than the universe"):
        run(search_lab.workspace, QUICK)


def test_an_empty_out_of_sample_part(search_lab):
    request = SearchRequest(exclude_last_months=1, end_date=date(2020, 12, 31), auto_test_top=3)
    with pytest.raises(UsageError, match="nothing out-of-sample to test on"):
        run(search_lab.workspace, request)


def test_a_stale_model_stops_the_search_or_stays_out_by_name(search_lab):
    search_lab.add_model("bo", search_lab.scores(1, days=search_lab.sessions[:-5]))
    with pytest.raises(StaleArtifactError, match=r"cannot use 'bo'.*end before") as caught:
        run(search_lab.workspace, QUICK)
    assert "--allow-missing" in caught.value.hint
    report = run(search_lab.workspace, replace(QUICK, allow_missing=True))
    assert 15 == report.n_combos
    assert ("SEA004", "bo") in {(f.code, f.source) for f in report.findings}


def test_an_edited_prediction_is_refused(search_lab):
    (search_lab.workspace.root / "mlruns/artifacts/cy/pred.pkl").write_bytes(b"anything")
    with pytest.raises(CorruptArtifactError, match="cannot use 'cy'"):
        run(search_lab.workspace, QUICK)


def test_combos_without_common_rows_come_last_with_empty_figures(search_lab):
    half = len(search_lab.names) // 2
    search_lab.add_model("up", search_lab.scores(5, names=search_lab.names[:half]))
    search_lab.add_model("down", search_lab.scores(6, names=search_lab.names[half:]))
    report = run(search_lab.workspace, replace(QUICK, models=("up", "down")))
    table = table_of(search_lab)
    assert ("down", "up") == table.combos[-1]
    assert {None} == {table.figures[-1][name] for name in ("Ann_Ret", "Final_NAV", "Cost")}
    assert "SEA006" in {finding.code for finding in report.findings}
    assert np.isfinite(table.figures[0]["Ann_Ret"])

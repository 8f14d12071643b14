"""Qlib's own backtest on the best combos."""

from __future__ import annotations

from dataclasses import replace

from quantpits.backtest import Deviation
from quantpits.search import SearchRequest, confirm
from quantpits.search.step import run
from tests.search.search_lab import ANCHOR

EXACT = SearchRequest(
    kind="exact", models=("ada", "bo", "cy"), min_combo_size=2, max_combo_size=2, top_n=3
)


def test_the_simulator_equals_qlib_on_the_best_combos(search_lab):
    report = run(search_lab.workspace, replace(EXACT, confirm=2, n_jobs=1))
    assert [1, 2] == [item.rank for item in report.confirmations]
    assert report.largest_deviation < 1e-9
    assert 0 == report.exit_code
    files = search_lab.files("brute_force")
    assert 3 == len(files[f"qlib_confirmation_{ANCHOR}.csv"].splitlines())
    assert f"brute_force_results_{ANCHOR}.csv" in files


def test_a_deviation_is_told_with_its_place(search_lab, monkeypatch):
    found = Deviation(
        account=2e-6,
        account_date=ANCHOR,
        cost=1e-9,
        cost_date=ANCHOR,
        n_steps=1,
        simulated=None,
        qlib=None,
    )
    monkeypatch.setattr(confirm, "qlib_backtests", lambda _s, scores, **_k: [None] * len(scores))
    monkeypatch.setattr(confirm, "deviation", lambda *_a, **_k: found)
    report = run(search_lab.workspace, replace(EXACT, confirm=1))
    assert 4 == report.exit_code
    assert f"account value in the step of {ANCHOR}" == report.confirmations[0].where
    monkeypatch.setattr(confirm, "deviation", lambda *_a, **_k: replace(found, cost=1e-5))
    report = run(search_lab.workspace, replace(EXACT, confirm=1))
    assert f"costs in the step of {ANCHOR}" == report.confirmations[0].where


def test_nothing_is_confirmed_when_nobody_asks(search_lab):
    assert () == run(search_lab.workspace, replace(EXACT, confirm=0)).confirmations


def test_qlib_has_no_buffer_rule(search_lab):
    search_lab.strategy(name="topk_buffer")
    report = run(search_lab.workspace, EXACT)
    assert () == report.confirmations
    assert "SEA010" in {finding.code for finding in report.findings}


def test_qlib_may_simulate_all_of_them(search_lab):
    report = run(search_lab.workspace, replace(EXACT, engine="qlib", n_jobs=1, skip_analysis=True))
    assert 3 == report.n_simulated
    assert any("Qlib's own backtest" in line for line in report.description)

"""The tables as they stand in the CSV files."""

from __future__ import annotations

from dataclasses import replace

import pytest

from quantpits.search.analysis import analyse
from quantpits.search.analysis_files import (
    LEADERBOARD_COLUMNS,
    attribution_table,
    leaderboard_table,
    weights_table,
)
from tests.search.analysis_toys import noisy_paths, toy_search


@pytest.fixture(scope="module")
def results():
    paths, market = noisy_paths(n_models=4)
    return toy_search(paths, benchmark=market)


@pytest.fixture(scope="module")
def analysis(results):
    return analyse(results, top_n=3)


def test_a_leaderboard_never_stands_without_its_overfit_statistics(results, analysis):
    header, rows = leaderboard_table(results, analysis)
    assert LEADERBOARD_COLUMNS == header
    assert {len(header)} == {len(row) for row in rows}
    assert [1, 2, 3] == [row[0] for row in rows]
    best = dict(zip(header, rows[0], strict=True))
    assert results.label_of(0) == best["models"]
    assert 15 == best["N_Trials"]
    for name in ("DSR", "DSR_Effective", "PSR", "Sharpe_Low", "Sharpe_High", "PBO", "DSR_Excess"):
        assert isinstance(best[name], float), name
    assert best["Sharpe_Low"] < best["Sharpe"] < best["Sharpe_High"]
    assert round(analysis.overfit.pbo.probability, 4) == best["PBO"]
    assert round(results.table["Ann_Excess"][0], 6) == best["Ann_Excess"]


def test_undefined_figures_are_empty_cells(results, analysis):
    bare = replace(
        analysis, overfit=replace(analysis.overfit, pbo=None, expected_max=None), top_n=99
    )
    header, rows = leaderboard_table(results, bare)
    rows = leaderboard_table(results, bare)[1]
    assert 15 == len(rows)
    best = dict(zip(header, rows[0], strict=True))
    assert best["PBO"] is best["Expected_Max_Sharpe"] is None


def test_attribution_rows(analysis):
    header, rows = attribution_table(analysis)
    assert (
        "model",
        "Top_Count",
        "Bottom_Count",
        "Net_Score",
        "Mean_With",
        "Mean_Without",
    ) == header
    assert 4 == len(rows)
    assert all(row[1] - row[2] == row[3] for row in rows)
    nets = [row[3] for row in rows]
    assert sorted(nets, reverse=True) == nets


def test_weights_rows(analysis):
    header, rows = weights_table(analysis)
    assert ("model", "Equal_Weight", "Max_Sharpe", "Risk_Parity") == header
    for at in (1, 2, 3):
        assert 1.0 == pytest.approx(sum(row[at] for row in rows), abs=3e-6)


def test_without_weights_there_is_no_table(analysis):
    assert weights_table(replace(analysis, weights=None)) is None

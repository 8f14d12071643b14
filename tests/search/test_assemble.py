"""From stored batches to results in ranking order."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from quantpits.search.assemble import assemble, gather, pair_correlations
from quantpits.search.combos import combos_by_size
from quantpits.search.results import COLUMNS, ComboPaths
from quantpits.search.store import BatchResults

DAYS = np.arange("2026-01-05", "2026-01-09", dtype="datetime64[D]")
COMBOS = combos_by_size("ab", range(1, 3))


class FakeEngine:
    """Answers with the members it was asked about."""

    dates = DAYS
    block_rows = 2

    def paths(self, members, starts):
        nav = np.array([[members[at]] * len(DAYS) for at in starts[:-1]], dtype=float)
        return ComboPaths(DAYS, nav, nav)


FACTS = {
    "anchor": date(2026, 1, 8),
    "kind": "fast",
    "benchmark_returns": None,
    "correlation": np.eye(2),
    "n_trials": 3,
    "periods_per_year": 252,
    "description": (),
    "is_synthetic": True,
}


def batch():
    figures = np.zeros((3, len(COLUMNS)))
    figures[:, COLUMNS.index("Ann_Excess")] = [0.1, 0.3, 0.2]
    return BatchResults(np.array([[0, 4], [1, 4], [2, 4]]), figures, np.ones((3, 2, 16)))


def test_rows_follow_the_ranking_everywhere():
    found = assemble(batch(), COMBOS, engine=FakeEngine(), **FACTS)
    assert ["b", "a,b", "a"] == [found.label_of(row) for row in range(3)]
    assert [1, 2, 0] == found.first_rows.tolist()
    assert [0.3, 0.2, 0.1] == found.table["Ann_Excess"].tolist()
    assert [2] * 16 == found.block_rows.tolist()
    assert [[1.0] * 4, [0.0] * 4] == found.paths_of(np.array([0, 2])).nav.tolist()


def test_a_list_may_keep_its_order():
    found = assemble(batch(), COMBOS, engine=FakeEngine(), is_ranked=False, **FACTS)
    assert ["a", "b", "a,b"] == [found.label_of(row) for row in range(3)]


def test_gathering_nothing():
    members, starts = gather(COMBOS.members, COMBOS.starts, rows=np.array([], dtype=np.int64))
    assert ([], [0]) == (members.tolist(), starts.tolist())


def test_a_pair_is_correlated_on_its_own_rows():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(3, 4, 30))
    scores[1] = 2 * scores[0] + 1
    names = [f"N{number:02}" for number in range(30)]
    whole = pair_correlations(scores, dates=DAYS, instruments=names, models="abc")
    assert whole[0, 1] == pytest.approx(1.0)
    scores[2, :2] = np.nan
    scores[2, 2:, 15:] = np.nan
    part = pair_correlations(scores, dates=DAYS, instruments=names, models="abc")
    assert part[0, 1] == pytest.approx(1.0)
    assert part[0, 2] == part[2, 0] != whole[0, 2]
    assert (np.diag(part) == 1.0).all()
    scores[1, :, :15] = np.nan
    scores[1, :, 15:] = 1.0
    empty = pair_correlations(scores, dates=DAYS, instruments=names, models="abc")
    assert np.isnan(empty[1, 2]), "no common row"

"""The whole analysis of a search, and that nothing out-of-sample decides anything in it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from quantpits.errors import MissingDataError
from quantpits.search.analysis import analyse
from quantpits.search.analysis_files import leaderboard_table
from quantpits.search.analysis_outside import OutOfSampleSource
from quantpits.search.results import ComboPaths
from tests.search.analysis_toys import noisy_paths, toy_search


@pytest.fixture(scope="module")
def results():
    paths, market = noisy_paths(n_models=5)
    return toy_search(paths, benchmark=market)


def _later(results, seed):
    dates = results.dates[-1] + 1 + np.arange(80)

    def paths_of(rows):
        returns = np.random.default_rng(seed).normal(0, 0.02, (results.n_combos, 80))[rows]
        return ComboPaths(dates, np.cumprod(1 + returns, axis=1), returns)

    return OutOfSampleSource(paths_of, np.zeros(80))


def test_every_shown_row_is_judged(results):
    found = analyse(results, top_n=4)
    shown = {*found.main.tolist(), *found.robust.tolist(), *range(4)}
    assert sorted(shown) == found.overfit.rows.tolist()
    assert (4, 31) == (found.top_n, found.overfit.n_trials)
    assert found.outside is None


def test_later_data_change_only_what_is_about_them(results):
    one, other = (analyse(results, out_of_sample=_later(results, seed)) for seed in (1, 2))
    assert one.outside.ann_excess.tolist() != other.outside.ann_excess.tolist()
    assert leaderboard_table(results, one) == leaderboard_table(results, other)
    for kind, weights in one.weights.columns.items():
        assert weights.tolist() == other.weights.columns[kind].tolist()
    assert one.clusters.linkage.tolist() == other.clusters.linkage.tolist()
    assert one.verdict[:-1] == other.verdict[:-1]
    assert one.verdict[-1] != other.verdict[-1]


def test_without_single_models_there_is_no_tree_and_no_weights():
    paths, _ = noisy_paths()
    found = analyse(toy_search(paths, members=[("model_a", "model_b"), ("model_a", "model_c")]))
    assert found.clusters is found.weights is None
    assert any("diversity bonus" in sentence for sentence in found.caveats)


def test_combos_without_any_session_do_not_stop_the_analysis(results):
    def paths_of(rows):
        paths = results.paths_of(rows)
        is_last = (rows == results.n_combos - 1)[:, None]
        return replace(
            paths,
            nav=np.where(is_last, np.nan, paths.nav),
            returns=np.where(is_last, np.nan, paths.returns),
        )

    table = {name: values.copy() for name, values in results.table.items()}
    for values in table.values():
        values[-1] = np.nan
    moments = results.moments.copy()
    moments[-1] = 0.0
    found = analyse(replace(results, paths_of=paths_of, table=table, moments=moments), top_n=50)
    assert np.isnan(found.overfit.at(results.n_combos - 1).sharpe)
    assert found.overfit.pbo.n_paths == results.n_combos


def test_stages_are_told(results):
    told = {}

    class _Listener:
        @contextmanager
        def stage(self, title, total=None):
            told[title] = [total, 0]

            def advance(n=1, note=""):
                told[title][1] += n

            yield advance

    analyse(results, progress=_Listener())
    assert 2 == len(told)
    assert all(total == done for total, done in told.values())


def test_a_search_without_combos_is_refused(results):
    empty = replace(results, starts=np.zeros(1, dtype=np.int64), members=np.zeros(0, dtype=int))
    with pytest.raises(MissingDataError, match="no combo to analyse"):
        analyse(empty)

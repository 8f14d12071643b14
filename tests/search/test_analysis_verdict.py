"""Sentences a person reads: each says what its figures say, and no more."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from quantpits.search.analysis_active import Active
from quantpits.search.analysis_clusters import model_clusters
from quantpits.search.analysis_diversity import diversity
from quantpits.search.analysis_outside import OutOfSample
from quantpits.search.analysis_overfit import Overfit
from quantpits.search.analysis_returns import shared_returns
from quantpits.search.analysis_verdict import caveats, verdict
from quantpits.trading.overfit import PBO
from tests.search.analysis_toys import noisy_paths, toy_search

NAN = np.nan


def _overfit(**facts):
    """A search of 1,023 trials of which 34 % overfit, and whose best is 91 % above luck."""
    plain = {
        "n_trials": 1023,
        "n_combos": 1023,
        "rows": np.arange(3),
        "sharpe": np.array([1.31, 1.2, 0.1]),
        "psr": np.array([0.99, 0.98, 0.6]),
        "deflated": np.array([0.91, 0.9, 0.2]),
        "deflated_effective": np.array([0.95, 0.9, 0.3]),
        "low": np.array([0.35, 0.2, -0.9]),
        "high": np.array([2.25, 2.1, 1.1]),
        "trial_sharpe_mean": 0.8,
        "trial_sharpe_deviation": 0.2,
        "expected_max": 0.65,
        "expected_max_effective": 0.4,
        "mean_correlation": 0.9,
        "n_correlated": 200,
        "effective_trials": 103.2,
        "minimum_years": 3.84,
        "pbo": _pbo(0.34),
        "pbo_missing": "",
    }
    return Overfit(**{**plain, **facts})


def _pbo(probability, loss=0.12):
    return PBO(
        probability=probability,
        n_paths=1023,
        n_blocks=4,
        chosen=np.zeros(6, dtype=np.int64),
        relative_rank=np.full(6, 0.7),
        in_sample=np.full(6, 1.9),
        out_of_sample=np.full(6, 0.45),
        loss_probability=loss,
        slope=-0.1,
        intercept=1.0,
    )


def _text(overfit, outside=None):
    return "\n".join(verdict(overfit, outside))


def test_the_verdict_word_for_word():
    assert (
        (
            "1,023 combos were tried, and every one counts as a trial; the daily returns of two of "
            "them correlate 0.90 on average, so they are worth about 103 independent ones."
        ),
        (
            "The best combo has a Sharpe ratio of 1.31 a year; the best of as many worthless ones "
            "would be expected to show 0.65. The probability that its true ratio is above that is "
            "91 % (deflated Sharpe ratio), below the 95 % usually asked for."
        ),
        "It would take 3.8 years of such a record to be sure.",
        (
            "Of 6 ways to cut the sessions into two halves, the combo that was best in one half "
            "was at or below the median of all 1,023 in the other in 34 % (probability of backtest "
            "overfitting), and earned less than the risk-free rate there in 12 %. The choice "
            "carries over, but not reliably."
        ),
        (
            "The Sharpe ratio of the combo chosen on one half went from 1.90 there to 0.45 in the "
            "other (medians)."
        ),
        (
            "Resampled, the best combo's Sharpe ratio lies between 0.35 and 2.25 in 90 % of the "
            "cases; of the 2 other combos shown here, 1 has a ratio inside that band and cannot be "
            "told from it."
        ),
    ) == verdict(_overfit(), None)


@pytest.mark.parametrize(
    ("probability", "meaning"),
    [
        (0.0, "carries over well"),
        (0.1, "carries over well"),
        (0.11, "but not reliably"),
        (0.5, "drawing lots"),
        (1.0, "drawing lots"),
    ],
)
def test_a_probability_of_overfitting_has_a_meaning(probability, meaning):
    assert meaning in _text(_overfit(pbo=_pbo(probability)))


@pytest.mark.parametrize(
    ("probability", "text"),
    [(0.0, "in 0 %"), (0.004, "in under 1 %"), (0.996, "in over 99 %"), (1.0, "in 100 %")],
)
def test_a_percentage_is_never_rounded_to_certainty(probability, text):
    assert text in _text(_overfit(pbo=_pbo(0.34, probability)))


def test_trials_that_are_all_alike_are_worth_one():
    assert "about 1 independent one." in _text(_overfit(effective_trials=1.2))


def test_the_benchmark_has_its_own_sentence():
    over = Active(np.array([0.84, 0.1, 0.0]), np.array([0.62, 0.2, 0.1]), 0.71, 0.2, 200)
    sentence = (
        "Over the benchmark its ratio is 0.84 (information ratio); the best of as many worthless "
        "ones would be expected to show 0.71, and the probability that the true one is above that "
        "is 62 %."
    )
    assert sentence in verdict(_overfit(active=over), None)
    unknown = replace(over, ratio=np.full(3, NAN))
    assert "information ratio" not in _text(_overfit(active=unknown))


def test_a_convincing_best_needs_no_longer_record():
    text = _text(_overfit(deflated=np.array([0.97, 0.9, 0.2])))
    assert "is 97 % (deflated Sharpe ratio), above the 95 % usually asked for." in text
    assert "It would take" not in text


def test_a_best_that_is_not_above_luck_is_told_so():
    assert "would not help: it is not above luck" in _text(_overfit(minimum_years=None))


def test_what_is_unknown_is_said_to_be_unknown():
    bare = _overfit(
        pbo=None,
        pbo_missing="the sessions are too few",
        mean_correlation=None,
        effective_trials=None,
        expected_max=None,
        low=np.full(3, NAN),
    )
    assert (
        "1,023 combos were tried, and every one counts as a trial.",
        "The best combo has a Sharpe ratio of 1.31 a year.",
        "The probability of backtest overfitting is unknown: the sessions are too few.",
    ) == verdict(bare, None)


def test_one_combo_is_one_trial():
    text = _text(
        _overfit(
            n_trials=1,
            mean_correlation=None,
            effective_trials=None,
            **{
                name: np.array([value])
                for name, value in (("sharpe", 1.0), ("low", 0.1), ("high", 1.9))
            },
            rows=np.arange(1),
        )
    )
    assert text.startswith("1 combo was tried")
    assert "lies between 0.10 and 1.90 in 90 % of the cases." in text


def test_a_best_without_a_ratio_is_not_judged():
    assert "nothing can be said of its luck" in _text(_overfit(sharpe=np.full(3, NAN)))


def _outside(values, **facts):
    plain = {
        "rows": np.arange(len(values)),
        "dates": np.array(["2022-01-04", "2022-06-30"], dtype="datetime64[D]"),
        "ann_excess": np.array(values),
        "rank_correlation": -0.25,
        "has_benchmark": True,
    }
    return OutOfSample(**{**plain, **facts})


@pytest.mark.parametrize(
    ("outside", "text"),
    [
        (
            _outside([0.123, -0.1]),
            (
                "Out of sample (2022-01-04 to 2022-06-30, 2 sessions), 1 of the first 2 combos "
                "were above the benchmark; the best one had an annual excess of +12.3%, and the "
                "two rankings correlate -0.25."
            ),
        ),
        (
            _outside([-0.02], has_benchmark=False, rank_correlation=None),
            (
                "Out of sample (2022-01-04 to 2022-06-30, 2 sessions), 0 of the first 1 combos "
                "were above zero; the best one had an annual return of -2.0%."
            ),
        ),
        (
            _outside([NAN, 0.1], rank_correlation=None),
            (
                "Out of sample (2022-01-04 to 2022-06-30, 2 sessions), 1 of the first 2 combos "
                "were above the benchmark."
            ),
        ),
    ],
)
def test_what_became_of_the_best_is_told(outside, text):
    assert text == verdict(_overfit(), outside)[-1]


@pytest.fixture(scope="module")
def results():
    return toy_search(noisy_paths(n_models=3)[0], benchmark=noisy_paths()[1])


def _caveats(results, *, overfit=None, clusters=None, seeds=None):
    return "\n".join(
        caveats(
            results,
            overfit or _overfit(),
            clusters=clusters,
            diversity=diversity(results),
            seeds=seeds,
        )
    )


def test_seed_noise_is_always_said(results):
    text = _caveats(results)
    assert "Trained again with another seed" in text
    assert "Seeds:" not in text


def test_seeds_are_named_where_they_are_known(results):
    text = _caveats(results, seeds={"model_a": 7, "model_b": None, "other": 3})
    assert text.splitlines()[0].endswith("are noise. Seeds: model_a 7.")


def test_many_seeds_are_cut():
    paths, _ = noisy_paths(n_models=10, n_sessions=40)
    results = toy_search(paths, members=[(name,) for name in paths])
    text = _caveats(results, seeds=dict.fromkeys(paths, 1))
    assert "model_h 1 and 2 more." in text


def test_without_a_benchmark_nothing_is_said_of_it(results):
    assert "knows no benchmark" in _caveats(results)
    assert "knows no benchmark" not in _caveats(replace(results, benchmark_returns=None))


def test_a_short_window_is_pointed_out(results):
    assert "is 240 sessions, less than a year" in _caveats(results)
    assert "less than a year" not in _caveats(replace(results, periods_per_year=52))


def test_short_blocks_are_pointed_out(results):
    short = replace(results, block_rows=np.full(4, 7))
    assert "blocks of 7 sessions" in _caveats(short)
    assert "sessions. Positions" not in _caveats(results)
    assert "sessions. Positions" not in _caveats(short, overfit=_overfit(pbo=None))


def test_candidates_are_not_all_trials(results):
    text = _caveats(results, overfit=_overfit(n_combos=50))
    assert "Only 50 of the 1,023 trials are in this table" in text
    assert "Only" not in _caveats(results)


def test_a_missing_bonus_is_explained(results):
    assert "diversity bonus" not in _caveats(results)
    pairs = toy_search(noisy_paths()[0], members=[("model_a", "model_b")])
    assert "search with --min-combo-size 1" in _caveats(pairs)


def test_models_in_no_cluster_are_named(results):
    paths, _ = noisy_paths(n_models=3)
    paths["model_b"] = np.zeros(240)
    flat = toy_search(paths, members=[(name,) for name in paths], correlation=np.eye(3))
    shared = shared_returns(flat.paths_of(np.arange(3)), None)
    names = tuple(flat.label_of(row) for row in range(3))
    clusters = model_clusters(names, shared)
    assert "in no cluster: model_b." in _caveats(results, clusters=clusters)


def test_a_synthetic_market_is_named(results):
    assert "synthetic" in _caveats(replace(results, is_synthetic=True))
    assert "synthetic" not in _caveats(results)

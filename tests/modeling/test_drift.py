"""Whether scores still look as they did."""

from __future__ import annotations

import json
from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.errors import ModelError
from quantpits.modeling.drift import (
    WINDOW,
    ScoreBins,
    drift_by_day,
    learnt_scores,
    score_bins,
)
from quantpits.signals.stability import stability_index
from quantpits.workspace import to_jsonable


def scores(values, start="2024-01-01"):
    """Return a series of [days, names] values."""
    values = np.asarray(values, np.float64)
    days = pd.bdate_range(start, periods=values.shape[0], name="datetime")
    names = pd.Index([f"SH{number:02d}" for number in range(values.shape[1])], name="instrument")
    index = pd.MultiIndex.from_product([days, names])
    return pd.Series(values.ravel(), index=index, name="score")


def draws(n_days, *, mean=0.0, scale=1.0, seed=0, start="2024-01-01"):
    rng = np.random.default_rng(seed)
    return scores(rng.normal(mean, scale, size=(n_days, 40)), start)


LEARNT = draws(250)
BINS = score_bins(LEARNT, reference="train")


def test_bins_hold_a_tenth_each_of_the_scores_they_were_made_of():
    assert (9, 10, 250 * 40) == (len(BINS.edges), len(BINS.counts), sum(BINS.counts))
    assert {1000} == set(BINS.counts)
    assert (date(2024, 1, 1), date(2024, 12, 13)) == (BINS.first, BINS.last)
    assert (None, "train") == (BINS.usual, BINS.reference)


def test_equal_scores_share_bins_and_none_is_empty():
    few = score_bins(scores(np.tile([0.0, 0.0, 0.0, 1.0], (5, 1))), reference="train")
    assert ((1.0,), (15, 5)) == (few.edges, few.counts)
    constant = score_bins(scores(np.ones((5, 4))), reference="test")
    assert ((), (20,)) == (constant.edges, constant.counts)
    assert [0.0] == drift_by_day(scores(np.ones((3, 4)) * 7), constant).to_list()


def test_without_a_score_there_are_no_bins():
    assert score_bins(LEARNT.iloc[:0], reference="train") is None


def test_the_same_distribution_does_not_drift():
    drift = drift_by_day(draws(60, seed=1), BINS)
    assert drift.max() < 0.05


def test_a_shift_of_half_a_deviation_shows_when_it_came():
    before = draws(40, seed=2)
    after = draws(40, mean=0.75, seed=3, start="2024-02-26")
    drift = drift_by_day(pd.concat([before, after]), BINS)
    assert drift.iloc[20] < 0.05
    assert drift.iloc[-1] > 0.25
    assert drift.index[drift > 0.1].min() > pd.Timestamp("2024-02-26")


def test_a_normalised_score_would_hide_what_the_raw_one_shows():
    # All scores of the latest days are higher: within each day nothing has changed.
    raw = draws(30, mean=1.0, seed=4)
    by_day = raw.groupby(level="datetime")
    normalised = (raw - by_day.transform("mean")) / by_day.transform("std")
    assert drift_by_day(raw, BINS).iloc[-1] > 0.5
    assert drift_by_day(normalised, BINS).iloc[-1] < 0.1


def test_each_value_is_that_of_the_sessions_that_end_on_its_day():
    later = draws(WINDOW + 5, seed=5)
    drift = drift_by_day(later, BINS)
    assert 6 == len(drift)
    days = later.index.get_level_values("datetime").unique()
    for day, value in drift.items():
        at = days.get_loc(day)
        window = later[
            later.index.get_level_values("datetime").isin(days[at - WINDOW + 1 : at + 1])
        ]
        counts = np.histogram(window, [-np.inf, *BINS.edges, np.inf])[0]
        assert pytest.approx(stability_index(BINS.counts, counts.tolist())) == value


def test_fewer_sessions_than_a_window_are_taken_together():
    drift = drift_by_day(draws(3, seed=6), BINS)
    assert [pd.Timestamp("2024-01-03")] == drift.index.to_list()


def test_what_is_usual_comes_from_the_days_after_the_training():
    bins = score_bins(LEARNT, later=draws(80, scale=0.5, seed=7), reference="train")
    usual = drift_by_day(draws(80, scale=0.5, seed=7), BINS)
    assert pytest.approx(np.quantile(usual, 0.95)) == bins.usual
    assert bins.usual > 0.25  # a model whose scores are narrower than where it learned
    assert BINS.counts == bins.counts


def test_bins_survive_json():
    bins = score_bins(LEARNT, later=draws(30), reference="train")
    assert bins == ScoreBins.from_plain(json.loads(json.dumps(to_jsonable(bins))))
    assert BINS == ScoreBins.from_plain(json.loads(json.dumps(to_jsonable(BINS))))


@pytest.mark.parametrize("change", [{"edges": None}, {"first": "soon"}, {"counts": ["many"]}])
def test_something_else_is_refused(change):
    with pytest.raises((KeyError, TypeError, ValueError), match=r".*"):
        ScoreBins.from_plain({**to_jsonable(BINS), **change})


class Sliced:
    """A dataset of days, and a model that predicts its test window only."""

    def __init__(self, **segments):
        self.segments = {name: tuple(days) for name, days in segments.items()}

    def prepare(self, *_):
        return None


def predicting(asked, values=LEARNT):
    def predict(dataset):
        first, last = dataset.segments["test"]
        asked.append((first, last))
        days = values.index.get_level_values("datetime")
        return values[(days >= first) & (days <= last)]

    return SimpleNamespace(predict=predict)


SEGMENTS = {
    "train": ("2024-01-01", "2024-08-30"),
    "valid": ("2024-09-02", "2024-10-31"),
    "test": ("2024-11-01", "2024-12-13"),
}


def test_a_model_scores_its_windows_and_the_dataset_is_as_before():
    asked, dataset = [], Sliced(**SEGMENTS)
    learnt, later = learnt_scores(predicting(asked), dataset, name="gru")
    days = LEARNT.index.get_level_values("datetime")
    assert LEARNT[days <= "2024-08-30"].equals(learnt)
    assert LEARNT[(days > "2024-08-30") & (days < "2024-11-01")].equals(later)
    assert SEGMENTS == dataset.segments


def test_long_windows_are_scored_a_year_at_a_time_and_no_day_twice():
    asked = []
    values = draws(1000)
    dataset = Sliced(train=("2024-01-01", "2027-10-29"), test=("2024-11-01", "2024-12-13"))
    learnt, later = learnt_scores(predicting(asked, values), dataset, name="gru")
    assert 4 == len(asked)
    assert all(first <= last for first, last in asked)
    assert values.equals(learnt)
    assert later is None


def test_what_is_not_a_number_is_left_out():
    values = LEARNT.copy()
    values.iloc[::7] = np.nan
    learnt, _ = learnt_scores(predicting([], values), Sliced(**SEGMENTS), name="gru")
    assert np.isfinite(learnt.to_numpy()).all()


def test_a_model_that_cannot_score_them_says_so_and_leaves_the_dataset_as_it_was():
    dataset = Sliced(**SEGMENTS)

    def predict(_dataset):
        raise RuntimeError("only once")

    with pytest.raises(ModelError, match="scoring the window it learned from"):
        learnt_scores(SimpleNamespace(predict=predict), dataset, name="gru")
    assert SEGMENTS == dataset.segments


def test_a_dataset_without_a_training_window_is_told():
    with pytest.raises(ModelError, match="names no training window"):
        learnt_scores(predicting([]), Sliced(test=SEGMENTS["test"]), name="gru")


@pytest.mark.property
@given(seed=st.integers(0, 1000), n_days=st.integers(1, 40))
def test_drift_is_never_negative_and_knows_no_order_of_rows(seed, n_days):
    later = draws(n_days, mean=0.25, seed=seed)
    drift = drift_by_day(later, BINS)
    assert (drift >= 0.0).all()
    assert drift.equals(drift_by_day(later.sample(frac=1, random_state=seed), BINS))

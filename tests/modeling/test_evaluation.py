"""Scores are checked, and IC is taken on known labels only."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from quantpits.errors import ModelError
from quantpits.modeling.evaluation import checked_scores, daily_ic, monthly_ic, score_series
from quantpits.signals.ic_band import mean_band, part_margin

DAYS = pd.to_datetime(["2026-02-05", "2026-02-06"])
INDEX = pd.MultiIndex.from_product([DAYS, ["A", "B", "C"]], names=["datetime", "instrument"])
LAST = date(2026, 2, 6)


def series(values, index=INDEX):
    return pd.Series(values, index=index)


def test_scores_become_a_sorted_float64_series():
    given = series(np.arange(6, dtype=np.float32)).iloc[::-1].swaplevel()
    expected = pd.Series(np.arange(6.0), index=INDEX, name="score")
    pd.testing.assert_series_equal(expected, checked_scores(given, "a", last_session=LAST))


@pytest.mark.parametrize("columns", [["score", "label"], ["label", "score"], ["x"]])
def test_of_a_frame_the_score_is_taken(columns):
    frame = pd.DataFrame(dict.fromkeys(columns, 0.0), index=INDEX)
    frame["score" if "score" in columns else "x"] = np.arange(6.0)
    assert [0, 1, 2, 3, 4, 5] == checked_scores(frame, "a", last_session=LAST).to_list()


@pytest.mark.parametrize(
    ("predicted", "message"),
    [
        (np.arange(6), "did not predict a table of scores"),
        (pd.DataFrame(index=INDEX), "did not predict a table of scores"),
        (pd.Series([1.0]), "did not predict a table of scores"),
        (series([] * 0, INDEX[:0]), "predicted nothing"),
        (series([1, 2, np.nan, 4, 5, np.inf]), "predicted 2 values that are not numbers"),
        (series([1.0, 2, 3], INDEX[:3]), "did not predict the last session"),
    ],
)
def test_what_is_no_set_of_scores_is_refused(predicted, message):
    with pytest.raises(ModelError, match=message):
        checked_scores(predicted, "a", last_session=LAST)


def test_daily_ic_by_hand():
    scores = series([1.0, 2, 3, 1, 2, 3])
    outcome = daily_ic(scores, series([2.0, 4, 6, 3, 2, 1]))
    assert [1.0, -1.0] == pytest.approx(outcome.ic.to_list())
    assert DAYS.to_list() == outcome.ic.index.to_list()
    # A mean of exactly zero is a zero, not "undefined" (fault 25).
    assert 0.0 == pytest.approx(outcome.summary.ic)
    assert outcome.summary.ic is not None
    assert 2 == outcome.summary.n_days


def test_days_whose_label_is_not_known_are_left_out():
    outcome = daily_ic(series([1.0, 2, 3, 1, 2, 3]), series([1.0, 2, 3, *[np.nan] * 3]))
    assert [DAYS[0]] == outcome.rank_ic.index.to_list()
    assert (1, None) == (outcome.summary.n_days, outcome.summary.icir)


def test_labels_without_a_score_do_not_count():
    labels = series([1.0, 3, 2, 1, 2, 3])
    outcome = daily_ic(series([1.0, 3, 2], INDEX[:3]), labels)
    assert 1 == outcome.summary.n_days


def test_no_known_label_leaves_everything_undefined():
    outcome = daily_ic(series([1.0] * 6), series([np.nan] * 6))
    assert (None, None, 0) == (
        outcome.summary.ic,
        outcome.summary.rank_icir,
        outcome.summary.n_days,
    )
    assert outcome.ic.empty


def test_constant_scores_have_no_ic():
    outcome = daily_ic(series([1.0] * 6), series([1.0, 2, 3, 4, 5, 6]))
    assert outcome.summary.ic is None
    assert outcome.ic.empty


def test_a_series_of_scores_keeps_what_is_not_a_number():
    given = series([1.0, np.nan, 3, 4, 5, 6]).swaplevel()
    expected = pd.Series([1.0, np.nan, 3, 4, 5, 6], index=INDEX, name="score")
    pd.testing.assert_series_equal(expected, score_series(given, "a"))


def long_series(n_days=60):
    rng = np.random.default_rng(1)
    days = pd.bdate_range("2026-01-05", periods=n_days, name="datetime")
    return pd.Series(rng.normal(0.05, 0.1, n_days), index=days)


def test_bands_are_those_of_the_daily_values():
    rng = np.random.default_rng(0)
    index = pd.MultiIndex.from_product(
        [pd.bdate_range("2026-01-05", periods=30), list("ABCDE")], names=["datetime", "instrument"]
    )
    scores = pd.Series(rng.normal(size=len(index)), index=index)
    outcome = daily_ic(scores, scores + rng.normal(size=len(index)))
    assert mean_band(outcome.ic.to_numpy()) == outcome.bands.ic
    assert mean_band(outcome.rank_ic.to_numpy()) == outcome.bands.rank_ic


def test_a_few_days_have_no_bands():
    bands = daily_ic(series([1.0, 2, 3, 1, 2, 3]), series([2.0, 4, 6, 3, 2, 1])).bands
    assert (None, None, None, None) == (bands.ic, bands.icir, bands.rank_ic, bands.rank_icir)


def test_months_hold_the_means_of_their_days():
    ic, rank_ic = long_series(), long_series() / 2
    months = monthly_ic(ic, rank_ic)
    assert [("2026-01", 20), ("2026-02", 20), ("2026-03", 20)] == [
        (month.month, month.n_days) for month in months
    ]
    assert pytest.approx(ic.iloc[20:40].mean()) == months[1].ic
    assert pytest.approx(rank_ic.iloc[:20].mean()) == months[0].rank_ic
    assert part_margin(ic.to_numpy(), 20) == months[0].ic_margin
    assert part_margin(rank_ic.to_numpy(), 20) == months[2].rank_ic_margin


def test_months_of_a_short_window_have_no_margins():
    months = monthly_ic(long_series(5), long_series(5))
    assert [(5, None, None)] == [
        (month.n_days, month.ic_margin, month.rank_ic_margin) for month in months
    ]
    assert () == monthly_ic(long_series(0), long_series(0))

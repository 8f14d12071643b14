"""Date windows: hand-computed cases, purge, and what is refused."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.config import ModelConfig
from quantpits.errors import MissingDataError
from quantpits.modeling.windows import compute_windows, resolve_anchor, slide_dates

# Every weekday from 2015 to 2026-02-06, a Friday.
ALL_DAYS = np.arange("2015-01-01", "2026-02-07", dtype="datetime64[D]")
WEEKDAYS = ALL_DAYS[np.is_busday(ALL_DAYS)]


def config(**changes):
    return ModelConfig.model_validate({"market": "m", "benchmark": "SH000300", **changes})


def windows(sessions=WEEKDAYS, *, anchor=date(2026, 2, 6), horizon=6, **changes):
    return compute_windows(config(**changes), sessions, anchor=anchor, horizon_sessions=horizon)


def test_slide_dates_of_8_2_3_years_by_hand():
    # 13 years are trunc(4748.25) = 4748 days, 5 are 1826, 3 are trunc(1095.75) = 1095; from
    # 2013-02-06 to the anchor are 13 * 365 + 3 leap days = 4748; the start is a day later.
    expected = {
        "train": (date(2013, 2, 7), date(2021, 2, 6)),
        "valid": (date(2021, 2, 7), date(2023, 2, 7)),
        "test": (date(2023, 2, 8), date(2026, 2, 6)),
    }
    assert expected == slide_dates(date(2026, 2, 6), train=8, valid=2, test=3)


def test_slide_dates_of_fractions_are_cut_toward_zero_by_hand():
    # 2.0 years are trunc(730.5) = 730 days, 1.0 is 365, half a year is trunc(182.625) = 182.
    expected = {
        "train": (date(2024, 2, 8), date(2025, 2, 6)),
        "valid": (date(2025, 2, 7), date(2025, 8, 8)),
        "test": (date(2025, 8, 9), date(2026, 2, 6)),
    }
    assert expected == slide_dates(date(2026, 2, 6), train=1, valid=0.5, test=0.5)


def test_without_purge_the_dates_are_those_of_the_earlier_system():
    made = windows(purge=False, train_set_windows=5, valid_set_window=2, test_set_window=3)
    assert (date(2016, 2, 8), date(2021, 2, 6)) == made.train  # a Saturday: no session
    assert (date(2021, 2, 7), date(2023, 2, 7)) == made.valid  # from a Sunday
    assert (date(2023, 2, 8), date(2026, 2, 6)) == made.test
    assert (date(2016, 2, 8), date(2026, 2, 6)) == (made.data_start, made.data_end)
    assert not made.is_purged


def test_purge_moves_to_sessions_and_takes_the_horizon_away_by_hand():
    made = windows(horizon=6, train_set_windows=5, valid_set_window=2, test_set_window=3)
    # Validation starts on Monday 2021-02-08; six sessions before it, 01-29 to 02-05, are purged.
    assert (date(2016, 2, 8), date(2021, 1, 28)) == made.train
    # The test window starts on Wednesday 2023-02-08; 01-31 to 02-07 are purged.
    assert (date(2021, 2, 8), date(2023, 1, 30)) == made.valid
    assert (date(2023, 2, 8), date(2026, 2, 6)) == made.test
    assert date(2026, 2, 6) == made.last_session
    assert 6 == made.horizon_sessions
    assert {"train": ["2016-02-08", "2021-01-28"]}.items() <= made.segments().items()


@pytest.mark.property
@given(
    horizon=st.integers(0, 20),
    years=st.tuples(st.floats(0.3, 4), st.floats(0.3, 2), st.floats(0.1, 2)),
    back=st.integers(0, 300),
)
def test_no_label_of_a_window_uses_a_price_of_the_next(horizon, years, back):
    sessions = WEEKDAYS[: len(WEEKDAYS) - back]
    keys = ("train_set_windows", "valid_set_window", "test_set_window")
    anchor = sessions[-1].item()
    made = windows(sessions, anchor=anchor, horizon=horizon, **dict(zip(keys, years, strict=True)))
    for earlier, later in ((made.train, made.valid), (made.valid, made.test)):
        last_label_at = np.searchsorted(sessions, np.datetime64(earlier[1])) + horizon
        assert last_label_at < np.searchsorted(sessions, np.datetime64(later[0]))
    for first, last in (made.train, made.valid, made.test):
        assert first <= last
        assert {np.datetime64(first), np.datetime64(last)} <= set(sessions)
    assert made.anchor == made.test[1]


def fixed(**changes):
    dates = {
        "data_slice_mode": "fixed",
        "start_time": "2015-01-01",
        "fit_start_time": "2016-01-01",
        "fit_end_time": "2020-12-31",
        "valid_start_time": "2021-01-01",
        "valid_end_time": "2022-12-31",
        "test_start_time": "2023-01-01",
        "test_end_time": "2025-12-31",
    }
    return {**dates, **changes}


def test_fixed_dates_without_purge_are_literal():
    made = windows(**fixed(purge=False))
    assert (date(2016, 1, 1), date(2020, 12, 31)) == made.train
    assert (date(2023, 1, 1), date(2025, 12, 31)) == made.test
    assert date(2015, 1, 1) == made.data_start
    assert date(2026, 2, 6) == made.anchor


def test_fixed_dates_with_purge_are_sessions_without_the_horizon():
    made = windows(horizon=2, **fixed())
    assert (date(2016, 1, 1), date(2020, 12, 29)) == made.train  # 2020-12-30 and -31 purged
    assert (date(2021, 1, 1), date(2022, 12, 28)) == made.valid  # 29 and 30 purged, 31 a Saturday
    assert (date(2023, 1, 2), date(2025, 12, 31)) == made.test
    assert date(2015, 1, 1) == made.data_start
    assert date(2025, 12, 31) == made.last_session


def test_a_gap_between_fixed_windows_counts_towards_the_purge():
    made = windows(horizon=6, **fixed(fit_end_time="2020-06-30"))
    assert date(2020, 6, 30) == made.train[1]


def test_fixed_dates_before_the_history_are_noted():
    made = windows(**fixed(start_time="2008-01-01", fit_start_time="2008-01-01"))
    assert date(2015, 1, 1) == made.train[0]
    assert (
        "the train window starts at 2015-01-01, the market's first session, not at 2008-01-01",
    ) == made.notes


def test_a_history_too_short_is_refused_with_what_to_change():
    with pytest.raises(
        MissingDataError, match="history is too short for the train window"
    ) as error:
        windows(train_set_windows=8)
    text = str(error.value)
    assert "first session is 2015-01-01 (11.1 years of history)" in text
    assert "lower train_set_windows" in text
    assert 3 == error.value.exit_code


def test_a_window_that_starts_in_the_first_holiday_is_not_too_early():
    assert (
        date(2015, 1, 1)
        == windows(anchor=date(2025, 12, 25), sessions=WEEKDAYS[:2866], train_set_windows=6).train[
            0
        ]
    )


@pytest.mark.parametrize(
    ("changes", "window"),
    [
        ({"valid_set_window": 0.005}, "valid"),
        ({"train_set_windows": 0.01}, "train"),
        ({"valid_set_window": 0.015}, "valid"),
    ],
)
def test_an_empty_window_is_refused_by_name(changes, window):
    spans = {"train_set_windows": 3, "valid_set_window": 1, "test_set_window": 1}
    with pytest.raises(MissingDataError, match=f"The {window} window is empty"):
        windows(**{**spans, **changes})


def test_a_fixed_window_without_a_session_is_refused_by_name():
    dates = {"valid_start_time": "2021-01-02", "valid_end_time": "2021-01-03"}
    with pytest.raises(MissingDataError, match="The valid window is empty") as error:
        windows(**fixed(**dates))
    assert "no session from 2021-01-02 to 2021-01-03" in str(error.value)


def test_the_anchor_is_the_last_session():
    assert date(2026, 2, 6) == resolve_anchor(config(), WEEKDAYS, WEEKDAYS)


FUTURE = np.concatenate([WEEKDAYS, np.array(["2026-02-09", "2026-02-10"], "datetime64[D]")])


@pytest.mark.parametrize(
    ("current", "expected"),
    [
        ("2026-01-30", date(2026, 1, 30)),
        ("2026-02-08", date(2026, 2, 6)),
        ("2026-02-01", date(2026, 1, 30)),
    ],
)
def test_another_date_mode_takes_the_session_on_or_before_current_date(current, expected):
    made = config(train_date_mode="fixed", current_date=current)
    assert expected == resolve_anchor(made, WEEKDAYS, FUTURE)


@pytest.mark.parametrize(
    ("mode", "current", "notes"),
    [
        ("fixed", "2026-02-06", []),
        ("fixed", "2026-02-08", ["2026-02-08 is no session; the anchor is the session before it"]),
        ("last_trade_date", "2026-02-08", []),
    ],
)
def test_a_current_date_that_is_no_session_is_noted(mode, current, notes):
    made = windows(train_date_mode=mode, current_date=current, train_set_windows=3)
    assert notes == [note[len("current_date ") : -len(", 2026-02-06")] for note in made.notes]


def test_data_that_end_before_current_date_are_refused():
    made = config(train_date_mode="fixed", current_date="2026-02-09")
    with pytest.raises(MissingDataError, match="The market data end before current_date"):
        resolve_anchor(made, WEEKDAYS, FUTURE)


def test_data_that_begin_after_current_date_are_refused():
    made = config(train_date_mode="fixed", current_date="2014-02-09")
    with pytest.raises(MissingDataError, match="The market data begin after current_date"):
        resolve_anchor(made, WEEKDAYS, FUTURE)

import numpy as np

from quantpits.market.synthetic_calendar import synthetic_sessions
from quantpits.market.synthetic_events import make_event_plan
from quantpits.market.synthetic_listing import make_listing_plan

SESSIONS = synthetic_sessions()
PLAN = make_listing_plan(20200101, SESSIONS)
EVENTS = make_event_plan(20200101, PLAN, SESSIONS)


def _suspensions(column):
    edges = np.diff(EVENTS.is_suspended[:, column].astype(int), prepend=0, append=0)
    return np.flatnonzero(edges < 0) - np.flatnonzero(edges > 0)


def test_suspensions_last_one_to_ten_sessions():
    lengths = np.concatenate([_suspensions(column) for column in range(len(PLAN.instruments))])

    assert len(lengths) > 100
    assert 1 == lengths.min()
    assert 10 == lengths.max()


def test_suspensions_keep_away_from_listing_and_delisting():
    for column, (first, end) in enumerate(zip(PLAN.first, PLAN.end, strict=True)):
        assert not EVENTS.is_suspended[: first + 10, column].any()
        assert not EVENTS.is_suspended[end - 16 :, column].any()


def test_ex_dates_come_once_a_year_in_season():
    assert (EVENTS.is_ex_date.sum(axis=0) == 8).all()
    days = SESSIONS[EVENTS.is_ex_date.any(axis=1)].astype(str)
    assert all("05-15" <= day[5:] <= "07-31" for day in days)


def test_yields_stand_on_ex_dates_only():
    assert not EVENTS.dividend_yield[~EVENTS.is_ex_date].any()
    paid = EVENTS.dividend_yield[EVENTS.dividend_yield > 0]
    assert paid.min() >= 0.005
    assert paid.max() <= 0.03
    assert 0.5 < len(paid) / EVENTS.is_ex_date.sum() < 0.7

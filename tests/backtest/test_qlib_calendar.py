"""Sessions after the end of a backtest, from the market or from the exchange."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from quantpits.backtest.qlib_calendar import backtest_calendar, lend_calendar
from quantpits.market import MarketSource, open_qlib
from tests.backtest.conftest import FUTURE, SESSIONS

LAST = date(2026, 1, 23)


@pytest.fixture
def source(lab):
    return MarketSource(lab.folder, "cn", is_synthetic=False, label="lab")


def test_the_markets_own_sessions_are_enough(source):
    sessions, is_lent = backtest_calendar(source, LAST)
    assert not is_lent
    assert np.concatenate([SESSIONS, FUTURE]).tolist() == sessions.tolist()


@pytest.mark.parametrize("future", [None, FUTURE[:2]])
def test_where_they_end_too_early_the_exchanges_follow(lab, source, future):
    lab.calendar(future)
    sessions, is_lent = backtest_calendar(source, LAST)
    assert is_lent
    later = sessions[sessions > SESSIONS[-1]]
    assert later.size > 10
    assert (np.diff(sessions) > np.timedelta64(0, "D")).all()
    assert np.datetime64("2026-02-17") not in later  # Spring Festival


def test_qlib_is_lent_a_calendar_only_where_it_needs_one(lab, source):
    from qlib.data import D  # noqa: PLC0415 - heavy
    from qlib.data.cache import H  # noqa: PLC0415 - heavy

    open_qlib(source)
    lend_calendar(source, LAST, frequency="week")
    assert "week_future_True" not in H["c"]
    lab.calendar(future=None)
    open_qlib(source)
    H.clear()
    lend_calendar(source, LAST, frequency="week")
    begins = [str(day.date()) for day in D.calendar(freq="week", future=True)]
    assert ["2026-01-05", "2026-01-12", "2026-01-19", "2026-01-26"] == begins[:4]
    lend_calendar(source, LAST, frequency="day")
    assert D.calendar(freq="day", future=True).size > SESSIONS.size
    H.clear()

"""The sessions that Qlib's backtest needs, also where the market's files do not know them.

Qlib reads the end of a step from the begin of the next one, and stops with an IndexError where its
calendar ends. A market without ``calendars/day_future.txt`` is lent the sessions of the exchange's
public calendar; nothing is written to its folder, and no result depends on them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quantpits.market import load_calendar
from quantpits.market.calendar import public_sessions

if TYPE_CHECKING:
    from datetime import date

    from quantpits.market import DateArray, MarketSource
    from quantpits.trading import Frequency

__all__ = ["backtest_calendar", "lend_calendar"]

# Two weeks of sessions: a step that begins after any last one.
_SPARE_SESSIONS = 10
_LOOK_AHEAD_DAYS = 40


def backtest_calendar(market: MarketSource, end: date) -> tuple[DateArray, bool]:
    """Return the sessions of a market with some after the end of a backtest.

    Parameters
    ----------
    market : MarketSource
        Whose calendar.
    end : date
        Last day of the backtest.

    Returns
    -------
    sessions : datetime64[D] [T]
        Those of the market, future ones included, and if they end too early those of the exchange's
        public calendar as far as it knows them.
    is_lent : bool
        Whether the public calendar was needed.
    """
    known = load_calendar(market).future
    if np.count_nonzero(known > np.datetime64(end)) >= _SPARE_SESSIONS:
        return known, False
    last: date = known[-1].astype("datetime64[D]").item()
    coming = public_sessions(market.region, last, n_days=_LOOK_AHEAD_DAYS)
    return np.concatenate([known, coming]), bool(coming.size)


def lend_calendar(market: MarketSource, end: date, *, frequency: Frequency) -> None:
    """Put the sessions of a backtest into Qlib's memory where its files end too early.

    Parameters
    ----------
    market : MarketSource
        The market that Qlib has open.
    end : date
        Last day of the backtest.
    frequency : {"day", "week"}
        Length of a step.
    """
    sessions, is_lent = backtest_calendar(market, end)
    if not is_lent:
        return
    import pandas as pd  # noqa: PLC0415 - heavy
    from qlib.data.cache import H  # noqa: PLC0415 - Qlib takes a second to import
    from qlib.utils.resam import resam_calendar  # noqa: PLC0415

    days = np.array([pd.Timestamp(day) for day in sessions.astype("datetime64[s]")])
    begins = days if frequency == "day" else resam_calendar(days, "day", frequency, market.region)
    H["c"][f"{frequency}_future_True"] = begins, {day: row for row, day in enumerate(begins)}

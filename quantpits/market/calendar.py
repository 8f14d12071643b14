"""The sessions of a market: those with data, and those known to come.

Every date that a step uses passes through here, so that a holiday, a date outside the data, or a
calendar without a future is told at once. Nothing here imports Qlib.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from quantpits.errors import MissingDataError
from quantpits.market.binary import CALENDAR_FILE, FUTURE_CALENDAR_FILE, read_sessions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quantpits.market.source import MarketSource

__all__ = ["DateArray", "TradingCalendar", "load_calendar", "public_sessions"]

DateArray = npt.NDArray[np.datetime64]

_EXCHANGES = {"cn": "XSHG", "us": "XNYS"}
_LOOK_AHEAD_DAYS = 40


@dataclass(frozen=True, slots=True, eq=False)
class TradingCalendar:
    """The sessions of one market.

    Attributes
    ----------
    sessions : datetime64[D] [T]
        Sessions that have data, ascending.
    future : datetime64[D] [>= T]
        The same and the sessions known to come; equal to `sessions` if none are known.
    region : str
        ``"cn"`` or ``"us"``: which exchange to ask when no session is known to come.
    """

    sessions: DateArray
    future: DateArray
    region: str = "cn"

    @property
    def first_session(self) -> date:
        """First session that has data."""
        return _as_date(self.sessions[0])

    @property
    def last_session(self) -> date:
        """Last session that has data: the anchor."""
        return _as_date(self.sessions[-1])

    def is_session(self, day: date) -> bool:
        """Say whether a day is a session, past or known to come.

        Parameters
        ----------
        day : date
            Any day.

        Returns
        -------
        bool
            False also for days beyond the known sessions.
        """
        position = self._position(day)
        return position < self.future.size and _as_date(self.future[position]) == day

    def next_session(self, day: date) -> date:
        """Return the first session after a day.

        Parameters
        ----------
        day : date
            Any day, session or not.

        Returns
        -------
        date
            From the market's calendar; where that ends, from the exchange's public calendar. Never
            `day` itself.

        Raises
        ------
        MissingDataError
            If neither calendar knows it.
        """
        position = int(np.searchsorted(self.future, np.datetime64(day), side="right"))
        if position < self.future.size:
            return _as_date(self.future[position])
        coming = public_sessions(self.region, day, n_days=_LOOK_AHEAD_DAYS)
        if coming.size:
            return _as_date(coming[0])
        raise MissingDataError(
            "The next session is not known.",
            where=day,
            expected="calendars/day_future.txt beside the market's day.txt",
            found="none, and the exchange's public calendar does not reach that far",
            hint="Update the market data's calendar with the coming sessions.",
        )

    def previous_session(self, day: date) -> date:
        """Return the last session before a day.

        Parameters
        ----------
        day : date
            Any day, session or not.

        Returns
        -------
        date
            A session.

        Raises
        ------
        MissingDataError
            If the calendar begins on that day or later.
        """
        return self._at(self._position(day) - 1, day)

    def on_or_before(self, day: date) -> date:
        """Return `day` if it is a session, else the last one before it.

        Parameters
        ----------
        day : date
            Any day.

        Returns
        -------
        date
            A session.

        Raises
        ------
        MissingDataError
            If the calendar begins after that day.
        """
        return self._at(
            int(np.searchsorted(self.future, np.datetime64(day), side="right")) - 1, day
        )

    def on_or_after(self, day: date) -> date:
        """Return `day` if it is a session, else the first one after it.

        Parameters
        ----------
        day : date
            Any day.

        Returns
        -------
        date
            A session.

        Raises
        ------
        MissingDataError
            If the known sessions end before that day.
        """
        return self._at(self._position(day), day)

    def offset(self, day: date, n_sessions: int) -> date:
        """Return the session `n_sessions` after a session, or before it for a negative count.

        Parameters
        ----------
        day : date
            A session.
        n_sessions : int
            How many sessions to go.

        Returns
        -------
        date
            A session.

        Raises
        ------
        MissingDataError
            If `day` is no session, or the calendar does not reach that far.
        """
        if not self.is_session(day):
            raise MissingDataError(
                "A date is not a session.", where=day, expected="a session of the market"
            )
        return self._at(self._position(day) + n_sessions, day)

    def sessions_in(self, start: date, end: date) -> list[date]:
        """Return the sessions of a closed range, those to come included as far as they are known.

        Parameters
        ----------
        start, end : date
            First and last day, both inclusive.

        Returns
        -------
        list of date
            Ascending; empty if `end` is before `start`.
        """
        low = self._position(start)
        high = int(np.searchsorted(self.future, np.datetime64(end), side="right"))
        return [_as_date(day) for day in self.future[low:high]]

    def week_starts(self) -> Iterator[date]:
        """Yield the first session of each ISO week, those to come included.

        Yields
        ------
        date
            Ascending. Weeks without a session, as around long holidays, are absent.
        """
        previous: tuple[int, int] | None = None
        for session in self.future:
            day = _as_date(session)
            week = day.isocalendar()[:2]
            if week != previous:
                yield day
            previous = week

    def _position(self, day: date) -> int:
        return int(np.searchsorted(self.future, np.datetime64(day), side="left"))

    def _at(self, position: int, day: date) -> date:
        if 0 <= position < self.future.size:
            return _as_date(self.future[position])
        raise MissingDataError(
            "A date is outside the market's calendar.",
            where=day,
            expected=f"a date from {self.first_session} to {_as_date(self.future[-1])}",
            hint="Update the market data, or choose a date that they cover.",
        )


def load_calendar(source: MarketSource) -> TradingCalendar:
    """Read the calendar of a market.

    Parameters
    ----------
    source : MarketSource
        Where the market lies.

    Returns
    -------
    TradingCalendar
        With the sessions to come if the market has ``calendars/day_future.txt``.

    Raises
    ------
    MissingDataError
        If the market has no calendar.
    CorruptArtifactError
        If a calendar file cannot be read.
    """
    sessions = read_sessions(source.provider_uri / CALENDAR_FILE)
    future_path = source.provider_uri / FUTURE_CALENDAR_FILE
    future = read_sessions(future_path) if future_path.is_file() else sessions
    # A future calendar that was not updated with the data adds only what lies beyond the data.
    future = np.concatenate([sessions, future[future > sessions[-1]]])
    return TradingCalendar(sessions, future, source.region)


def public_sessions(region: str, after: date, *, n_days: int) -> DateArray:
    """Return the sessions that the exchange's public calendar knows after a day.

    Parameters
    ----------
    region : str
        ``"cn"`` for Shanghai, ``"us"`` for New York.
    after : date
        The day before the first one asked for.
    n_days : int
        How many days to look ahead, at least 1.

    Returns
    -------
    datetime64[D] [n]
        Ascending; fewer, or none, where the public calendar ends: holidays are announced a year at
        a time.
    """
    import exchange_calendars  # noqa: PLC0415 - half a second to import, and rarely needed
    import exchange_calendars.errors as calendar_errors  # noqa: PLC0415

    exchange = _EXCHANGES.get(region, _EXCHANGES["cn"])
    # The calendar refuses a range that it does not know whole; what it knows ends with a year.
    wanted = after + timedelta(days=n_days)
    year_ends = (date(after.year + 1, 12, 31), date(after.year, 12, 31))
    for end in (wanted, *(day for day in year_ends if after < day < wanted)):
        try:
            calendar = exchange_calendars.get_calendar(exchange, start=after, end=end)
        except (ValueError, calendar_errors.CalendarError):
            continue
        days = calendar.sessions.to_numpy().astype("datetime64[D]")
        known: DateArray = days[days > np.datetime64(after)]
        return known
    return np.empty(0, dtype="datetime64[D]")


def _as_date(value: np.datetime64) -> date:
    day: date = value.astype("datetime64[D]").item()
    return day

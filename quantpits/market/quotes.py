"""Daily bars as arrays, raw: the prices that were traded, in CNY (or the market's currency).

Qlib stores adjusted prices as float32; ``adjusted / factor`` is the traded price up to that
precision, and rounding to the tick of 0.01 removes the rest. Books, orders and the rule book need
these prices; models need Qlib's adjusted ones and get them from Qlib.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from quantpits.errors import DataError, MissingDataError, name_list
from quantpits.market.binary import feature_file, read_field
from quantpits.market.calendar import DateArray, load_calendar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from quantpits.market.source import MarketSource

__all__ = [
    "LISTING_FIELDS",
    "LONG_LISTED",
    "PRICE_FIELDS",
    "QUOTE_FIELDS",
    "FloatArray",
    "Quotes",
    "is_index_code",
    "load_benchmark_close",
    "load_quotes",
]

FloatArray = npt.NDArray[np.float64]

PRICE_FIELDS = ("open", "high", "low", "close", "vwap")
_EVENT_FIELDS = ("bonus", "dividend")
QUOTE_FIELDS = (*PRICE_FIELDS, "volume", "amount", "factor", *_EVENT_FIELDS)
LISTING_FIELDS = ("is_st", "sessions_listed")
"""What price limits depend on besides board and date; loaded only where they are asked for."""

LONG_LISTED = 1_000_000
"""Sessions since listing where the market's data begin later than the instrument did."""

_POSITION = np.dtype("<f4")  # the first number of a file says where its values begin
_TICKS = 100.0  # a tick is 0.01
_INDEX_CODE = re.compile(r"SH000\d{3}|SZ399\d{3}|BJ899\d{3}|\^.+")


@dataclass(frozen=True, slots=True, eq=False)
class Quotes:
    """Daily bars of some instruments.

    Attributes
    ----------
    dates : datetime64[D] [T]
        Sessions, ascending.
    instruments : tuple of str [N]
        In the order that was asked for.
    values : mapping of str to float64 [T, N]
        The loaded fields; read them through the properties.
    """

    dates: DateArray
    instruments: tuple[str, ...]
    values: Mapping[str, FloatArray]

    @property
    def open(self) -> FloatArray:
        """First price [CNY per share]; NaN without trading."""
        return self._field("open")

    @property
    def high(self) -> FloatArray:
        """Highest price [CNY per share]; NaN without trading."""
        return self._field("high")

    @property
    def low(self) -> FloatArray:
        """Lowest price [CNY per share]; NaN without trading."""
        return self._field("low")

    @property
    def close(self) -> FloatArray:
        """Last price [CNY per share]; NaN without trading."""
        return self._field("close")

    @property
    def vwap(self) -> FloatArray:
        """Average price [CNY per share], to the tick; NaN without trading."""
        return self._field("vwap")

    @property
    def volume(self) -> FloatArray:
        """Volume [shares]; NaN without trading."""
        return self._field("volume")

    @property
    def amount(self) -> FloatArray:
        """Turnover [CNY]; NaN without trading."""
        return self._field("amount")

    @property
    def factor(self) -> FloatArray:
        """Cumulative adjustment factor: adjusted = raw × factor."""
        return self._field("factor")

    @property
    def bonus(self) -> FloatArray:
        """New shares per old share on the ex-date; 0 if none, or if the market does not know."""
        return self._field("bonus")

    @property
    def dividend(self) -> FloatArray:
        """Cash per share on the ex-date [CNY]; 0 if none, or if the market does not know."""
        return self._field("dividend")

    @property
    def is_st(self) -> npt.NDArray[np.bool_]:
        """Whether the share is risk-warned [T, N]; False where the market does not know."""
        return self._field("is_st") > 0

    @property
    def sessions_listed(self) -> npt.NDArray[np.int64]:
        """Sessions since the first bar, 1 on its day and 0 before [T, N].

        `LONG_LISTED` where the bars begin with the market, so that the listing is older.
        """
        return self._field("sessions_listed").astype(np.int64)

    @property
    def is_traded(self) -> npt.NDArray[np.bool_]:
        """Whether the instrument traded on the session [T, N]."""
        return np.isfinite(self.close)

    def row(self, day: date) -> int:
        """Return the row of a session.

        Parameters
        ----------
        day : date
            A session.

        Returns
        -------
        int
            Row of the arrays.

        Raises
        ------
        MissingDataError
            If that session was not loaded.
        """
        position = int(np.searchsorted(self.dates, np.datetime64(day)))
        if position == self.dates.size or self.dates[position] != np.datetime64(day):
            raise MissingDataError("The quotes do not cover a session.", where=day)
        return position

    def column(self, instrument: str) -> int:
        """Return the column of an instrument.

        Parameters
        ----------
        instrument : str
            One of `instruments`.

        Returns
        -------
        int
            Column of the arrays.

        Raises
        ------
        MissingDataError
            If that instrument was not loaded.
        """
        try:
            return self.instruments.index(instrument)
        except ValueError:
            raise MissingDataError(
                "The quotes do not cover an instrument.", where=instrument
            ) from None

    def _field(self, name: str) -> FloatArray:
        if name not in self.values:
            raise MissingDataError(
                f"The field {name!r} was not loaded.",
                expected=f"one of {name_list(sorted(self.values), shown=len(QUOTE_FIELDS))}",
            )
        return self.values[name]


def is_index_code(code: str) -> bool:
    """Say whether a code is that of an index: ``SH000...``, ``SZ399...``, ``BJ899...`` or ``^...``.

    Parameters
    ----------
    code : str
        Such as ``"SH000300"``.

    Returns
    -------
    bool
        True for an index, which cannot be traded and has no volume of its own.

    Examples
    --------
    >>> is_index_code("SH000300"), is_index_code("SZ000300")
    (True, False)
    """
    return _INDEX_CODE.fullmatch(code) is not None


def load_quotes(
    source: MarketSource,
    instruments: Sequence[str],
    start: date,
    end: date,
    *,
    fields: Sequence[str] = QUOTE_FIELDS,
) -> Quotes:
    """Read raw daily bars.

    Parameters
    ----------
    source : MarketSource
        Where the market lies.
    instruments : sequence of str
        Which instruments, without duplicates.
    start, end : date
        First and last day, both inclusive; sessions without data are not covered.
    fields : sequence of str
        Which of `QUOTE_FIELDS` and `LISTING_FIELDS`; ``close`` and ``factor`` are always loaded.

    Returns
    -------
    Quotes
        T sessions by N instruments.

    Raises
    ------
    MissingDataError
        If an instrument has no close or no factor at all, a field does not exist, or no session
        with data lies in the range.
    DataError
        If the factor of a traded price is NaN or not positive.

    Notes
    -----
    NaN: an instrument that is suspended, not listed yet or delisted has NaN prices. A session with
    a stale price but without volume counts as suspended, except for indices, which have no volume
    of their own. ``bonus``, ``dividend`` and ``is_st`` are 0 where the market does not have them.
    """
    unknown = sorted(set(fields) - {*QUOTE_FIELDS, *LISTING_FIELDS})
    if unknown:
        raise MissingDataError(
            f"There is no field {name_list(unknown)}.",
            expected=name_list((*QUOTE_FIELDS, *LISTING_FIELDS), shown=12),
        )
    sessions = load_calendar(source).sessions
    low = int(np.searchsorted(sessions, np.datetime64(start), side="left"))
    high = int(np.searchsorted(sessions, np.datetime64(end), side="right"))
    if low >= high:
        raise MissingDataError(
            "There are no market data in a range of dates.",
            where=f"{start} to {end}",
            expected=f"dates from {sessions[0]} to {sessions[-1]}",
        )
    reader = _Reader(source, tuple(instruments), low, high - low)
    values = reader.read(fields)
    _check_factor(values, sessions[low:high], reader.instruments)
    traded = _is_traded(values["close"], values.pop("_volume"), reader.instruments)
    for name in values:
        if name in PRICE_FIELDS:
            raw = values[name] / values["factor"]
            values[name] = np.where(traded, np.rint(raw * _TICKS) / _TICKS, np.nan)
        elif name == "volume":
            values[name] = np.where(traded, np.rint(values[name] * values["factor"]), np.nan)
        elif name in _EVENT_FIELDS:
            # float32 turns 0.3 into 0.30000001; events are given to the hundredth of a fen.
            values[name] = np.nan_to_num(np.round(values[name], 4), nan=0.0)
    return Quotes(sessions[low:high], reader.instruments, values)


def load_benchmark_close(
    source: MarketSource, code: str, start: date, end: date
) -> tuple[DateArray, FloatArray]:
    """Read the closes of an index.

    Parameters
    ----------
    source : MarketSource
        Where the market lies.
    code : str
        Such as ``"SH000300"``.
    start, end : date
        First and last day, both inclusive.

    Returns
    -------
    dates : datetime64[D] [T]
        Sessions.
    close : float64 [T]
        Closes [points]; NaN where the index has none.

    Raises
    ------
    MissingDataError
        If the market has no such index, or no session lies in the range.
    DataError
        If its factor is wrong.
    """
    quotes = load_quotes(source, (code,), start, end, fields=("close",))
    return quotes.dates, quotes.close[:, 0]


@dataclass(frozen=True, slots=True)
class _Reader:
    source: MarketSource
    instruments: tuple[str, ...]
    first_row: int
    n_rows: int

    def read(self, fields: Sequence[str]) -> dict[str, FloatArray]:
        """Read the fields as stored, and the volume that tells who traded as ``_volume``."""
        wanted = dict.fromkeys(("close", "factor", *fields))
        values = {name: self._field(name, is_needed=name in {"close", "factor"}) for name in wanted}
        values["_volume"] = values.get("volume", self._field("volume", is_needed=False))
        return values

    def _sessions_listed(self) -> FloatArray:
        """Count from the place where the stored closes begin, suspended ones included."""
        rows = np.arange(self.first_row, self.first_row + self.n_rows)
        out = np.zeros((self.n_rows, len(self.instruments)))
        for column, instrument in enumerate(self.instruments):
            path = self.source.provider_uri / feature_file(instrument, "close")
            begin = np.fromfile(path, dtype=_POSITION, count=1)
            if begin.size:
                age = np.maximum(rows - int(begin[0]) + 1, 0)
                out[:, column] = age if begin[0] > 0 else LONG_LISTED
        return out

    def _field(self, name: str, *, is_needed: bool) -> FloatArray:
        if name == "sessions_listed":
            return self._sessions_listed()
        out = np.full((self.n_rows, len(self.instruments)), np.nan)
        missing = []
        for column, instrument in enumerate(self.instruments):
            path = self.source.provider_uri / feature_file(instrument, name)
            stored = read_field(path, self.first_row, n_values=self.n_rows)
            if stored is None:
                missing.append(instrument)
            else:
                out[:, column] = stored
        if missing and is_needed:
            raise MissingDataError(
                f"The market has no {name} for {name_list(missing)}.",
                where=self.source.provider_uri,
                hint="Check the instrument codes, or update the market data.",
            )
        return out


def _is_traded(
    close: FloatArray, volume: FloatArray, instruments: tuple[str, ...]
) -> npt.NDArray[np.bool_]:
    has_price = np.isfinite(close)
    # Without a volume file nothing is known of volume, and the price alone has to tell.
    knows_volume = np.isfinite(volume).any(axis=0)
    is_index = np.array([is_index_code(code) for code in instruments], dtype=np.bool_)
    traded: npt.NDArray[np.bool_] = has_price & ((volume > 0) | ~knows_volume | is_index)
    return traded


def _check_factor(
    values: Mapping[str, FloatArray], dates: DateArray, instruments: tuple[str, ...]
) -> None:
    factor = values["factor"]
    is_bad = np.isfinite(values["close"]) & ~(np.isfinite(factor) & (factor > 0))
    if is_bad.any():
        row, column = (int(axis[0]) for axis in np.nonzero(is_bad))
        raise DataError(
            "A price has no adjustment factor.",
            where=f"{instruments[column]} on {dates[row]}",
            expected="a factor above 0",
            found=float(factor[row, column]),
            hint="Without it the traded price is not known. Repair the market data.",
        )

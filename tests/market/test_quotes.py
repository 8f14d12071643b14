"""Raw prices from adjusted ones: to the tick, suspensions left out, never without a factor."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.errors import DataError, MissingDataError
from quantpits.market.quotes import (
    LISTING_FIELDS,
    LONG_LISTED,
    QUOTE_FIELDS,
    is_index_code,
    load_benchmark_close,
    load_quotes,
)
from quantpits.market.source import MarketSource

SESSIONS = ["2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08"]
FIRST, LAST = date(2026, 1, 5), date(2026, 1, 8)
CODE = "SH600000"
NAN = np.nan


def write_stock(lab, code=CODE, *, start=0, **fields):
    for name, values in fields.items():
        lab.field(code, name, values, start=start)


@pytest.fixture
def stock_lab(lab):
    lab.calendar(SESSIONS)
    factor = np.array([0.5, 0.5, 1.0, 1.0])
    write_stock(
        lab,
        close=np.array([10.01, 10.02, 5.03, 5.04]) * factor,
        open=np.array([9.99, 10.0, 5.0, 5.01]) * factor,
        volume=np.array([1000, 0, 300, 400]) / factor,
        amount=[10010.0, NAN, 1509.0, 2016.0],
        factor=factor,
        dividend=[0.0, NAN, 0.3, 0.0],
    )
    return lab


def test_raw_prices_and_volumes_come_back_across_a_split(stock_lab):
    quotes = load_quotes(stock_lab.source, [CODE], FIRST, LAST)
    np.testing.assert_array_equal([10.01, NAN, 5.03, 5.04], quotes.close[:, 0])
    np.testing.assert_array_equal([9.99, NAN, 5.0, 5.01], quotes.open[:, 0])
    np.testing.assert_array_equal([1000, NAN, 300, 400], quotes.volume[:, 0])
    np.testing.assert_array_equal([0.5, 0.5, 1.0, 1.0], quotes.factor[:, 0])
    np.testing.assert_array_equal([10010.0, NAN, 1509.0, 2016.0], quotes.amount[:, 0])


def test_a_session_without_volume_is_suspended_even_with_a_stale_price(stock_lab):
    quotes = load_quotes(stock_lab.source, [CODE], FIRST, LAST, fields=("close",))
    assert [True, False, True, True] == quotes.is_traded[:, 0].tolist()


def test_without_any_volume_the_price_tells_who_traded(lab):
    lab.calendar(SESSIONS)
    write_stock(lab, close=[1.0, NAN, 1.0, 1.0], factor=[1.0] * 4)
    quotes = load_quotes(lab.source, [CODE], FIRST, LAST)
    assert [True, False, True, True] == quotes.is_traded[:, 0].tolist()


def test_an_index_needs_no_volume(lab):
    lab.calendar(SESSIONS)
    write_stock(
        lab, "SH000300", close=[4000.125, 4001, 4002, 4003], factor=[1.0] * 4, volume=[0, 0, 5, 5]
    )
    dates, close = load_benchmark_close(lab.source, "SH000300", FIRST, date(2026, 1, 6))
    assert [FIRST, date(2026, 1, 6)] == dates.tolist()
    np.testing.assert_allclose([4000.12, 4001], close)


def test_events_default_to_zero_and_lose_the_noise_of_float32(stock_lab):
    quotes = load_quotes(stock_lab.source, [CODE], FIRST, LAST)
    assert [0.0, 0.0, 0.3, 0.0] == quotes.dividend[:, 0].tolist()
    assert [0.0] * 4 == quotes.bonus[:, 0].tolist()


def test_fields_that_the_market_lacks_are_nan(stock_lab):
    quotes = load_quotes(stock_lab.source, [CODE], FIRST, LAST)
    assert np.isnan(quotes.vwap).all()
    assert np.isnan(quotes.high).all()
    assert np.isnan(quotes.low).all()


def test_an_instrument_listed_later_has_nan_before(stock_lab):
    write_stock(stock_lab, "SH600001", start=2, close=[7.0], factor=[1.0], volume=[100.0])
    quotes = load_quotes(stock_lab.source, ["SH600001", CODE], FIRST, LAST, fields=("close",))
    np.testing.assert_array_equal([NAN, NAN, 7.0, NAN], quotes.close[:, 0])
    assert ("SH600001", CODE) == quotes.instruments


def test_a_range_covers_only_its_sessions(stock_lab):
    quotes = load_quotes(stock_lab.source, [CODE], date(2026, 1, 7), date(2027, 1, 1))
    assert [date(2026, 1, 7), date(2026, 1, 8)] == quotes.dates.tolist()
    np.testing.assert_array_equal([5.03, 5.04], quotes.close[:, 0])
    assert 1 == quotes.row(date(2026, 1, 8))
    assert 0 == quotes.column(CODE)


@pytest.mark.parametrize("day", ["2026-01-06", "2026-02-01"])
def test_a_session_that_was_not_loaded_is_refused(stock_lab, day):
    quotes = load_quotes(stock_lab.source, [CODE], date(2026, 1, 7), LAST)
    with pytest.raises(MissingDataError, match="do not cover a session"):
        quotes.row(date.fromisoformat(day))


def test_what_was_not_loaded_is_refused(stock_lab):
    quotes = load_quotes(stock_lab.source, [CODE], FIRST, LAST, fields=("close",))
    with pytest.raises(MissingDataError, match="do not cover an instrument"):
        quotes.column("SH600001")
    with pytest.raises(MissingDataError, match="'open' was not loaded"):
        _ = quotes.open


@pytest.mark.parametrize("factor", [NAN, 0.0, -1.0])
def test_a_price_without_a_factor_is_refused(stock_lab, factor):
    stock_lab.field(CODE, "factor", [0.5, 0.5, factor, 1.0])
    with pytest.raises(DataError, match=r"no adjustment factor[\s\S]*SH600000 on 2026-01-07"):
        load_quotes(stock_lab.source, [CODE], FIRST, LAST)


def test_a_suspended_session_needs_no_factor(stock_lab):
    stock_lab.field(CODE, "close", [5.0, NAN, 5.03, 5.04])
    stock_lab.field(CODE, "factor", [0.5, NAN, 1.0, 1.0])
    quotes = load_quotes(stock_lab.source, [CODE], FIRST, LAST)
    assert 3 == np.count_nonzero(quotes.is_traded)


@pytest.mark.parametrize("field", ["close", "factor"])
def test_an_instrument_without_close_or_factor_is_refused(stock_lab, field):
    (stock_lab.folder / f"features/sh600000/{field}.day.bin").unlink()
    with pytest.raises(MissingDataError, match=f"no {field} for 'SH600000'"):
        load_quotes(stock_lab.source, [CODE], FIRST, LAST)


def test_an_unknown_field_is_refused(stock_lab):
    with pytest.raises(MissingDataError, match="no field 'price'"):
        load_quotes(stock_lab.source, [CODE], FIRST, LAST, fields=("price",))


@pytest.mark.parametrize(
    ("start", "end"), [("2026-02-01", "2026-03-01"), ("2026-01-07", "2026-01-06")]
)
def test_a_range_without_sessions_is_refused(stock_lab, start, end):
    with pytest.raises(MissingDataError, match="2026-01-05 to 2026-01-08"):
        load_quotes(stock_lab.source, [CODE], date.fromisoformat(start), date.fromisoformat(end))


def test_index_codes_are_told_from_stocks():
    assert [True] * 4 == [is_index_code(c) for c in ("SH000300", "SZ399106", "BJ899050", "^GSPC")]
    assert not any(is_index_code(code) for code in ("SZ000300", "SH600000", "AAPL", "SH0003000"))


@pytest.mark.property
@given(
    bars=st.lists(st.tuples(st.integers(1, 400_000), st.floats(0.01, 30.0)), min_size=1, max_size=4)
)
def test_raw_prices_survive_float32_and_any_factor(tmp_path_factory, bars):
    from quantpits.market.binary import (  # noqa: PLC0415
        CALENDAR_FILE,
        encode_field,
        encode_sessions,
        feature_file,
    )

    folder = tmp_path_factory.getbasetemp() / "property_quotes"
    prices = np.array([fen / 100 for fen, _ in bars])
    factor = np.array([value for _, value in bars])
    files = {
        CALENDAR_FILE: encode_sessions(np.array(SESSIONS, dtype="datetime64[D]")),
        feature_file(CODE, "close"): encode_field(0, prices * factor),
        feature_file(CODE, "factor"): encode_field(0, factor),
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    source = MarketSource(folder, "cn", is_synthetic=False, label="property")
    quotes = load_quotes(source, [CODE], FIRST, LAST)
    np.testing.assert_array_equal(np.rint(prices * 100) / 100, quotes.close[: len(bars), 0])


def test_the_fields_are_those_of_the_class(stock_lab):
    quotes = load_quotes(stock_lab.source, [CODE], FIRST, LAST)
    for name in QUOTE_FIELDS:
        assert (4, 1) == getattr(quotes, name).shape


def test_warnings_and_listings_are_read_where_they_are_asked_for(stock_lab):
    young = "SZ300001"
    write_stock(stock_lab, young, start=2, close=[NAN, 8.0], factor=[1.0, 1.0], is_st=[1.0, 0.0])
    fields = ("close", *LISTING_FIELDS)
    quotes = load_quotes(stock_lab.source, [CODE, young], FIRST, LAST, fields=fields)
    assert [False] * 4 == quotes.is_st[:, 0].tolist()  # the market does not know
    assert [False, False, True, False] == quotes.is_st[:, 1].tolist()
    assert [LONG_LISTED] * 4 == quotes.sessions_listed[:, 0].tolist()
    # A share that is suspended on its first days has been listed all the same.
    assert [0, 0, 1, 2] == quotes.sessions_listed[:, 1].tolist()
    later = load_quotes(stock_lab.source, [young], date(2026, 1, 8), LAST, fields=LISTING_FIELDS)
    assert [[2]] == later.sessions_listed.tolist()
    with pytest.raises(MissingDataError, match="'is_st' was not loaded"):
        assert load_quotes(stock_lab.source, [CODE], FIRST, LAST).is_st.any()


def test_a_file_without_a_position_is_not_listed(stock_lab):
    write_stock(stock_lab, "SZ300001", factor=[1.0] * 4)
    path = stock_lab.folder / "features" / "sz300001" / "close.day.bin"
    path.write_bytes(b"")
    quotes = load_quotes(stock_lab.source, ["SZ300001"], FIRST, LAST, fields=LISTING_FIELDS)
    assert [0] * 4 == quotes.sessions_listed[:, 0].tolist()

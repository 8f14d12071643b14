"""Prices for the two engines, what was before the first row, and the benchmark."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from quantpits.backtest.bars import (
    check_deal_price,
    load_adjusted_bars,
    load_before,
    load_benchmark,
    load_raw_bars,
)
from quantpits.errors import DataError, MissingDataError
from quantpits.market import MarketSource
from quantpits.trading import CN_RULES
from tests.backtest.conftest import INDEX, NAMES, SESSIONS

NAN = np.nan
FIRST, LAST = date(2026, 1, 5), date(2026, 1, 23)


@pytest.fixture
def source(lab):
    return MarketSource(lab.folder, "cn", is_synthetic=False, label="lab")


def test_raw_bars_are_what_was_traded(lab, source):
    factor = np.append(np.ones(5), np.full(10, 2.0))
    lab.price(
        NAMES[0],
        np.append(np.full(14, 10.0), NAN) * factor,
        factor=factor,
        open=np.full(15, 9.99) * factor,
        bonus=np.where(np.arange(15) == 5, 1.0, 0.0),
    )
    bars = load_raw_bars(source, NAMES, start=FIRST, end=LAST, deal_price="open")
    assert [999] * 14 + [0] == bars.price_fen[:, 0].tolist()
    assert [1000] * 14 + [0] == bars.close_fen[:, 0].tolist()
    assert 1.0 == bars.bonus[5, 0]
    assert not bars.is_st.any()


def test_before_the_first_session_nothing_is_known(lab, source):
    found = load_before(source, NAMES, day=FIRST, rules=CN_RULES)
    assert [0, 0, 0] == found.mark_fen.tolist()
    assert np.isnan(found.factor).all()


def test_the_past_of_suspended_shares_is_gone_through(lab, source):
    lab.price(
        NAMES[0],
        [10.0, 10.0, 10.0, NAN, NAN, NAN, *[9.0] * 9],
        dividend=np.where(np.arange(15) == 4, 1.0, 0.0),
        factor=np.append(np.ones(4), np.full(11, 1.2)),
    )
    lab.price(NAMES[2], np.full(8, 30.0), start=7)
    found = load_before(source, NAMES, day=SESSIONS[6].item(), rules=CN_RULES)
    assert [900, 2000, 0] == found.mark_fen.tolist()
    np.testing.assert_allclose([1.2, 1.0, NAN], found.factor, rtol=1e-6)


def test_adjusted_bars_are_as_qlib_reads_them(lab, source):
    lab.price(NAMES[0], np.full(15, 20.0), factor=np.full(15, 2.0), volume=np.zeros(15))
    dates = SESSIONS[2:6]
    bars = load_adjusted_bars(source, NAMES, dates=dates, first_row=2, deal_price="close")
    assert [20.0] * 4 == bars.close[:, 0].tolist()  # Qlib does not ask for a volume
    assert bars.price is bars.close
    with pytest.raises(MissingDataError, match="no close for 'SH600999'"):
        load_adjusted_bars(
            source, ("SH600000", "SH600999"), dates=dates, first_row=2, deal_price="close"
        )
    with pytest.raises(MissingDataError, match="has no vwap"):
        load_adjusted_bars(source, NAMES, dates=dates, first_row=2, deal_price="vwap")


def test_the_benchmark_must_cover_the_rows(lab, source):
    level, n_carried = load_benchmark(source, INDEX, dates=SESSIONS[3:5])
    assert ([4030.0, 4040.0], 0) == (level.tolist(), n_carried)
    lab.price(INDEX, [NAN, 4010.0, NAN, NAN, *[4040.0] * 10, NAN])
    assert ([4010.0, 4010.0, 4040.0], 2) == (
        load_benchmark(source, INDEX, dates=SESSIONS[2:5])[0].tolist(),
        load_benchmark(source, INDEX, dates=SESSIONS[2:5])[1],
    )
    for rows in (slice(0, 5), slice(3, 15)):
        with pytest.raises(MissingDataError, match=r"2026-01-06 to 2026-01-(09|22)"):
            load_benchmark(source, INDEX, dates=SESSIONS[rows])
    lab.price(INDEX, np.full(15, NAN))
    with pytest.raises(MissingDataError, match="found: none"):
        load_benchmark(source, INDEX, dates=SESSIONS)
    with pytest.raises(MissingDataError, match=r"does not have the benchmark[\s\S]*model_config"):
        load_benchmark(source, "SH000999", dates=SESSIONS)


def test_an_unknown_price_is_refused():
    check_deal_price("vwap")
    with pytest.raises(DataError, match=r"no such price[\s\S]*found: bid"):
        check_deal_price("bid")


def test_a_fund_as_benchmark_counts_what_it_paid_out(lab, source):
    factor = np.append(np.ones(5), np.full(10, 1.25))
    lab.price("SH510300", np.append(np.full(5, 5.0), np.full(10, 4.0)) * factor, factor=factor)
    assert [5.0] * 15 == load_benchmark(source, "SH510300", dates=SESSIONS)[0].tolist()

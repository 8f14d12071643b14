"""Qlib opens quietly, once for a state of the market, and again when the market has moved on."""

from __future__ import annotations

import sys
from datetime import date

import numpy as np
import pytest

from quantpits.market import session
from quantpits.market.importer import ImportRequest, import_bars
from quantpits.market.session import open_qlib
from quantpits.market.source import MarketSource

SESSIONS = [f"2026-01-{day:02d}" for day in (5, 6, 7, 8, 9, 12)]


def write_market(folder, n_sessions):
    lines = ["symbol,date,open,high,low,close,volume,factor"]
    lines += [
        f"SH600000,{day},{price},{price},{price},{price},100,2"
        for price, day in enumerate(SESSIONS[:n_sessions], start=10)
    ]
    file = folder / "bars.csv"
    file.write_text("\n".join(lines))
    import_bars(ImportRequest((file,), folder / "market"))
    return MarketSource(folder / "market", "cn", is_synthetic=False, label="test")


@pytest.fixture
def opened():
    session._opened.clear()
    yield
    session._opened.clear()


def test_qlib_reads_what_was_imported_and_sees_new_sessions(tmp_path, opened, capfd):
    open_qlib(write_market(tmp_path, 4))
    from qlib.data import D  # noqa: PLC0415

    assert 4 == len(D.calendar())
    close = D.features(["SH600000"], ["$close", "$factor", "Ref($close, 1)"])
    np.testing.assert_array_equal([20, 22, 24, 26], close["$close"])
    np.testing.assert_array_equal([np.nan, 20, 22, 24], close["Ref($close, 1)"])
    assert {"SH600000"} == set(D.list_instruments(D.instruments("all"), as_list=True))

    open_qlib(write_market(tmp_path, 6))
    assert 6 == len(D.calendar())
    assert 6 == len(D.features(["SH600000"], ["$close"]))
    assert date(2026, 1, 13) == D.calendar(future=True)[6].date()
    assert ("", "") == capfd.readouterr()


def test_an_unchanged_market_is_not_opened_again(tmp_path, opened, monkeypatch):
    source = write_market(tmp_path, 4)
    open_qlib(source)
    calls = []
    monkeypatch.setattr(sys.modules["qlib"], "init", lambda **given: calls.append(given))
    open_qlib(source)
    assert [] == calls
    open_qlib(write_market(tmp_path, 5))
    assert 1 == len(calls)


def test_another_market_is_opened(tmp_path, opened):
    from qlib.data import D  # noqa: PLC0415

    for n_sessions in (2, 3):
        folder = tmp_path / str(n_sessions)
        folder.mkdir()
        open_qlib(write_market(folder, n_sessions))
        assert n_sessions == len(D.calendar())

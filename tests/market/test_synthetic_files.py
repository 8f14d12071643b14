import hashlib
from datetime import date

import numpy as np
import pytest

from quantpits.market.quotes import load_benchmark_close, load_quotes
from quantpits.market.synthetic_files import BENCHMARK, UNIVERSE, market_files, simulate_market
from quantpits.market.universe import load_universe

N_DEMO = 1_689  # through 2026-11-06


def _lines(files, name):
    return files[name].decode().splitlines()


def _values(files, name):
    return np.frombuffer(files[name], dtype="<f4")


@pytest.fixture(scope="module")
def files(market):
    return market_files(market, N_DEMO)


def test_every_byte_is_the_same_on_every_machine(files):
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + hashlib.sha256(files[name]).digest())
    expected = "7f82d6e268e0f56c46268c382207daa2710ab1446425a7947b950b99d2010e26"
    assert expected == digest.hexdigest()


def test_the_market_is_named_as_synthetic(files):
    assert b'"kind": "synthetic"' in files["market.json"]
    names = _lines(files, "names.csv")
    assert "instrument,name,name_en" == names[0]
    assert all("合成" in line and "SYNTH " in line for line in names[1:])


def test_calendars_end_at_the_cut_and_at_the_horizon(files):
    past, future = _lines(files, "calendars/day.txt"), _lines(files, "calendars/day_future.txt")
    assert "2026-11-06" == past[-1]
    assert "2027-12-31" == future[-1]
    assert future[: len(past)] == past


def test_the_universe_file_has_in_and_out_dates(market, files):
    rows = [line.split("\t") for line in _lines(files, f"instruments/{UNIVERSE}.txt")]
    assert len(rows) > 60
    assert len({row[0] for row in rows}) > 60
    for row in (0, 700, N_DEMO - 1):
        day = str(market.sessions[row])
        members = {name for name, first, last in rows if first <= day <= last}
        expected = {
            name
            for name, is_in in zip(market.plan.instruments, market.members[row], strict=True)
            if is_in
        }
        assert expected == members


def test_all_has_every_name_listed_so_far_and_not_the_benchmark(market, files):
    names = {line.split("\t")[0] for line in _lines(files, "instruments/all.txt")}
    assert {
        name
        for name, first in zip(market.plan.instruments, market.plan.first, strict=True)
        if first < N_DEMO
    } == names
    assert BENCHMARK not in names


@pytest.mark.parametrize("n_sessions", [1, 250, 1_208, N_DEMO - 1])
def test_an_earlier_market_is_a_prefix_of_a_later_one(market, files, n_sessions):
    earlier = market_files(market, n_sessions)
    last_day = str(market.sessions[n_sessions - 1])

    assert earlier.keys() <= files.keys()
    assert files["calendars/day_future.txt"] == earlier["calendars/day_future.txt"]
    assert files["calendars/day.txt"].startswith(earlier["calendars/day.txt"])
    for name in earlier:
        if name.endswith(".bin"):
            assert files[name].startswith(earlier[name])
            start = int(_values(earlier, name)[0])
            # Nothing is held back: the file stops at the cut or because the name was delisted.
            assert (
                start + _values(earlier, name).size - 1 == n_sessions
                or files[name] == earlier[name]
            )
    for name in ("instruments/all.txt", f"instruments/{UNIVERSE}.txt"):
        rows = (line.split("\t") for line in _lines(files, name))
        cut = [
            "\t".join([code, first, min(last, last_day)])
            for code, first, last in rows
            if first <= last_day
        ]
        assert cut == _lines(earlier, name)
    assert set(_lines(earlier, "names.csv")) <= set(_lines(files, "names.csv"))


def test_names_listed_later_do_not_appear(market):
    early = market_files(market, 10)
    later = [
        name
        for name, first in zip(market.plan.instruments, market.plan.first, strict=True)
        if first >= 10
    ]
    assert len(later) > 25
    for name in later:
        assert not any(name.lower() in path for path in early)
        assert name.encode() not in early["instruments/all.txt"] + early["names.csv"]


def test_fields_follow_qlibs_conventions(files, market):
    column = int(np.flatnonzero((market.paths.bonus_tenths[:1_500] > 0).any(axis=0))[0])
    code = market.plan.instruments[column].lower()
    fields = {
        name: _values(files, f"features/{code}/{name}.day.bin")[1:].astype(float)
        for name in ("close", "volume", "amount", "vwap", "factor", "change")
    }
    start = int(market.plan.first[column])
    traded = market.paths.is_traded[start:N_DEMO, column]

    assert traded.tolist() == np.isfinite(fields["close"]).tolist()
    assert np.isfinite(fields["factor"]).all()
    assert fields["factor"].max() > 1.0
    close = fields["close"][traded]
    change = close[1:] / close[:-1] - 1
    assert np.allclose(change, fields["change"][traded][1:], atol=1e-6)
    assert np.isnan(fields["change"][0])
    exact = (fields["vwap"] * fields["volume"])[traded]
    assert np.allclose(exact, fields["amount"][traded], rtol=1e-6)


def test_a_delisted_name_ends_with_its_last_session(market, files):
    column = int(np.flatnonzero(market.plan.end < N_DEMO)[0])
    code = market.plan.instruments[column].lower()
    assert int(market.plan.end[column]) == _values(files, f"features/{code}/close.day.bin").size - 1


def test_quotes_give_back_the_simulated_raw_prices_to_the_fen(market, source):
    names = [
        name
        for name, first in zip(market.plan.instruments, market.plan.first, strict=True)
        if first < N_DEMO
    ]
    columns = [market.plan.instruments.index(name) for name in names]
    quotes = load_quotes(source, names, date(2020, 1, 1), date(2026, 11, 6))
    paths = market.paths
    traded = paths.is_traded[:N_DEMO, columns]
    for field, fen in (
        ("open", paths.open_fen),
        ("high", paths.high_fen),
        ("low", paths.low_fen),
        ("close", paths.close_fen),
        ("vwap", paths.vwap_fen),
    ):
        found = getattr(quotes, field)
        assert traded.tolist() == np.isfinite(found).tolist()
        assert np.array_equal(fen[:N_DEMO, columns][traded], np.rint(found[traded] * 100))
    assert np.array_equal(paths.dividend_fen[:N_DEMO, columns], np.rint(quotes.dividend * 100))
    assert np.array_equal(paths.bonus_tenths[:N_DEMO, columns], np.rint(quotes.bonus * 10))
    volume = paths.volume_shares[:N_DEMO, columns][traded]
    # Volume and factor are float32, so large volumes come back to a few parts in ten million.
    assert np.abs(quotes.volume[traded] / volume - 1).max() < 3e-7


def test_the_benchmark_can_be_read_like_any_index(market, source):
    dates, close = load_benchmark_close(source, BENCHMARK, date(2020, 1, 1), date(2026, 11, 6))
    assert market.sessions[:N_DEMO].tolist() == dates.tolist()
    assert market.index.close[:N_DEMO].tolist() == close.tolist()


def test_the_universe_of_a_day_has_sixty_names(source):
    assert 60 == len(load_universe(source, UNIVERSE, date(2026, 11, 6)))


def test_the_last_simulations_are_remembered(market):
    assert market is simulate_market(market.seed)

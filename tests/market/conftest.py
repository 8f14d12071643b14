"""One simulated market for the whole folder: half a second, and never changed."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from quantpits.market.binary import (
    CALENDAR_FILE,
    FUTURE_CALENDAR_FILE,
    encode_field,
    encode_sessions,
    feature_file,
    instruments_file,
)
from quantpits.market.source import MarketSource
from quantpits.market.synthetic import write_synthetic_market
from quantpits.market.synthetic_files import simulate_market

DEMO_SEED = 20200101


@pytest.fixture(scope="session")
def market():
    return simulate_market(DEMO_SEED)


@pytest.fixture(scope="session")
def written_market(tmp_path_factory):
    target = tmp_path_factory.mktemp("market") / "market_synthetic"
    write_synthetic_market(target, seed=DEMO_SEED, through=date(2026, 11, 6))
    return target


@pytest.fixture(scope="session")
def source(written_market):
    return MarketSource(written_market, "cn", is_synthetic=True, label="SYNTHETIC")


class MarketLab:
    """Writes a market folder file by file."""

    def __init__(self, folder):
        self.folder = folder
        self.source = MarketSource(folder, "cn", is_synthetic=False, label="lab")

    def calendar(self, sessions, future=None):
        self._write(CALENDAR_FILE, encode_sessions(np.array(sessions, "datetime64[D]")))
        if future is not None:
            self._write(FUTURE_CALENDAR_FILE, encode_sessions(np.array(future, "datetime64[D]")))

    def field(self, instrument, name, values, start=0):
        self._write(feature_file(instrument, name), encode_field(start, values))

    def universe(self, name, text):
        self._write(instruments_file(name), text.encode())

    def _write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@pytest.fixture
def lab(tmp_path):
    return MarketLab(tmp_path / "market")

"""The files of the synthetic market: the whole simulation, cut after one session, as bytes."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from quantpits.market.binary import (
    CALENDAR_FILE,
    FUTURE_CALENDAR_FILE,
    Span,
    encode_field,
    encode_sessions,
    encode_spans,
    feature_file,
    instruments_file,
)
from quantpits.market.metadata import (
    METADATA_FILE,
    NAMES_FILE,
    MarketMetadata,
    encode_metadata,
    encode_names,
)
from quantpits.market.synthetic_calendar import synthetic_sessions
from quantpits.market.synthetic_index import IndexBars, index_bars, universe_membership
from quantpits.market.synthetic_paths import Paths, simulate_paths

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from quantpits.market.synthetic_listing import ListingPlan

__all__ = [
    "BENCHMARK",
    "GENERATOR_VERSION",
    "UNIVERSE",
    "SyntheticMarket",
    "market_files",
    "simulate_market",
]

FloatArray = npt.NDArray[np.float64]

UNIVERSE = "synth60"
BENCHMARK = "SH000999"
# Another version makes another market.
GENERATOR_VERSION = 1


@dataclass(frozen=True, slots=True)
class SyntheticMarket:
    """The whole simulation, from the first session to the horizon.

    Attributes
    ----------
    seed : int
        What it was made from.
    sessions : datetime64[D] [T]
        Every session.
    plan : ListingPlan
        The instruments.
    paths : Paths
        Their daily bars.
    members : bool [T, N]
        The universe.
    index : IndexBars
        The benchmark.
    """

    seed: int
    sessions: npt.NDArray[np.datetime64]
    plan: ListingPlan
    paths: Paths
    members: npt.NDArray[np.bool_]
    index: IndexBars


@functools.lru_cache(maxsize=2)
def simulate_market(seed: int) -> SyntheticMarket:
    """Simulate the whole market; the last ones are remembered.

    Parameters
    ----------
    seed : int
        Seed of the market.

    Returns
    -------
    SyntheticMarket
        Not to be changed.
    """
    sessions = synthetic_sessions()
    plan, paths = simulate_paths(seed, sessions)
    members = universe_membership(plan, paths, sessions)
    return SyntheticMarket(seed, sessions, plan, paths, members, index_bars(paths, members))


def market_files(market: SyntheticMarket, n_sessions: int) -> dict[str, bytes]:
    """Return the files of the market after its first `n_sessions` sessions.

    Parameters
    ----------
    market : SyntheticMarket
        The whole simulation.
    n_sessions : int
        How many sessions have taken place.

    Returns
    -------
    dict of str to bytes
        Relative path and content of every file.
    """
    columns = np.flatnonzero(market.plan.first < n_sessions).tolist()
    through = _day(market, n_sessions - 1)
    metadata = MarketMetadata(
        kind="synthetic",
        region="cn",
        universe=UNIVERSE,
        benchmark=BENCHMARK,
        through=through,
        seed=market.seed,
        generator_version=GENERATOR_VERSION,
    )
    files = {
        METADATA_FILE: encode_metadata(metadata),
        NAMES_FILE: encode_names(_names(market, columns)),
        CALENDAR_FILE: encode_sessions(market.sessions[:n_sessions]),
        FUTURE_CALENDAR_FILE: encode_sessions(market.sessions),
        instruments_file("all"): encode_spans(_spans(market, market.paths.is_listed[:n_sessions])),
        instruments_file(UNIVERSE): encode_spans(_spans(market, market.members[:n_sessions])),
    }
    for field, values in _index_fields(market.index).items():
        files[feature_file(BENCHMARK, field)] = encode_field(0, values[:n_sessions])
    for column in columns:
        first, end = int(market.plan.first[column]), int(market.plan.end[column])
        rows = slice(first, min(end, n_sessions))
        for field, values in _fields(market.paths, column, rows).items():
            files[feature_file(market.plan.instruments[column], field)] = encode_field(
                first, values
            )
    return files


def _day(market: SyntheticMarket, row: int) -> date:
    day: date = market.sessions[row].item()
    return day


def _names(market: SyntheticMarket, columns: list[int]) -> Iterator[tuple[str, str, str]]:
    """Names carry the column's number, so a name never changes when others are listed."""
    yield BENCHMARK, "合成指数", "SYNTH INDEX"
    for column in columns:
        number = f"{column + 1:03d}"
        yield market.plan.instruments[column], f"合成{number}", f"SYNTH {number}"


def _spans(market: SyntheticMarket, mask: npt.NDArray[np.bool_]) -> Iterator[Span]:
    edges = np.diff(mask.astype(np.int8), axis=0, prepend=0, append=0)
    for column, instrument in enumerate(market.plan.instruments):
        starts = np.flatnonzero(edges[:, column] > 0).tolist()
        ends = np.flatnonzero(edges[:, column] < 0).tolist()
        for start, end in zip(starts, ends, strict=True):
            yield Span(instrument, _day(market, start), _day(market, end - 1))


def _fields(paths: Paths, column: int, rows: slice) -> dict[str, FloatArray]:
    """One instrument's fields, in Qlib's conventions."""
    traded = paths.is_traded[rows, column]
    factor = paths.factor[rows, column]
    volume = np.where(traded, paths.volume_shares[rows, column], np.nan)
    vwap_cny = paths.vwap_fen[rows, column] / 100.0
    bars = {
        "open": paths.open_fen,
        "high": paths.high_fen,
        "low": paths.low_fen,
        "close": paths.close_fen,
        "vwap": paths.vwap_fen,
    }
    fields = {
        name: np.where(traded, fen[rows, column] / 100.0, np.nan) * factor
        for name, fen in bars.items()
    }
    change = paths.close_fen[rows, column] / paths.reference_fen[rows, column] - 1.0
    change = np.where(traded, change, np.nan)
    change[:1] = np.nan
    return fields | {
        "volume": volume / factor,
        "amount": volume * vwap_cny,
        "factor": factor,
        "change": change,
        "dividend": paths.dividend_fen[rows, column] / 100.0,
        "bonus": paths.bonus_tenths[rows, column] / 10.0,
    }


def _index_fields(index: IndexBars) -> dict[str, FloatArray]:
    """Return the benchmark's fields: no average price, no events, and a factor of 1."""
    change = np.full(len(index.close), np.nan)
    change[1:] = index.close[1:] / index.close[:-1] - 1.0
    return {
        "open": index.open,
        "high": index.high,
        "low": index.low,
        "close": index.close,
        "volume": index.volume_shares.astype(np.float64),
        "amount": index.amount_cny,
        "factor": np.ones(len(index.close)),
        "change": change,
    }

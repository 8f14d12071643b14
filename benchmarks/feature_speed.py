"""Alpha158 for a universe: Qlib's own loader, and the same features computed for all at once.

Run it from the root of the repository::

    python -m benchmarks.feature_speed

A market is made at random: 300 instruments and 1,600 sessions, with suspensions, late listings and
delistings. Loaded are all rows of it, and then the rows of the last session only, with the values
they have in the whole load. Reading the raw fields is counted, and so is the spot check that ends
each of our loads. Qlib takes as long for one session as for all, because it needs both the same
history and the same number of small steps; it is timed for both. Before a time is printed, our
frames are compared with Qlib's, bit for bit. ``--market FOLDER --universe NAME --start DAY`` does
the same on other data. Ratios are of processor time of one process; wall
clock is given beside it. Memory is what the process has at most held more than before the load.
"""

from __future__ import annotations

import argparse
import gc
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quantpits.market import MarketSource, open_qlib
from quantpits.market.binary import encode_field, feature_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_FIELDS = ("open", "high", "low", "close", "volume", "vwap")


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the market, compare, time, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n-instruments", type=int, default=300)
    parser.add_argument("--n-sessions", type=int, default=1600)
    parser.add_argument("--features", choices=("158", "360"), default="158")
    parser.add_argument("--market", type=Path, help="a folder of Qlib data instead of a random one")
    parser.add_argument("--universe", default="all")
    parser.add_argument("--start", default=None, help="first day; the first session by default")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as made:
        folder = options.market or Path(made)
        if options.market is None:
            _write_market(folder, options.n_instruments, options.n_sessions)
        open_qlib(MarketSource(folder, "cn", is_synthetic=options.market is None, label="bench"))
        return _measure(options.features, options.universe, start=options.start)


def _measure(features: str, universe: str, *, start: str | None) -> int:
    from qlib.contrib.data.loader import Alpha158DL, Alpha360DL  # noqa: PLC0415
    from qlib.data import D  # noqa: PLC0415
    from qlib.data.cache import H  # noqa: PLC0415

    from quantpits.modeling.expressions.load import load_group, read_raw_fields  # noqa: PLC0415

    sessions = pd.DatetimeIndex(D.calendar(start_time=start))
    loader = {"158": Alpha158DL, "360": Alpha360DL}[features]()

    def ours(after: pd.Timestamp | None = None) -> pd.DataFrame | None:
        raw = read_raw_fields(
            loader, ["feature"], instruments=universe, start=sessions[0], end=sessions[-1]
        )
        assert raw is not None
        return load_group(loader, "feature", raw=raw, after=after)

    def qlibs(start: pd.Timestamp) -> pd.DataFrame:
        H.clear()
        fields = loader.fields["feature"]
        with np.errstate(all="ignore"):
            return loader.load_group_df(universe, *fields, start, sessions[-1], "feature")

    ours(sessions[-2])  # compiled code is loaded
    before = _peak_mib()
    whole, ours_whole = _timed(ours)
    peak = _peak_mib() - before
    tail, ours_tail = _timed(lambda: ours(sessions[-2]))
    reference, qlib_whole = _timed(lambda: qlibs(sessions[0]))
    _, qlib_tail = _timed(lambda: qlibs(sessions[-1]))
    n_values = reference.size
    if not (_is_equal(reference, whole) and _is_equal(reference.loc[sessions[-1] :], tail)):
        print("The features differ from those of Qlib's own loader.")
        return 1
    print(
        f"Alpha{features}, {whole.index.levels[1].size} instruments x {len(sessions)} sessions: "
        f"{n_values:,} values equal to Qlib's, bit for bit"
    )
    for name, slow, fast in (
        ("all sessions", qlib_whole, ours_whole),
        ("one new session", qlib_tail, ours_tail),
    ):
        print(
            f"  {name:16s} {slow[1] / fast[1]:5.1f} x   Qlib {slow[1]:6.2f} s, "
            f"ours {fast[1]:5.2f} s of processor ({slow[0]:.2f} and {fast[0]:.2f} s of time)"
        )
    size = whole.to_numpy().nbytes / 2**20
    print(f"  memory for all   {peak:5.0f} MiB, of which the result is {size:.0f} MiB")
    return 0


def _timed(load: Callable[[], Any]) -> tuple[Any, tuple[float, float]]:
    gc.collect()
    begin = time.perf_counter(), time.process_time()
    frame = load()
    return frame, (time.perf_counter() - begin[0], time.process_time() - begin[1])


def _is_equal(theirs: pd.DataFrame, ours: pd.DataFrame) -> bool:
    from quantpits.modeling.expressions.check import count_differences  # noqa: PLC0415

    pd.testing.assert_frame_equal(theirs, ours, check_exact=True)
    return not count_differences(ours.to_numpy(), theirs.to_numpy())


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _write_market(folder: Path, n_instruments: int, n_sessions: int) -> None:
    sessions = pd.bdate_range(end="2024-12-31", periods=n_sessions)
    rng = np.random.default_rng(5)
    members = []
    for number in range(n_instruments):
        name = f"SH{600000 + number}"
        first = int(rng.integers(0, n_sessions // 2)) if number % 4 == 0 else 0
        last = n_sessions - 1 - (int(rng.integers(0, 300)) if number % 7 == 0 else 0)
        last = max(last, first)
        for field, values in _prices(rng, last - first + 1).items():
            path = folder / feature_file(name, field)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encode_field(first, values))
        members.append(f"{name}\t{sessions[first]:%F}\t{sessions[last]:%F}\n")
    for file, lines in {
        "calendars/day.txt": [f"{each:%F}\n" for each in sessions],
        "instruments/all.txt": members,
    }.items():
        path = folder / file
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(lines), encoding="utf-8")


def _prices(rng: np.random.Generator, n_rows: int) -> dict[str, np.ndarray]:
    close = np.round(20.0 * np.exp(rng.normal(0.0, 0.02, n_rows).cumsum()), 2)
    opening = np.round(close * np.exp(rng.normal(0.0, 0.01, n_rows)), 2)
    prices = {
        "close": close,
        "open": opening,
        "high": np.maximum(close, opening) * 1.005,
        "low": np.minimum(close, opening) * 0.995,
        "volume": np.round(rng.lognormal(13.0, 1.0, n_rows)),
        "vwap": (close + opening) / 2,
    }
    begin = int(rng.integers(0, n_rows))
    for field in _FIELDS:
        prices[field][begin : begin + int(rng.integers(0, 30))] = np.nan
    return prices


if __name__ == "__main__":
    sys.exit(main())

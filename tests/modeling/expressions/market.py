"""A small market with all that makes loading features hard, and comparison with Qlib's loader."""

from __future__ import annotations

import numpy as np
import pandas as pd
from qlib.data.dataset.loader import QlibDataLoader

from quantpits.modeling.expressions.check import count_differences
from quantpits.modeling.expressions.load import load_group, read_raw_fields

N_SESSIONS = 130
DATES = pd.bdate_range("2021-01-04", periods=N_SESSIONS)
FIELDS = ("open", "high", "low", "close", "volume", "vwap")
# name -> first and last session with data; fields that begin later or end earlier; missing fields
PLAIN = {
    "SH600001": (0, 129),
    "SH600002": (0, 129),  # suspended for weeks
    "SH600003": (0, 129),  # its price stands still, without volume
    "SH600004": (47, 129),  # listed late
    "SH600005": (0, 80),  # delisted
    "SH600006": (60, 66),  # there for a week
    "SH600007": (0, 129),  # few different prices
    "SH600008": (0, 129),  # leaves the universe and comes back; holes everywhere
    "SH600009": (3, 129),  # an infinite volume
}
NO_VWAP = {"SH000001": (0, 129), "SH000002": (20, 110)}
APART = {"SH700001": (0, 129), "SH700002": (10, 100)}
SPANS = {"SH600008": [(5, 40), (90, 125)], "SH600006": [(0, 129)], "SH600005": [(0, 100)]}


def write_market(folder):
    """Write the market at `folder`; returns it."""
    for part in ("calendars", "instruments", "features"):
        (folder / part).mkdir(parents=True)
    (folder / "calendars" / "day.txt").write_text("".join(f"{each:%F}\n" for each in DATES))
    everyone = {**PLAIN, **NO_VWAP, **APART}
    for market, names in {"all": everyone, "plain": PLAIN, "some": {**PLAIN, **NO_VWAP}}.items():
        lines = [
            f"{name}\t{DATES[begin]:%F}\t{DATES[end]:%F}\n"
            for name in names
            for begin, end in SPANS.get(name, [(0, N_SESSIONS - 1)])
        ]
        (folder / "instruments" / f"{market}.txt").write_text("".join(lines))
    for number, (name, (first, last)) in enumerate(everyone.items()):
        for field, values in _prices(name, number, last - first + 1).items():
            begin = first + (4 if name in APART and field == "volume" else 0)
            kept = values[begin - first :]
            if name == "SH700002" and field == "close":
                kept = kept[:-7]
            if name in NO_VWAP and field == "vwap":
                continue
            write_field(folder / "features" / name.lower() / f"{field}.day.bin", begin, kept)
    return folder


def write_field(path, first, values):
    """Write one file of Qlib's format."""
    path.parent.mkdir(exist_ok=True)
    np.concatenate([[first], values]).astype("<f4").tofile(path)


def _prices(name, number, n_rows):
    rng = np.random.default_rng([7, number])
    close = 10.0 * np.exp(rng.normal(0, 0.02, n_rows).cumsum())
    if name == "SH600007":
        close = np.round(close)
    prices = {
        "close": close,
        "open": close * np.exp(rng.normal(0, 0.01, n_rows)),
        "vwap": close * np.exp(rng.normal(0, 0.005, n_rows)),
        "volume": np.round(rng.lognormal(10, 1, n_rows)),
    }
    prices["high"] = np.maximum(prices["open"], close) * 1.01
    prices["low"] = np.minimum(prices["open"], close) * 0.99
    if name == "SH600003":
        prices = dict.fromkeys(FIELDS, np.full(n_rows, 12.3)) | {"volume": np.zeros(n_rows)}
        prices["close"] = np.where(np.arange(n_rows) < 70, 12.3, close)
    if name == "SH600002":
        for values in prices.values():
            values[30:55] = values[100:103] = np.nan
        prices["volume"][60:63] = 0.0
    if name == "SH600008":
        for values in prices.values():
            values[rng.random(n_rows) < 0.1] = np.nan
        prices["close"][:6] = np.nan
    if name == "SH600009":
        prices["volume"][50] = np.inf
    return prices


def make_loader(expressions):
    """Return Qlib's loader of some expressions."""
    names = [f"F{at}" for at in range(len(expressions))]
    return QlibDataLoader({"feature": (list(expressions), names)})


def load_both(loader, universe="plain", *, start=DATES[0], end=DATES[-1]):
    """Return our frame and Qlib's, and why there is no frame of ours."""
    group = "feature"
    raw = read_raw_fields(loader, [group], instruments=universe, start=start, end=end)
    notes = []
    ours = load_group(loader, group, raw=raw, notes=notes)
    with np.errstate(all="ignore"):
        theirs = loader.load_group_df(universe, *loader.fields[group], start, end, group)
    return ours, theirs, notes


def assert_equal(theirs, ours):
    """Demand the same rows, columns, types and bits."""
    pd.testing.assert_frame_equal(theirs, ours, check_exact=True)
    assert 0 == count_differences(ours.to_numpy(), theirs.to_numpy())


def assert_as_qlib(loader, universe="plain", **dates):
    """Demand that our frame is Qlib's."""
    ours, theirs, notes = load_both(loader, universe, **dates)
    assert [] == notes
    assert_equal(theirs, ours)
    return ours

"""A small market with prices, written as a Qlib folder: what a backtest of a fusion needs."""

import numpy as np
import pandas as pd

from quantpits.market.binary import encode_field, feature_file

BENCHMARK = "SH000300"
N_FUTURE = 10


def write_prices(folder, instruments, sessions, *, seed=0, change=None):
    """Write raw prices without corporate actions; `change` may edit the closes [T, N] in place."""
    rng = np.random.default_rng(seed)
    n_days = len(sessions)
    moves = rng.normal(0.0005, 0.02, size=(n_days, len(instruments))).clip(-0.09, 0.09)
    close = np.round(20.0 * np.cumprod(1.0 + moves, axis=0), 2)
    if change is not None:
        change(close)
    opens = np.round(np.concatenate([close[:1], close[:-1]]) * 1.001, 2)
    index = 4000.0 * close.mean(axis=1) / close[0].mean()
    for column, name in enumerate(instruments):
        _write(folder, name, close=close[:, column], open=opens[:, column], factor=1.0, volume=1e6)
    _write(folder, BENCHMARK, close=index, open=index, factor=1.0, volume=0.0)
    last = sessions[-1] + pd.Timedelta(days=1)
    future = [str(day) for day in pd.bdate_range(last, periods=N_FUTURE).date]
    days = [str(day) for day in sessions]
    (folder / "calendars").mkdir(exist_ok=True)
    (folder / "instruments").mkdir(exist_ok=True)
    (folder / "calendars/day.txt").write_text("\n".join(days) + "\n")
    (folder / "calendars/day_future.txt").write_text("\n".join(days + future) + "\n")
    (folder / "instruments/all.txt").write_text(
        "".join(f"{name}\t{days[0]}\t{days[-1]}\n" for name in instruments)
    )


def _write(folder, name, **fields):
    n_days = len(fields["close"])
    for field, values in fields.items():
        path = folder / feature_file(name, field)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_field(0, np.broadcast_to(values, n_days)))

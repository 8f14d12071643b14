"""The comparison with Qlib's own loader sees a single bit, and looks at others each day."""

from __future__ import annotations

import numpy as np
import pytest

from quantpits.market import MarketSource, open_qlib
from quantpits.modeling.expressions.check import QlibsOwn, count_differences
from quantpits.modeling.expressions.load import load_group, read_raw_fields
from quantpits.modeling.expressions.operators import UnknownExpressionError
from tests.modeling.expressions.market import make_loader, write_market

LOADER = ["$close", "Mean($close, 3)"]


def test_a_bit_is_a_difference_and_nan_is_not():
    ours = np.array([[1.0, np.nan], [0.0, 5.0]], dtype=np.float32)
    theirs = ours.copy()
    assert 0 == count_differences(ours, theirs)
    theirs[1] = [-0.0, np.nextafter(np.float32(5), np.float32(6))]
    assert 2 == count_differences(ours, theirs)


@pytest.fixture
def loaded(tmp_path):
    open_qlib(MarketSource(write_market(tmp_path / "m"), "cn", is_synthetic=True, label="hard"))
    loader = make_loader(LOADER)
    raw = read_raw_fields(loader, ["feature"], instruments="plain", start=None, end=None)
    return loader, raw, load_group(loader, "feature", raw=raw)


def own(loaded, *, last):
    loader, raw, _ = loaded
    return QlibsOwn(loader, "feature", raw=raw, last=last, after=None)


def test_each_session_has_other_instruments_looked_at(loaded, monkeypatch):
    _, raw, frame = loaded
    seen = []
    load = QlibsOwn.load
    monkeypatch.setattr(QlibsOwn, "load", lambda self, some: seen.extend(some) or load(self, some))
    values = frame.to_numpy().T.copy()
    everyone = np.arange(len(raw.instruments))
    kept = frame.index.get_level_values(0) <= raw.calendar[110]
    for last in range(110, 110 + len(everyone)):
        kept = frame.index.get_level_values(0) <= raw.calendar[last]
        own(loaded, last=last).check(everyone, frame.index[kept], values=values[:, kept])
    assert set(range(len(everyone))) == {int(each) for each in seen}


def test_other_values_and_other_rows_are_refused(loaded):
    _, raw, frame = loaded
    everyone = np.arange(len(raw.instruments))
    values = frame.to_numpy().T.copy()
    check = own(loaded, last=129)
    check.check(everyone, frame.index, values=values)
    with pytest.raises(UnknownExpressionError, match="has other rows"):
        check.check(everyone, frame.index[:-9], values=values[:, :-9])
    values[0] += 1
    with pytest.raises(UnknownExpressionError, match="other values of"):
        check.check(everyone, frame.index, values=values)


def test_no_instruments_make_no_rows(loaded):
    empty = own(loaded, last=129).load([])
    assert ((0, 2), ["F0", "F1"]) == (empty.shape, list(empty.columns))

"""TRA's dataset reads no stock but its own."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("torch", reason="the extra 'nn' is not installed")

from qlib.contrib.data.dataset import MTSDatasetH as QlibsOwn
from qlib.data.dataset.handler import DataHandlerLP

from quantpits.modeling.zoo_tra import MTSDatasetH

DAYS = pd.date_range("2026-01-05", periods=12, freq="B")


@pytest.fixture
def handler():
    """Three stocks; the features of each are its own number, the last one is listed late."""
    rows = [(day, name) for day in DAYS for name in "ABC" if name != "C" or day >= DAYS[8]]
    index = pd.MultiIndex.from_tuples(rows, names=["datetime", "instrument"])
    number = [float("ABC".index(name)) + 1 for _, name in rows]
    columns = pd.MultiIndex.from_tuples([("feature", "x"), ("label", "y")])
    frame = pd.DataFrame({0: number, 1: number}, index=index)
    frame.columns = columns
    return DataHandlerLP.from_df(frame)


def read_of(kind, handler):
    """Return, for each sample of all days, its stock's number and the numbers it reads."""
    segments = {"all": (DAYS[0], DAYS[-1])}
    arguments = {"seq_len": 5, "horizon": 2, "num_states": 1, "batch_size": -1, "shuffle": False}
    dataset = kind(handler=handler, segments=segments, **arguments)
    part = dataset.prepare("all")
    samples = []
    for batch in part:
        for label, data in zip(batch["label"], batch["data"], strict=True):
            samples.append(SimpleNamespace(own=float(label), read=set(np.unique(data.numpy()))))
    return samples


def test_no_sample_reads_another_stock(handler):
    for sample in read_of(MTSDatasetH, handler):
        assert sample.read <= {0.0, sample.own}


def test_qlibs_own_does(handler):
    """If this fails, Qlib is mended and this class can go."""
    assert any(sample.read - {0.0, sample.own} for sample in read_of(QlibsOwn, handler))


def test_what_is_not_at_the_beginning_is_qlibs_own(handler):
    pairs = zip(read_of(MTSDatasetH, handler), read_of(QlibsOwn, handler), strict=True)
    same = [mine.read == theirs.read for mine, theirs in pairs]
    assert all(same[2 * 4 : 2 * 8])

"""GATs compares the stocks of a day and reads no other day."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

torch = pytest.importorskip("torch", reason="the extra 'nn' is not installed")

from qlib.contrib.model import pytorch_gats_ts  # noqa: E402 - torch is an extra
from qlib.data.dataset import TSDatasetH  # noqa: E402 - torch is an extra
from qlib.data.dataset.handler import DataHandlerLP  # noqa: E402 - torch is an extra

from quantpits.errors import ModelError  # noqa: E402 - torch is an extra
from quantpits.modeling.zoo_gats import DaySampler, GATs  # noqa: E402 - torch is an extra

DAYS = pd.date_range("2026-01-05", periods=24, freq="B")
ARGUMENTS = {"d_feat": 2, "hidden_size": 4, "num_layers": 1, "n_epochs": 1, "base_model": "LSTM"}


@pytest.fixture
def dataset():
    """Return a function that makes a dataset whose test window ends on some day."""
    rows = [(day, name) for day in DAYS for name in "ABCDE" if name != "E" or day >= DAYS[3]]
    index = pd.MultiIndex.from_tuples(rows, names=["datetime", "instrument"])
    columns = pd.MultiIndex.from_tuples([("feature", "x"), ("feature", "y"), ("label", "z")])
    values = np.random.default_rng(7).normal(size=(len(rows), 3))
    frame = pd.DataFrame(values, index=index, columns=columns)

    def build(last):
        segments = {
            "train": (DAYS[0], DAYS[9]),
            "valid": (DAYS[10], DAYS[14]),
            "test": (DAYS[15], last),
        }
        handler = DataHandlerLP.from_df(frame)
        return TSDatasetH(handler=handler, segments=segments, step_len=3)

    return build


def fitted(kind, dataset, tmp_path):
    torch.manual_seed(1)
    model = kind(**ARGUMENTS, GPU=-1, n_jobs=0)
    model.fit(dataset, evals_result={}, save_path=str(tmp_path / "weights"))
    return model


def test_a_batch_is_a_day(dataset):
    samples = dataset(DAYS[-1]).prepare("train", col_set=["feature", "label"])
    batches = DaySampler(samples)
    index = samples.get_index()
    assert 10 == len(batches)
    for day, rows in zip(DAYS, batches, strict=False):
        assert {day} == set(index[rows].get_level_values("datetime"))
    assert list(range(len(samples))) == sorted(np.concatenate(list(batches)).tolist())


def test_a_score_does_not_depend_on_later_days(dataset, tmp_path):
    model = fitted(GATs, dataset(DAYS[-1]), tmp_path)
    whole, short = model.predict(dataset(DAYS[-1])), model.predict(dataset(DAYS[-4]))
    pd.testing.assert_series_equal(whole.reindex(short.index), short, check_exact=True)
    assert 1 < whole.nunique()


def test_qlibs_own_looks_ahead(dataset, tmp_path):
    """If this fails, Qlib is mended and this class can go."""
    model = fitted(pytorch_gats_ts.GATs, dataset(DAYS[-1]), tmp_path)
    whole, short = model.predict(dataset(DAYS[-1])), model.predict(dataset(DAYS[-4]))
    assert np.abs(whole.reindex(short.index) - short).max() > 0


def test_qlibs_own_sampler_is_back_after_a_fit(dataset, tmp_path):
    own = pytorch_gats_ts.DailyBatchSampler
    fitted(GATs, dataset(DAYS[-1]), tmp_path)
    assert own is pytorch_gats_ts.DailyBatchSampler


def test_it_must_be_fitted(dataset):
    with pytest.raises(ModelError, match="not fitted"):
        GATs(**ARGUMENTS, GPU=-1).predict(dataset(DAYS[-1]))

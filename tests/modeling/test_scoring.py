"""A row's score is its own, and sequences gathered at once are Qlib's."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from quantpits.modeling.runtime import TORCH_THREADS
from quantpits.modeling.scoring import gathered_at_once, predicted_scores


def rows(n_days=9, names=("SH600000", "SH600001", "SZ000001"), gaps=0.2, seed=1):
    random = np.random.default_rng(seed)
    days = pd.date_range("2021-01-04", periods=n_days, freq="B")
    index = pd.MultiIndex.from_product([days, names], names=["datetime", "instrument"])
    values = random.standard_normal((len(index), 7)).astype(np.float32)
    frame = pd.DataFrame(values, index=index, columns=[*"ABCDEFG"])
    return frame[random.random(len(index)) >= gaps]


class Plain:
    def __init__(self, data):
        self.data = data

    def prepare(self, segment, **_):
        assert "test" == segment
        return self.data


class Matrix:
    """Multiplies by a vector, as a linear model does."""

    weights = np.random.default_rng(2).standard_normal(7).astype(np.float32)

    def predict(self, dataset):
        data = dataset.prepare("test", col_set="feature")
        self.n_seen = len(data)
        return pd.Series(data.to_numpy() @ self.weights, index=data.index)


def test_scores_are_those_of_the_rows_asked_for():
    data, model = rows(), Matrix()
    dataset = Plain(data)
    found = predicted_scores(model, dataset)
    assert found.index.equals(data.index)
    assert 0 == model.n_seen % 64
    assert model.n_seen > len(data) + 64
    assert "prepare" not in vars(dataset)
    np.testing.assert_allclose(data.to_numpy() @ Matrix.weights, found, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("n_days", [1, 2, 5, 8, 30])
def test_a_score_does_not_depend_on_the_rows_after_it(n_days):
    data = rows(n_days=40, names=[f"SH6000{number:02d}" for number in range(23)])
    days = data.index.get_level_values("datetime")
    part = data[days <= days.unique()[n_days - 1]]
    whole, some = (predicted_scores(Matrix(), Plain(each)) for each in (data, part))
    assert whole.reindex(some.index).to_numpy().tobytes() == some.to_numpy().tobytes()


@pytest.mark.parametrize("data", [None, rows().to_numpy(), rows().reset_index(drop=True)])
def test_what_is_no_table_of_days_and_instruments_stays_as_it_is(data):
    class Model:
        def predict(self, dataset):
            return dataset.prepare("test")

    assert predicted_scores(Model(), Plain(data)) is data


def test_scores_without_days_stay_as_they_are():
    class Model:
        def predict(self, dataset):
            return pd.Series(0.0, index=range(len(dataset.prepare("test"))))

    assert len(rows()) < len(predicted_scores(Model(), Plain(rows())))


def test_a_dataset_is_as_it_was_when_a_model_fails():
    class Model:
        def predict(self, dataset):
            dataset.prepare("test")
            raise ValueError("no")

    dataset = Plain(rows())
    with pytest.raises(ValueError, match="no"):
        predicted_scores(Model(), dataset)
    assert "prepare" not in vars(dataset)


def sampler(fillna_type, step_len=4, **changes):
    from qlib.data.dataset import TSDataSampler  # noqa: PLC0415

    data = rows(gaps=0.4)
    days = data.index.get_level_values("datetime")
    samples = TSDataSampler(data.copy(), days[5], days[-1], step_len, **changes)
    samples.config(fillna_type=fillna_type)
    return samples


@pytest.mark.parametrize("fillna_type", ["none", "ffill", "ffill+bfill"])
@pytest.mark.parametrize("step_len", [1, 4, 20])
def test_sequences_gathered_at_once_are_those_gathered_one_by_one(fillna_type, step_len):
    samples = sampler(fillna_type, step_len)
    expected = np.stack([samples[number] for number in range(len(samples))])
    index = samples.get_index()
    quick = gathered_at_once(samples)
    every = list(range(len(quick)))
    assert index.equals(quick.get_index())
    batch = np.stack([each.numpy() for each in quick.__getitems__(every)])
    for found in (batch, quick[every], quick[np.array(every)]):
        assert expected.dtype == found.dtype
        np.testing.assert_array_equal(expected, found)
    np.testing.assert_array_equal(expected[3], quick[3])
    np.testing.assert_array_equal(expected[2:4], quick.__getitems__([np.array([2, 3])])[0])
    day, name = index[5]
    np.testing.assert_array_equal(quick[5], quick[str(day.date()), name])


def test_a_row_that_does_not_exist_is_refused():
    quick = gathered_at_once(sampler("none"))
    for wrong in ([len(quick)], [-1]):
        with pytest.raises(KeyError, match="out of"):
            quick.__getitems__(wrong)


def test_sequences_are_padded_too():
    class Model:
        def predict(self, dataset):
            samples = dataset.prepare("test")
            assert 0 == len(samples) % 64
            values = samples[list(range(len(samples)))]
            return pd.Series(values.sum((1, 2)), index=samples.get_index())

    expected = sampler("ffill")
    found = predicted_scores(Model(), SimpleNamespace(prepare=lambda _: sampler("ffill")))
    assert found.index.equals(expected.get_index())
    assert expected[3].sum() == pytest.approx(found.iloc[3], nan_ok=True)


def test_networks_score_on_as_many_threads_as_they_were_fitted_on(monkeypatch):
    threads = []
    torch = SimpleNamespace(set_num_threads=threads.append)
    monkeypatch.setitem(sys.modules, "torch", torch)
    nothing = SimpleNamespace(prepare=None)
    predicted_scores(SimpleNamespace(predict=lambda _: None), nothing)
    assert [TORCH_THREADS] == threads

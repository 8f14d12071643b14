"""HIST knows its stocks by board or by the concepts it is given, and waits for no download."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from quantpits.errors import ModelError

torch = pytest.importorskip("torch", reason="the extra 'nn' is not installed")

NAMES = ["BJ830001", "SH600000", "SH600004", "SH688001", "SZ300001"]
DAYS = pd.date_range("2024-01-02", periods=6, freq="B")


class Dataset:
    """Answers with frames, as Qlib's datasets do."""

    def __init__(self, n_features=12, *, empty=(), label=None):
        index = pd.MultiIndex.from_product([DAYS, NAMES], names=["datetime", "instrument"])
        generator = np.random.default_rng(3)
        features = generator.normal(size=(len(index), n_features)).astype("float32")
        columns = [("feature", f"F{number}") for number in range(n_features)]
        self.frame = pd.DataFrame(features, index, pd.MultiIndex.from_tuples(columns))
        self.frame[("label", "L")] = features[:, 0] if label is None else label
        self.empty = empty

    def prepare(self, segments, **_):
        if isinstance(segments, list):
            return [self.frame.iloc[:0] if name in self.empty else self.frame for name in segments]
        return self.frame["feature"]


@pytest.fixture
def make_model():
    from quantpits.modeling.zoo_hist import HIST  # noqa: PLC0415 - needs torch

    sizes = {"d_feat": 2, "hidden_size": 4, "num_layers": 1, "base_model": "LSTM", "GPU": -1}
    return lambda **kwargs: HIST(**{**sizes, "n_epochs": 2, "metric": "ic", "seed": 5, **kwargs})


def test_the_board_is_the_concept_of_a_stock(make_model):
    model = make_model()
    model.fit(Dataset())
    assert ["BJ83", "SH60", "SH68", "SZ30"] == model.concepts
    rows = model._concept_rows(Dataset().frame.iloc[:5])
    assert [0, 1, 1, 2, 3] == rows.argmax(axis=1).tolist()
    assert [1.0] * 5 == rows.sum(axis=1).tolist()


def test_given_concepts_count_and_a_stock_without_one_has_its_own_kind(make_model):
    model = make_model(concepts={"bank": ["SH600000"], "chips": ["SH688001", "SZ300001"]})
    model.fit(Dataset())
    assert [2, 0, 2, 1, 1] == model._concept_rows(Dataset().frame.iloc[:5]).argmax(axis=1).tolist()


def test_a_board_that_was_not_there_in_training_is_no_concept(make_model):
    model = make_model()
    model.fit(Dataset())
    frame = Dataset().frame.iloc[:1].rename(index={"BJ830001": "SZ000001"}, level="instrument")
    assert [len(model.concepts)] == model._concept_rows(frame).argmax(axis=1).tolist()


def test_the_same_seed_gives_the_same_scores(make_model):
    scores = []
    for _ in range(2):
        torch.manual_seed(5)
        np.random.seed(5)  # noqa: NPY002 - the generator that models draw from
        model = make_model()
        model.fit(Dataset())
        scores.append(model.predict(Dataset()))
    assert scores[0].equals(scores[1])
    assert Dataset().frame.index.equals(scores[0].index)
    assert np.isfinite(scores[0]).all()


def test_training_stops_early_when_nothing_gets_better(make_model, monkeypatch):
    model = make_model(n_epochs=50, early_stop=2)
    told = iter([0.5, 0.4, 0.3, 9.9])
    monkeypatch.setattr(type(model), "_score", lambda _self, _frame: next(told))
    model.fit(Dataset())
    assert [9.9] == list(told)


@pytest.mark.parametrize("window", ["train", "valid"])
def test_an_empty_window_is_refused(make_model, window):
    with pytest.raises(ModelError, match="has no rows"):
        make_model().fit(Dataset(empty=(window,)))


def test_a_label_that_is_never_known_is_refused(make_model):
    with pytest.raises(ModelError, match="No epoch of the model gives a finite score"):
        make_model().fit(Dataset(label=np.nan))


def test_an_unfitted_model_does_not_predict(make_model):
    with pytest.raises(ModelError, match="not fitted"):
        make_model().predict(Dataset())


def test_the_score_of_each_epoch_is_told(make_model):
    told = {}
    make_model().fit(Dataset(), evals_result=told)
    assert ["valid"] == list(told)
    assert 2 == len(told["valid"])

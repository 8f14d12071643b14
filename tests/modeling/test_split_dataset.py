"""Datasets of purged splits: what their sequences may read, and what they may not."""

from __future__ import annotations

import json
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from qlib.data.dataset import TSDatasetH

from quantpits.errors import ModelError
from quantpits.modeling import split_dataset as module
from quantpits.modeling.features.folds import FoldFeatures
from quantpits.modeling.purged import purged_splits
from quantpits.modeling.recorders import open_store
from quantpits.modeling.split_dataset import (
    first_rows,
    hidden_labels,
    is_lasting,
    sequence_lookback,
    spans_dataset_class,
    within,
)
from quantpits.modeling.trial import split_dataset, split_embargo, trial_ic
from quantpits.training.trial_plan import make_trial_plan

STEPS = 20
PURGE = 6


def sequences(text, kind="TSDatasetH", **kwargs):
    """Return a workflow's text with a dataset of sequences."""
    content = json.loads(text)
    dataset = content["task"]["dataset"]
    dataset["class"] = kind
    dataset["kwargs"] |= kwargs or {"step_len": STEPS}
    if kind == "MTSDatasetH":
        dataset["module_path"] = "qlib.contrib.data.dataset"
    return json.dumps(content)


@pytest.fixture
def split_of(make):
    """Return a function that gives the second of four folds of a model's span, to test it."""

    names = iter("ABCD")

    def build(text, embargo=None):
        workspace = make({"a": text}, name=next(names))
        plan = make_trial_plan(workspace, "a", kind="Evaluate")
        plan.setting.open_market()
        job = plan.job(is_whole_span=True)
        splits = purged_splits(
            plan.sessions,
            n_folds=4,
            n_test_folds=1,
            purge=PURGE,
            embargo=split_embargo(job) if embargo is None else embargo,
        )
        features = FoldFeatures(plan.windows.data_start, plan.windows.data_end)
        dataset = split_dataset(job, splits[1], features=features, sessions=plan.sessions)
        return SimpleNamespace(
            split=splits[1],
            dataset=dataset,
            sessions=plan.sessions,
            fit=lambda: trial_ic(
                job,
                dataset,
                runs=open_store(workspace, "T"),
                features=features,
                last_session=str(splits[1].tests[-1][-1]),
            ),
        )

    return build


def days_of(sampler):
    days = sampler.get_index().get_level_values("datetime").to_numpy("datetime64[D]")
    return np.unique(days).tolist()


def test_rows_are_those_of_the_split_and_sequences_read_over_the_gap(split_of, workflow):
    """A row after a test fold reads the sessions before it, not the last ones learnt from."""
    prepared = split_of(sequences(workflow("Reading")), embargo=0)
    split, dataset = prepared.split, prepared.dataset
    for name, wanted in (("train", split.train), ("valid", split.valid), ("test", split.tests[0])):
        sampler = dataset.prepare(name, col_set=["feature", "label"], data_key="learn")
        assert wanted.tolist() == days_of(sampler)
    train = dataset.prepare("train", col_set=["feature", "label"], data_key="learn")
    raw = dataset.handler._data["feature"]
    first = split.train[split.train > split.tests[0][-1]][0]
    at = int(np.searchsorted(prepared.sessions, first))
    read = [pd.Timestamp(day) for day in prepared.sessions[at - STEPS + 1 : at + 1]]
    name = raw.index.get_level_values("instrument")[0]
    expected = np.stack([raw.loc[(day, name)].to_numpy() for day in read])
    np.testing.assert_array_equal(expected, train[str(first), name][:, :-1])


def test_labels_of_rows_outside_of_a_segment_are_hidden(split_of, workflow):
    prepared = split_of(sequences(workflow("Reading")), embargo=0)
    for name, own in (("train", prepared.split.train), ("test", prepared.split.tests[0])):
        for col_set in (["feature", "label"], "__all"):
            sampler = prepared.dataset.prepare(name, col_set=col_set, data_key="learn")
            days = sampler.idx_df.index.to_numpy("datetime64[D]")
            rows, columns = np.nonzero(~np.isnan(sampler.idx_arr))
            place = sampler.idx_arr[rows, columns].astype(int)
            is_shown = np.isfinite(sampler.data_arr[place, -1])
            assert is_shown.tolist() == np.isin(days[rows], own).tolist()
            assert np.isfinite(sampler.data_arr[place, 0]).mean() > 0.99


def test_a_planted_leak_is_caught(split_of, workflow, monkeypatch):
    """A model that remembers every label it is shown knows none of the test.

    Without the hiding of labels the same model knows them all, so this test would see a leak.
    """
    text = sequences(workflow("Reading"))
    honest = split_of(text, embargo=0).fit()
    assert abs(honest.summary.rank_ic) < 0.5
    monkeypatch.setattr(module, "hidden_labels", lambda frame, *_, **__: frame.copy())
    leaking = split_of(text, embargo=0).fit()
    # The first row after the gap reads so many tested sessions.
    is_known = leaking.rank_ic.to_numpy() > 1 - 1e-9
    assert STEPS - 1 - PURGE == is_known.sum()
    assert is_known[-(STEPS - 1 - PURGE) :].all()
    assert not (honest.rank_ic.to_numpy() > 1 - 1e-9)[-(STEPS - 1 - PURGE) :].all()


def test_with_the_embargo_nothing_tested_is_read_while_learning(split_of, workflow, toys):
    def rows_read_of_the_test(embargo):
        prepared = split_of(sequences(workflow("Reading")), embargo=embargo)
        prepared.fit()
        sampler = prepared.dataset.prepare("test", ["feature", "label"], data_key="infer")
        tested = {sampler[number][-1, :-1].tobytes() for number in range(len(sampler))}
        learnt = prepared.dataset.prepare("train", ["feature", "label"], data_key="learn")
        return len(tested & read_rows(learnt))

    assert rows_read_of_the_test(0) > 0
    # One less would do for the tested sessions; the rest keeps what decides their labels out, too.
    assert 0 == rows_read_of_the_test(STEPS - 1)


def read_rows(sampler):
    return {row[:-1].tobytes() for number in range(len(sampler)) for row in sampler[number]}


def test_a_filter_column_filters_too(split_of, workflow):
    prepared = split_of(sequences(workflow("Reading"), step_len=STEPS, flt_col="label"))
    kept = prepared.dataset.prepare("train", col_set=["feature", "label"], data_key="infer")
    everything = split_of(sequences(workflow("Reading"))).dataset
    all_rows = everything.prepare("train", col_set=["feature", "label"], data_key="infer")
    assert 0 < len(kept) <= len(all_rows)


def test_a_span_that_is_none_of_a_split_is_qlibs_own(split_of, workflow):
    dataset = split_of(sequences(workflow("Reading"))).dataset
    day = dataset.cal[40]
    sampler = dataset.prepare(slice(day, day), col_set="feature")
    plain = TSDatasetH(handler=dataset.handler, segments={}, step_len=STEPS)
    np.testing.assert_array_equal(plain.prepare(slice(day, day), "feature")[0], sampler[0])


def test_memory_of_errors(split_of, workflow):
    """TRA's dataset: rows of the split, and no sequence that reads another stock or too far."""
    pytest.importorskip("torch")
    kwargs = {"seq_len": STEPS, "horizon": 6, "num_states": 2, "batch_size": 64}
    text = sequences(workflow("Linear"), kind="MTSDatasetH", **kwargs)
    prepared = split_of(text)
    dataset, split = prepared.dataset, prepared.split
    assert not is_lasting(dataset)
    for name, wanted in (("train", split.train), ("valid", split.valid), ("test", split.tests[0])):
        part = dataset.prepare(name)
        rows = [each.stop - 1 for each in part._batch_slices]
        index = dataset._index[rows]
        days = np.unique(index.get_level_values(1).to_numpy("datetime64[D]"))
        assert wanted.tolist() == days.tolist()
        assert wanted.tolist() == part._daily_index.to_numpy("datetime64[D]").tolist()
        part.eval()
        assert len(rows) == sum(len(batch["index"]) for batch in part)
    for each in dataset._batch_slices:
        names, days = zip(*dataset._index[each], strict=True)
        assert 1 == len(set(names))
        assert len(days) <= STEPS
    tested = set(split.tests[0].tolist())
    for each in dataset.prepare("train")._batch_slices:
        read = dataset._index[each].get_level_values(1).to_numpy("datetime64[D]")
        assert not tested & set(read.tolist())
    single = dataset.prepare(slice(*[str(split.train[0])] * 2))
    assert len(single._daily_index) == 1


def test_how_far_a_row_reads_back(toys):
    def lookback(kind, **kwargs):
        where = "qlib.data.dataset" if kind != "MTSDatasetH" else "qlib.contrib.data.dataset"
        return sequence_lookback({"class": kind, "module_path": where, "kwargs": kwargs}, "a")

    assert 0 == lookback("DatasetH")
    assert 19 == lookback("TSDatasetH", step_len=20)
    assert 29 == lookback("TSDatasetH")
    pytest.importorskip("torch")
    assert 59 == lookback("MTSDatasetH")


def test_a_dataset_that_nothing_is_known_of_is_refused(toys):
    description = {"class": "Handler", "module_path": toys, "kwargs": {}}
    with pytest.raises(ModelError, match="cannot be evaluated on purged splits"):
        spans_dataset_class(description, "a")


def test_the_first_row_that_a_sequence_may_read():
    days = pd.to_datetime(["2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08"])
    index = pd.MultiIndex.from_tuples(
        [(each[0], days[int(each[1])]) for each in ("A0", "A1", "A3", "B0", "B2", "B3")]
    )
    assert [0, 0, 1, 3, 3, 4] == first_rows(index, 3).tolist()
    assert [0, 0, 0, 3, 3, 3] == first_rows(index, 9).tolist()
    assert [0, 1, 2, 3, 4, 5] == first_rows(index, 1).tolist()


def test_spans_and_hidden_labels():
    days = pd.date_range("2026-01-05", periods=4)
    inside = within(days, [("2026-01-05", "2026-01-05"), ("2026-01-07", "2026-01-08")])
    assert [True, False, True, True] == inside.tolist()
    assert all(b > a for a, b in pairwise(days))
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "y": [5.0, 6.0, 7.0, 8.0]}, index=days)
    shown = hidden_labels(frame, np.array([False, True]), is_own=inside)
    assert [5.0, 7.0, 8.0] == shown["y"].dropna().tolist()
    assert frame["x"].equals(shown["x"])
    assert frame["y"].notna().all()

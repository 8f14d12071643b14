"""One prediction out of many."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from quantpits.errors import CorruptArtifactError, MissingArtifactError
from quantpits.modeling.outcome import RunFacts
from quantpits.modeling.recorders import open_store
from quantpits.modeling.stitching import stitch_folds, stitched_fingerprint
from quantpits.records import load_model_prediction, read_train_records
from quantpits.training.walk_request import WalkRequest
from quantpits.training.walk_state import read_folds
from quantpits.training.walk_step import run

REQUEST = WalkRequest(models=("a",), window=0.5, valid=0.2, step="20", start=date(2022, 2, 10))


def test_folds_follow_each_other_and_never_overlap(make, workflow):
    workspace = make({"a": workflow()})
    run(workspace, REQUEST)
    folds = [fold.record for fold in read_folds(workspace, "a").values()]
    assert 2 == len(folds)
    records = read_train_records(workspace)
    scores = load_model_prediction(workspace, records, "a_wf")
    days = scores.index.get_level_values("datetime")
    assert ("2022-02-10", "2022-03-31") == (str(days.min().date()), str(days.max().date()))
    assert scores.index.is_monotonic_increasing
    record = records.model_records["a_wf"]
    assert record.fingerprint == stitched_fingerprint("a_wf", folds)
    assert record.fingerprint != stitched_fingerprint("a_wf", folds[:1])
    runs = open_store(workspace, "Other")
    with pytest.raises(CorruptArtifactError, match="predict the same day"):
        stitch_folds(workspace, [folds[0], folds[0]], facts=_facts(folds[0]), runs=runs)
    lost = replace(folds[0], prediction_path="mlruns/artifacts/none/artifacts/pred.pkl")
    with pytest.raises(MissingArtifactError, match="cannot be read"):
        stitch_folds(workspace, [lost], facts=_facts(folds[0]), runs=runs)


def _facts(record):
    return RunFacts(
        model="a_wf",
        experiment="Other",
        anchor_date=record.anchor_date,
        trained_at=record.trained_at,
        data_hash="d",
        fingerprint="f",
        seed=7,
        market_label="",
        source=record,
    )

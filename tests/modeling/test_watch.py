"""What a run keeps for watching its model."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest

from quantpits.modeling.curves import Curve, TrainingCurves
from quantpits.modeling.drift import ScoreBins
from quantpits.modeling.evaluation import daily_ic
from quantpits.modeling.watch import (
    BINS_FILE,
    CURVE_FILE,
    WATCH_FILE,
    read_bins,
    read_curves,
    read_watch,
    watched,
)
from quantpits.records import ModelRecord
from quantpits.workspace import Workspace, to_jsonable, write_json

FOLDER = "mlruns/artifacts/r1/artifacts"
RECORD = ModelRecord(
    experiment="E",
    run_id="r1",
    anchor_date=date(2026, 2, 6),
    prediction_path=f"{FOLDER}/pred.pkl",
    model_path=f"{FOLDER}/model.pkl",
)
BINS = ScoreBins(
    reference="train",
    first=date(2025, 1, 2),
    last=date(2025, 12, 31),
    edges=(0.5,),
    counts=(1, 1),
)
CURVES = TrainingCurves("model", (Curve("train", (1,), (0.5,)),))


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


def outcome(n_days=30):
    index = pd.MultiIndex.from_product(
        [pd.bdate_range("2026-01-15", periods=n_days), list("ABCD")],
        names=["datetime", "instrument"],
    )
    rng = np.random.default_rng(0)
    scores = pd.Series(rng.normal(size=len(index)), index=index)
    return daily_ic(scores, scores + rng.normal(size=len(index)))


def test_what_is_kept_is_what_is_read(workspace):
    known = outcome()
    drift = pd.Series([0.25], index=pd.to_datetime(["2026-02-06"]))
    kept = watched(known, drift)
    write_json(workspace.root / FOLDER / WATCH_FILE, to_jsonable(kept))
    assert kept == read_watch(workspace, RECORD)
    assert known.ic.to_list() == list(kept.ic.numbers)
    assert ["2026-01", "2026-02"] == [month.month for month in kept.months]
    assert ((date(2026, 2, 6),), (0.25,)) == (kept.psi.days, kept.psi.numbers)


def test_a_run_without_known_labels_keeps_empty_series(workspace):
    index = pd.MultiIndex.from_product(
        [pd.to_datetime(["2026-02-06"]), ["A"]], names=["datetime", "instrument"]
    )
    kept = watched(daily_ic(pd.Series([1.0], index=index), pd.Series([np.nan], index=index)), None)
    write_json(workspace.root / FOLDER / WATCH_FILE, to_jsonable(kept))
    assert kept == read_watch(workspace, RECORD)
    assert ((), (), None) == (kept.ic.days, kept.months, kept.psi)


def test_bins_and_curves_lie_beside_the_model(workspace):
    write_json(workspace.root / FOLDER / BINS_FILE, to_jsonable(BINS))
    write_json(workspace.root / FOLDER / CURVE_FILE, to_jsonable(CURVES))
    assert BINS == read_bins(workspace, RECORD.model_path)
    assert CURVES == read_curves(workspace, RECORD.model_path)


def everything(workspace, record=RECORD):
    return [
        read_watch(workspace, record),
        read_bins(workspace, record.model_path),
        read_curves(workspace, record.model_path),
    ]


def test_a_run_from_before_keeps_nothing(workspace):
    assert [None] * 3 == everything(workspace)
    old = ModelRecord(experiment="E", run_id="r0", anchor_date=date(2026, 2, 6))
    assert [None] * 3 == everything(workspace, old)


@pytest.mark.parametrize("content", ["", "[1]", "{}", '{"schema_version": 9}', "\xff"])
def test_a_damaged_file_is_as_good_as_none(workspace, content):
    folder = workspace.root / FOLDER
    folder.mkdir(parents=True)
    for name in (WATCH_FILE, BINS_FILE, CURVE_FILE):
        (folder / name).write_text(content, encoding="latin-1")
    assert [None] * 3 == everything(workspace)


def test_days_without_their_values_are_as_good_as_none(workspace):
    plain = to_jsonable(watched(outcome(), None))
    plain["ic"]["numbers"].pop()
    write_json(workspace.root / FOLDER / WATCH_FILE, plain)
    assert read_watch(workspace, RECORD) is None


def test_nothing_is_read_from_outside_of_the_runs(workspace, tmp_path):
    (tmp_path / BINS_FILE).write_text(json.dumps(to_jsonable(BINS)))
    assert read_bins(workspace, "mlruns/../model.pkl") is None

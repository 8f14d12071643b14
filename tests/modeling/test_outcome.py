"""What a run leaves behind."""

from __future__ import annotations

import json
import pickle
from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from quantpits.modeling.drift import ScoreBins
from quantpits.modeling.outcome import RunFacts, hash_tag, record_outcome
from quantpits.modeling.watch import BINS_FILE, read_watch
from quantpits.records import ModelRecord
from quantpits.workspace import Workspace, sha256_file

INDEX = pd.MultiIndex.from_product(
    [pd.to_datetime(["2026-02-04", "2026-02-05", "2026-02-06"]), ["A", "B", "C"]],
    names=["datetime", "instrument"],
)
SCORES = pd.Series([1.0, 2, 3, 1, 3, 2, 1, 2, 3], index=INDEX, name="score")
LABELS = pd.Series([1.0, 2, 3, 3, 2, 1, *[np.nan] * 3], index=INDEX, name="label")
FACTS = {
    "model": "gru",
    "experiment": "E",
    "anchor_date": date(2026, 2, 6),
    "trained_at": date(2026, 2, 6),
    "data_hash": "d",
    "fingerprint": "f",
    "seed": 7,
    "market_label": "SYNTHETIC",
}


@pytest.fixture
def recorder(tmp_path):
    made = SimpleNamespace(
        id="r1", folder=tmp_path / "mlruns/artifacts/r1/artifacts", metrics={}, tags={}
    )
    made.log_metrics = lambda **values: made.metrics.update(
        {name: value for name, value in values.items() if name != "step"}
    )
    made.set_tags = lambda **values: made.tags.update(values)
    return made


def record(tmp_path, recorder, facts, **files):
    return record_outcome(
        Workspace(tmp_path),
        recorder,
        facts=RunFacts(**{**FACTS, **facts}),
        scores=SCORES,
        labels=LABELS,
        files=files,
    )


def test_a_training_leaves_its_files_metrics_and_tags(tmp_path, recorder):
    files = {"model.pkl": b"m", "train.log": b"l", "task.json": {"windows": (date(2026, 2, 6),)}}
    made = record(tmp_path, recorder, {}, **files)
    folder = recorder.folder
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {
        "pred.pkl",
        "label.pkl",
        "model.pkl",
        "monitoring.json",
        "train.log",
        "task.json",
        "sig_analysis/ic.pkl",
        "sig_analysis/ric.pkl",
    } == names
    prediction = pickle.loads((folder / "pred.pkl").read_bytes())
    assert ["score"] == prediction.columns.to_list()
    assert ["datetime", "instrument"] == prediction.index.names
    assert {"windows": ["2026-02-06"]} == json.loads((folder / "task.json").read_text())
    # The names are exact: downstream never searches for "whatever contains ICIR" (fault 14).
    assert {"IC", "ICIR", "Rank IC", "Rank ICIR"} == set(recorder.metrics)
    assert pytest.approx((1.0 - 0.5) / 2) == recorder.metrics["IC"]
    assert ("gru", "2026-02-06", "train") == tuple(
        recorder.tags[name] for name in ("model", "anchor_date", "mode")
    )
    assert sha256_file(folder / "model.pkl") == recorder.tags[hash_tag("model.pkl")]
    assert "source_record_id" not in recorder.tags

    assert ("train", None, "r1", 7) == (made.mode, made.source_run_id, made.run_id, made.seed)
    assert "mlruns/artifacts/r1/artifacts/model.pkl" == made.model_path
    assert sha256_file(tmp_path / made.prediction_path) == made.prediction_sha256
    assert sha256_file(tmp_path / made.model_path) == made.model_sha256
    assert (recorder.metrics["IC"], recorder.metrics["Rank ICIR"]) == (made.ic, made.rank_icir)


def test_a_prediction_names_the_run_its_model_comes_from(tmp_path, recorder):
    source = ModelRecord(
        experiment="T",
        run_id="r0",
        anchor_date=date(2026, 1, 30),
        model_path="mlruns/artifacts/r0/artifacts/model.pkl",
        model_sha256="abc",
    )
    made = record(tmp_path, recorder, {"source": source})
    assert ("predict_only", "r0") == (made.mode, made.source_run_id)
    assert (source.model_path, "abc") == (made.model_path, made.model_sha256)
    tags = recorder.tags
    assert ("predict_only", "T", "r0") == tuple(
        tags[name] for name in ("mode", "source_experiment", "source_record_id")
    )
    assert not (recorder.folder / "model.pkl").exists()


def test_a_prediction_from_a_prediction_still_names_the_training(tmp_path, recorder):
    source = ModelRecord(
        experiment="P", run_id="r5", anchor_date=date(2026, 1, 30), source_run_id="r0"
    )
    assert "r0" == record(tmp_path, recorder, {"source": source}).source_run_id


def test_undefined_metrics_are_left_out_and_null(tmp_path, recorder, monkeypatch):
    monkeypatch.setitem(globals(), "LABELS", LABELS * np.nan)
    made = record(tmp_path, recorder, {})
    assert {} == recorder.metrics
    assert (None, None, None, None) == (made.ic, made.icir, made.rank_ic, made.rank_icir)


def test_every_file_of_a_run_is_recorded_by_its_hash(tmp_path, recorder):
    record(tmp_path, recorder, {}, **{"model.pkl": b"m", "task.json": {"a": 1}})
    folder = recorder.folder
    names = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
    expected = {hash_tag(name): sha256_file(folder / name) for name in names}
    tags = recorder.tags
    assert expected == {key: value for key, value in tags.items() if key.startswith("sha256/")}


def test_drift_is_told_from_the_bins_of_the_training(tmp_path, recorder):
    bins = ScoreBins(
        reference="train",
        first=date(2025, 1, 2),
        last=date(2025, 12, 31),
        edges=(1.5, 2.5),
        counts=(10, 10, 10),
        usual=0.25,
    )
    made = record(tmp_path, recorder, {}, **{BINS_FILE: bins})
    # Three days fill the three bins alike.
    assert (0.0, 0.25) == (made.psi, made.psi_usual)
    assert 0.0 == recorder.metrics["PSI"]
    watch = read_watch(Workspace(tmp_path), made)
    assert ((date(2026, 2, 6),), (0.0,)) == (watch.psi.days, watch.psi.numbers)


def test_a_run_without_bins_tells_no_drift(tmp_path, recorder):
    made = record(tmp_path, recorder, {})
    assert (None, None) == (made.psi, made.psi_usual)
    watch = read_watch(Workspace(tmp_path), made)
    assert watch.psi is None
    assert [("2026-02", 2)] == [(month.month, month.n_days) for month in watch.months]


def test_bands_of_a_long_run_go_to_the_record_and_to_mlflow(tmp_path, recorder, monkeypatch):
    rng = np.random.default_rng(5)
    index = pd.MultiIndex.from_product(
        [pd.bdate_range("2026-01-05", periods=24), list("ABCDE")], names=["datetime", "instrument"]
    )
    scores = pd.Series(rng.normal(size=len(index)), index=index, name="score")
    monkeypatch.setitem(globals(), "SCORES", scores)
    monkeypatch.setitem(globals(), "LABELS", scores + rng.normal(size=len(index)))
    made = record(tmp_path, recorder, {})
    assert made.ic_band[0] < made.ic < made.ic_band[1]
    assert made.rank_icir_band[0] < made.rank_icir < made.rank_icir_band[1]
    assert 24 == made.n_ic_days
    # Tools of the earlier system take whatever contains ICIR (fault 14).
    assert ["ICIR", "Rank ICIR"] == sorted(name for name in recorder.metrics if "ICIR" in name)
    assert made.icir_band == (recorder.metrics["icir low"], recorder.metrics["icir high"])

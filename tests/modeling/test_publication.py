"""Prediction CSVs and the performance table of finished runs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from quantpits.modeling.artifacts import pickled
from quantpits.modeling.publication import publish_predictions
from quantpits.records import (
    ModelRecord,
    TrainRecords,
    read_performance,
    read_prediction_csv,
    read_prediction_meta,
)
from quantpits.workspace import Workspace, sha256_bytes

ANCHOR = date(2026, 2, 6)
INDEX = pd.MultiIndex.from_product(
    [pd.to_datetime(["2026-02-06"]), ["A", "B"]], names=["datetime", "instrument"]
)


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


def records(workspace, *names):
    made = {}
    for number, name in enumerate(names):
        path = workspace.mlruns_dir / f"{name}.pkl"
        path.parent.mkdir(exist_ok=True)
        content = pickled(pd.DataFrame({"score": [0.5, float(number)]}, index=INDEX))
        path.write_bytes(content)
        made[name] = ModelRecord(
            experiment="E",
            run_id=f"run-{name}",
            anchor_date=ANCHOR,
            trained_at=date(2026, 1, 30),
            prediction_path=workspace.relative(path),
            prediction_sha256=sha256_bytes(content),
            ic=0.0,
            market_label="SYNTHETIC",
        )
    return TrainRecords(
        experiment_name="E",
        anchor_date=ANCHOR,
        timestamp="2026-02-06 18:00:00",
        models={name: record.run_id for name, record in made.items()},
        model_records=made,
    )


def test_every_model_gets_a_csv_with_its_provenance(workspace):
    outputs, changed = publish_predictions(workspace, records(workspace, "a", "b"), replaces=True)
    assert changed
    names = ["a_2026-02-06.csv", "b_2026-02-06.csv", "model_performance_2026-02-06.json"]
    assert names == [path.name for path in outputs]
    assert [0.5, 1.0] == read_prediction_csv(outputs[1]).to_list()
    meta = read_prediction_meta(outputs[0])
    assert ("model", ("a",), {"a": 1.0}) == (meta.kind, meta.models, meta.weights)
    assert ({"a": date(2026, 1, 30)}, "SYNTHETIC") == (meta.trained_at, meta.market_label)
    assert {"pred.pkl"} == set(meta.inputs)


def test_a_real_zero_is_zero_and_the_undefined_is_null(workspace):
    outputs, _ = publish_predictions(workspace, records(workspace, "a"), replaces=True)
    # Fault 25: a zero was stored as null, and NaN broke strict JSON.
    expected = {
        "IC_Mean": 0.0,
        "ICIR": None,
        "Rank_IC_Mean": None,
        "Rank_ICIR": None,
        "record_id": "run-a",
        **{
            f"{name}_{end}": None
            for name in ("IC", "ICIR", "Rank_IC", "Rank_ICIR")
            for end in ("Low", "High")
        },
        "IC_Days": None,
        "PSI": None,
        "PSI_Usual": None,
        "trained_id": "run-a",
    }
    assert {"a": expected} == json.loads(outputs[-1].read_text())


def test_rows_can_be_kept_and_told_more_of(workspace):
    publish_predictions(workspace, records(workspace, "a", "b"), replaces=True)
    spreads = {"c": {"Seeds": 3}}
    publish_predictions(
        workspace, records(workspace, "c"), replaces=True, keeping=("a",), spreads=spreads
    )
    table = read_performance(workspace, ANCHOR)
    assert {"a", "c"} == set(table)
    assert 3 == table["c"]["Seeds"]


def test_publishing_again_changes_nothing(workspace, files):
    publish_predictions(workspace, records(workspace, "a", "b"), replaces=True)
    before = files(workspace.root)
    _, changed = publish_predictions(workspace, records(workspace, "a", "b"), replaces=True)
    assert not changed
    assert before == files(workspace.root)


@pytest.mark.parametrize(("replaces", "expected"), [(True, {"b"}), (False, {"a", "b"})])
def test_the_table_is_replaced_or_merged(workspace, replaces, expected):
    publish_predictions(workspace, records(workspace, "a"), replaces=True)
    publish_predictions(workspace, records(workspace, "b"), replaces=replaces)
    assert expected == set(read_performance(workspace, ANCHOR))


def predicted(workspace, trained):
    """Return records of a prediction with the trained models."""
    made = {
        name: replace(record, run_id=f"later-{name}", source_run_id=record.run_id)
        for name, record in trained.model_records.items()
    }
    models = {name: record.run_id for name, record in made.items()}
    return replace(trained, models=models, model_records=made)


def test_a_prediction_keeps_the_spread_over_seeds_of_its_model(workspace):
    trained = records(workspace, "a")
    spread = {"a": {"Seeds": 3, "IC_Seeds_Mean": 0.05, "Rank_IC_Seeds_Std": None}}
    publish_predictions(workspace, trained, replaces=True, spreads=spread)
    # The columns were lost until the next training; twice, because each prediction is a run.
    for _ in range(2):
        publish_predictions(workspace, predicted(workspace, trained), replaces=False)
        row = read_performance(workspace, ANCHOR)["a"]
        assert spread["a"] == {key: value for key, value in row.items() if "Seeds" in key}
        assert ("later-a", "run-a") == (row["record_id"], row["trained_id"])


def test_the_spread_of_another_training_goes(workspace):
    trained = records(workspace, "a")
    publish_predictions(workspace, trained, replaces=True, spreads={"a": {"Seeds": 3}})
    record = replace(trained.model_records["a"], run_id="new-a")
    again = replace(trained, models={"a": "new-a"}, model_records={"a": record})
    publish_predictions(workspace, again, replaces=False)
    assert "Seeds" not in read_performance(workspace, ANCHOR)["a"]


def test_bands_and_drift_are_columns_of_the_table(workspace):
    trained = records(workspace, "a")
    record = replace(
        trained.model_records["a"], ic_band=(-0.25, 0.25), n_ic_days=60, psi=0.5, psi_usual=0.125
    )
    outputs, _ = publish_predictions(
        workspace, replace(trained, model_records={"a": record}), replaces=True
    )
    row = json.loads(outputs[-1].read_text())["a"]
    assert [-0.25, 0.25, None, 60, 0.5, 0.125] == [
        row[name] for name in ("IC_Low", "IC_High", "ICIR_Low", "IC_Days", "PSI", "PSI_Usual")
    ]

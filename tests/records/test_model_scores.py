from __future__ import annotations

import hashlib
import pickle
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from quantpits.errors import (
    CorruptArtifactError,
    DataError,
    MissingArtifactError,
    StaleArtifactError,
)
from quantpits.records import (
    ModelRecord,
    TrainRecords,
    load_model_panel,
    load_model_prediction,
    prediction_sha256,
    store_prediction,
)

ANCHOR = date(2026, 2, 6)


class Bomb:
    """Would raise if it were ever unpickled."""

    def __reduce__(self):
        return (exec, ("raise RuntimeError('unpickled')",))


def records_of(workspace, content: bytes, *, path: str = "mlruns/pred.pkl") -> TrainRecords:
    target = workspace.root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    record = ModelRecord(
        experiment="E",
        run_id="1",
        anchor_date=ANCHOR,
        prediction_sha256=hashlib.sha256(content).hexdigest(),
        prediction_path=path,
    )
    return TrainRecords(
        experiment_name="E",
        anchor_date=ANCHOR,
        timestamp="t",
        models={"gru": "1"},
        model_records={"gru": record},
    )


@pytest.mark.parametrize("shape", ["frame", "other_column", "series"])
def test_scores_of_a_recorded_pickle(workspace, scores, shape):
    stored = {
        "frame": scores.to_frame("score"),
        "other_column": scores.to_frame(0),
        "series": scores,
    }[shape]
    records = records_of(workspace, pickle.dumps(stored))
    pd.testing.assert_series_equal(scores, load_model_prediction(workspace, records, "gru"))


def test_pairs_without_a_score_have_no_row(workspace, scores):
    holed = scores.copy()
    holed.iloc[0] = np.nan
    records = records_of(workspace, pickle.dumps(holed))
    pd.testing.assert_series_equal(
        scores.iloc[1:], load_model_prediction(workspace, records, "gru")
    )


def test_a_model_that_scored_nothing_is_refused(workspace, scores):
    records = records_of(workspace, pickle.dumps(scores * np.nan))
    with pytest.raises(DataError, match=r"no scores(.|\n)*model 'gru'"):
        load_model_prediction(workspace, records, "gru")


def test_a_pickle_with_another_hash_is_never_opened(workspace, scores):
    records = records_of(workspace, pickle.dumps(scores))
    (workspace.root / "mlruns/pred.pkl").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(CorruptArtifactError, match="not the ones its run recorded"):
        load_model_prediction(workspace, records, "gru")


def test_a_missing_pickle_says_how_to_make_it(workspace, scores):
    records = records_of(workspace, pickle.dumps(scores))
    (workspace.root / "mlruns/pred.pkl").unlink()
    with pytest.raises(MissingArtifactError, match="quantpits predict --models gru"):
        load_model_prediction(workspace, records, "gru")


def test_a_pickle_outside_the_workspace_is_refused(workspace, scores):
    records = records_of(workspace, pickle.dumps(scores), path="../elsewhere.pkl")
    with pytest.raises(CorruptArtifactError, match="outside the workspace"):
        load_model_prediction(workspace, records, "gru")


@pytest.mark.parametrize("content", [[1, 2], pd.DataFrame()])
def test_something_else_than_scores_is_refused(workspace, content):
    records = records_of(workspace, pickle.dumps(content))
    with pytest.raises(CorruptArtifactError, match="not a table of scores"):
        load_model_prediction(workspace, records, "gru")


def test_an_unknown_model_is_named_with_those_that_are_known(workspace, scores):
    records = records_of(workspace, pickle.dumps(scores))
    with pytest.raises(MissingArtifactError, match=r"'lstm' has not(.|\n)*records of 'gru'"):
        load_model_prediction(workspace, records, "lstm")


def test_a_record_without_a_hash_falls_back_to_the_csv(workspace, scores):
    records = records_of(workspace, pickle.dumps(Bomb()))
    old = replace(records.model_records["gru"], prediction_sha256=None)
    store_prediction(workspace, "gru", anchor=ANCHOR, scores=scores)
    found = load_model_prediction(workspace, replace(records, model_records={"gru": old}), "gru")
    pd.testing.assert_series_equal(scores, found, check_index_type=False)


def panel_of(workspace, records: TrainRecords, *, synthetic_market: str | None = None):
    return load_model_panel(
        workspace,
        records,
        model="gru",
        records_file=workspace.root / "latest_train_records.json",
        synthetic_market=synthetic_market,
    )


def on_market(records: TrainRecords, label: str) -> TrainRecords:
    return replace(
        records, model_records={"gru": replace(records.model_records["gru"], market_label=label)}
    )


@pytest.mark.parametrize(
    ("label", "synthetic_market"),
    [("", None), ("", "synth 7"), ("synth 7", "synth 7"), ("a", None)],
)
def test_the_panel_of_a_model(workspace, scores, label, synthetic_market):
    records = on_market(records_of(workspace, pickle.dumps(scores)), label)
    panel = panel_of(workspace, records, synthetic_market=synthetic_market)
    np.testing.assert_array_equal(scores.to_numpy().reshape(2, 2), panel.scores)


def test_a_panel_of_another_synthetic_market_is_stale(workspace, scores):
    records = on_market(records_of(workspace, pickle.dumps(scores)), "synth 7")
    with pytest.raises(StaleArtifactError, match=r"other market(.|\n)*predict --models gru"):
        panel_of(workspace, records, synthetic_market="synth 8")


@pytest.mark.parametrize(
    ("day", "error", "message"),
    [
        (5, CorruptArtifactError, "beyond their anchor"),
        (9, StaleArtifactError, "before the anchor"),
    ],
)
def test_a_panel_ends_at_the_anchor(  # noqa: PLR0917 - fixtures and cases
    workspace, scores, day, error, message
):
    records = records_of(workspace, pickle.dumps(scores))
    with pytest.raises(error, match=message):
        panel_of(workspace, replace(records, anchor_date=date(2026, 2, day)))


def test_the_hash_of_a_prediction(workspace, scores):
    content = pickle.dumps(scores)
    record = records_of(workspace, content).model_records["gru"]
    expected = hashlib.sha256(content).hexdigest()
    assert expected == prediction_sha256(workspace, record, model="gru")


def test_the_hash_of_an_older_prediction_is_that_of_its_csv(workspace, scores):
    written = store_prediction(workspace, "gru", anchor=ANCHOR, scores=scores)
    old = replace(records_of(workspace, b"").model_records["gru"], prediction_sha256=None)
    expected = hashlib.sha256(written.path.read_bytes()).hexdigest()
    assert expected == prediction_sha256(workspace, old, model="gru")

from __future__ import annotations

import json
from datetime import date

import pytest

from quantpits.errors import CorruptArtifactError, MissingArtifactError
from quantpits.records import PredictionMeta, meta_path, read_prediction_meta, store_prediction

ANCHOR = date(2026, 2, 6)
MODEL = '{"schema_version": 1, "label": "a", "kind": "model", "anchor_date": "2026-02-06"}'


def provenance(**facts) -> PredictionMeta:
    return PredictionMeta(
        **{
            "label": "ensemble",
            "kind": "ensemble",
            "anchor_date": ANCHOR,
            "models": ("gru", "mlp"),
            "weights": {"gru": 0.5, "mlp": 0.5},
            "method": "equal",
            "combo": "main",
            "is_default": True,
            "inputs": {"gru": "00"},
            "market_label": "synthetic",
            "trained_at": {"gru": ANCHOR, "mlp": None},
            **facts,
        }
    )


def test_meta_lies_beside_its_csv(tmp_path):
    csv = tmp_path / "ensemble_main_2026-02-06.csv"
    assert tmp_path / "ensemble_main_2026-02-06.meta.json" == meta_path(csv)


def test_meta_reads_back_with_hash_and_dates_filled_in(workspace, scores):
    csv = store_prediction(
        workspace, "ensemble", anchor=ANCHOR, scores=scores, meta=provenance()
    ).path
    meta = read_prediction_meta(csv)
    assert len(meta.csv_sha256) == 64
    expected = provenance(
        csv_sha256=meta.csv_sha256, first_date=date(2026, 2, 5), last_date=date(2026, 2, 6)
    )
    assert expected == meta


def test_meta_names_models_that_are_missing(workspace, scores):
    missing = {"lin": "The model 'lin' has not been trained."}
    meta = provenance(missing_models=missing)
    csv = store_prediction(workspace, "ensemble", anchor=ANCHOR, scores=scores, meta=meta).path
    assert missing == read_prediction_meta(csv).missing_models


def test_meta_states_its_schema_version(workspace, scores):
    csv = store_prediction(
        workspace, "ensemble", anchor=ANCHOR, scores=scores, meta=provenance()
    ).path
    assert json.loads(meta_path(csv).read_text("utf-8"))["schema_version"] == 1


def test_an_edited_csv_is_refused(workspace, scores):
    csv = store_prediction(
        workspace, "ensemble", anchor=ANCHOR, scores=scores, meta=provenance()
    ).path
    csv.write_text(csv.read_text("utf-8").replace("3.0", "4.0"), "utf-8")
    with pytest.raises(CorruptArtifactError, match=r"edited, or a run was cut short"):
        read_prediction_meta(csv)


def test_missing_meta_or_csv_is_named(workspace, scores):
    csv = store_prediction(workspace, "ensemble", anchor=ANCHOR, scores=scores).path
    with pytest.raises(MissingArtifactError, match=r"where: .*ensemble_2026-02-06\.meta\.json"):
        read_prediction_meta(csv)
    csv.unlink()
    with pytest.raises(MissingArtifactError, match=r"where: .*ensemble_2026-02-06\.csv"):
        read_prediction_meta(csv)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "whole file"),
        ("[1]", "whole file"),
        ('{"schema_version": 2}', "schema_version 2, known is 1"),
        (MODEL.replace("model", "guess"), "kind"),
        (MODEL.replace("}", ', "x": 1}'), "x"),
    ],
)
def test_a_wrong_meta_is_refused_with_the_place(workspace, scores, text, message):
    csv = store_prediction(
        workspace, "ensemble", anchor=ANCHOR, scores=scores, meta=provenance()
    ).path
    meta_path(csv).write_text(text, "utf-8")
    with pytest.raises(CorruptArtifactError, match=message):
        read_prediction_meta(csv)

"""What a fusion writes: names, bytes, and what reads back."""

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from quantpits.errors import CorruptArtifactError, MissingArtifactError
from quantpits.fusion.compute import Fusion
from quantpits.fusion.files import (
    Provenance,
    fusion_config,
    read_fusion_config,
    write_fusion,
    write_fusion_manifest,
)
from quantpits.fusion.plan import ComboPlan
from quantpits.records import read_prediction_csv, read_prediction_meta
from quantpits.signals import ScorePanel, panel_to_series
from quantpits.workspace import read_manifest

ANCHOR = date(2026, 1, 30)
PROVENANCE = Provenance(
    anchor=ANCHOR,
    experiment_name="Prod_Train_WEEK",
    market_label="synthetic, seed 1",
    window="full",
    frequency="week",
    conventions=("Figures: net of all costs",),
    icir={"gru": 0.123456, "mlp": None},
    inputs={"gru": "a" * 64, "mlp": "b" * 64},
    run_ids={"gru": "run_gru", "mlp": "run_mlp"},
    trained_at={"gru": ANCHOR, "mlp": None},
)


def fusion_of(correlation=((1.0, 1 / 3), (1 / 3, 1.0)), missing=None, daily_weights=None, **plan):
    values = {
        "label": "ensemble_A",
        "combo": "A",
        "models": ("gru", "mlp"),
        "method": "manual",
        "is_default": True,
        "is_tradable": True,
    }
    dates = np.array(["2026-01-23", "2026-01-30"], dtype="datetime64[D]")
    return Fusion(
        plan=ComboPlan(**{**values, **plan}),
        models=("gru", "mlp"),
        weights={"gru": 2 / 3, "mlp": 1 / 3},
        missing=missing or {},
        correlation=np.array(correlation),
        panel=panel_of(dates),
        equal=panel_of(dates),
        findings=(),
        daily_weights=daily_weights,
    )


def panel_of(dates):
    return ScorePanel(dates, ("SH600000", "SZ000001"), np.array([[0.1, -0.1], [np.nan, 1 / 3]]))


def write(lab, fusion):
    """Write a fusion and its manifest, as the step does at the beginning and the end."""
    written = write_fusion(
        lab.workspace, fusion, provenance=PROVENANCE, output_dir=lab.workspace.ensemble_dir
    )
    path, is_new = write_fusion_manifest(
        lab.workspace, fusion, provenance=PROVENANCE, outputs=written.outputs
    )
    return replace(written, outputs=(*written.outputs, path), changed=written.changed or is_new)


def test_write_fusion_of_the_default_combo_writes_both_names(lab):
    written = write(lab, fusion_of())
    expected = [
        "output/ensemble/correlation_matrix_2026-01-30.csv",
        "output/ensemble/correlation_matrix_A_2026-01-30.csv",
        "output/ensemble/ensemble_fusion_config_2026-01-30.json",
        "output/ensemble/ensemble_fusion_config_A_2026-01-30.json",
        "output/manifests/fusion_ensemble_A_2026-01-30.json",
        "output/predictions/ensemble_2026-01-30.csv",
        "output/predictions/ensemble_2026-01-30.meta.json",
        "output/predictions/ensemble_A_2026-01-30.csv",
        "output/predictions/ensemble_A_2026-01-30.meta.json",
    ]
    files = lab.files()
    assert expected == sorted(files)
    assert expected == sorted(lab.workspace.relative(path) for path in written.outputs)
    assert files[expected[5]] == files[expected[7]]
    assert files[expected[0]] == files[expected[1]]
    assert files[expected[2]] == files[expected[3]]


def test_write_fusion_of_another_combo_leaves_the_plain_name_alone(lab):
    write(lab, fusion_of(label="ensemble_B", combo="B", is_default=False, is_tradable=False))
    assert [
        "output/ensemble/correlation_matrix_B_2026-01-30.csv",
        "output/ensemble/ensemble_fusion_config_B_2026-01-30.json",
        "output/manifests/fusion_ensemble_B_2026-01-30.json",
        "output/predictions/ensemble_B_2026-01-30.csv",
        "output/predictions/ensemble_B_2026-01-30.meta.json",
    ] == sorted(lab.files())


def test_write_fusion_of_published_models_has_the_plain_name_only(lab):
    write(lab, fusion_of(label="ensemble", combo=None, is_default=False))
    assert [
        "output/ensemble/correlation_matrix_2026-01-30.csv",
        "output/ensemble/ensemble_fusion_config_2026-01-30.json",
        "output/manifests/fusion_ensemble_2026-01-30.json",
        "output/predictions/ensemble_2026-01-30.csv",
        "output/predictions/ensemble_2026-01-30.meta.json",
    ] == sorted(lab.files())


def test_write_fusion_twice_changes_nothing(lab):
    first = write(lab, fusion_of())
    before = lab.files()
    second = write(lab, fusion_of())
    assert (True, False) == (first.changed, second.changed)
    assert (True, False) == (first.csv_changed, second.csv_changed)
    assert before == lab.files()


@pytest.mark.parametrize("lost", ["predictions/ensemble", "ensemble/correlation", "manifests/"])
def test_write_fusion_completes_what_a_killed_run_left_out(lab, lost):
    write(lab, fusion_of())
    before = lab.files()
    for path in [lab.workspace.root / name for name in before if lost in name]:
        path.unlink()
    assert write(lab, fusion_of()).changed
    assert before == lab.files()


def test_write_fusion_prediction_reads_back_exactly(lab):
    fusion = fusion_of()
    write(lab, fusion)
    pd.testing.assert_series_equal(
        panel_to_series(fusion.panel),
        read_prediction_csv(lab.prediction("ensemble")),
        check_index_type=False,
        check_exact=True,
    )


def test_write_fusion_says_where_the_prediction_comes_from(lab):
    written = write(lab, fusion_of())
    meta = read_prediction_meta(lab.prediction("ensemble"))
    assert ("ensemble", "ensemble", "A", True) == (
        meta.label,
        meta.kind,
        meta.combo,
        meta.is_default,
    )
    assert (("gru", "mlp"), "manual") == (meta.models, meta.method)
    assert {"gru": 2 / 3, "mlp": 1 / 3} == meta.weights
    assert {"gru": "a" * 64, "mlp": "b" * 64} == meta.inputs
    assert {"gru": ANCHOR, "mlp": None} == meta.trained_at
    assert written.csv_sha256 == meta.csv_sha256
    assert "synthetic, seed 1" == meta.market_label
    assert "ensemble_A" == read_prediction_meta(lab.prediction("ensemble_A")).label


def test_write_fusion_says_in_every_file_what_is_missing(lab):
    write(lab, fusion_of(missing={"lin": "The model 'lin' has not been trained."}))
    meta = read_prediction_meta(lab.prediction("ensemble"))
    assert "manual, without lin" == meta.method
    assert {"lin": "The model 'lin' has not been trained."} == meta.missing_models
    content = read_fusion_config(
        lab.workspace.ensemble_dir / f"ensemble_fusion_config_A_{ANCHOR}.json"
    )
    assert {"lin": "The model 'lin' has not been trained."} == content.missing_models
    manifest = read_manifest(lab.workspace, f"fusion_ensemble_A_{ANCHOR}")
    assert ["lin"] == list(manifest.config["missing_models"])


def test_write_fusion_correlation_is_a_square_with_an_empty_corner(lab):
    write(lab, fusion_of(correlation=((1.0, np.nan), (np.nan, np.nan))))
    path = lab.workspace.ensemble_dir / f"correlation_matrix_{ANCHOR}.csv"
    assert ",gru,mlp\ngru,1.0,\nmlp,,\n" == path.read_text()


def test_write_fusion_correlation_is_rounded_beyond_what_machines_differ_in(lab):
    write(lab, fusion_of())
    path = lab.workspace.ensemble_dir / f"correlation_matrix_{ANCHOR}.csv"
    assert ",gru,mlp\ngru,1.0,0.3333333333\nmlp,0.3333333333,1.0\n" == path.read_text()


def test_fusion_config_keeps_the_keys_of_the_earlier_system(lab):
    write(lab, fusion_of())
    path = lab.workspace.ensemble_dir / f"ensemble_fusion_config_{ANCHOR}.json"
    content = json.loads(path.read_text())
    assert {
        "anchor_date": "2026-01-30",
        "experiment_name": "Prod_Train_WEEK",
        "weight_mode": "manual",
        "models_used": ["gru", "mlp"],
        "model_metrics": {"gru": 0.1235, "mlp": None},
        "combo_name": "A",
        "is_default": True,
        "static_weights": {"gru": 0.6667, "mlp": 0.3333},
    }.items() <= content.items()
    assert "generated_at" not in content


def test_fusion_config_of_weights_that_change_names_the_last_and_no_static_ones(lab):
    daily = np.array([[0.5, 0.5], [2 / 3, 1 / 3]])
    write(lab, fusion_of(daily_weights=daily, method="dynamic"))
    path = lab.workspace.ensemble_dir / f"ensemble_fusion_config_{ANCHOR}.json"
    content = json.loads(path.read_text())
    assert "static_weights" not in content
    assert {"gru": 2 / 3, "mlp": 1 / 3} == content["weights"]
    assert "week" == content["frequency"]
    assert read_fusion_config(path).static_weights is None
    assert {} == read_prediction_meta(lab.prediction("ensemble")).weights


def test_fusion_config_names_the_conventions_of_the_backtest(lab):
    write(lab, fusion_of())
    path = lab.workspace.ensemble_dir / f"ensemble_fusion_config_{ANCHOR}.json"
    assert ["Figures: net of all costs"] == json.loads(path.read_text())["conventions"]


def test_fusion_config_reads_back(lab):
    fusion = fusion_of()
    write(lab, fusion)
    path = lab.workspace.ensemble_dir / f"ensemble_fusion_config_{ANCHOR}.json"
    assert fusion_config(fusion, PROVENANCE) == read_fusion_config(path)


def test_read_fusion_config_without_a_file(lab):
    with pytest.raises(MissingArtifactError, match="no such fusion configuration"):
        read_fusion_config(lab.workspace.ensemble_dir / "none.json")


@pytest.mark.parametrize(
    ("content", "place"), [("{", "whole file"), ('{"schema_version": 2}', "schema_version")]
)
def test_read_fusion_config_refuses_another_schema(lab, content, place):
    path = lab.workspace.root / "config.json"
    path.write_text(content)
    with pytest.raises(CorruptArtifactError, match=place):
        read_fusion_config(path)


def test_manifest_names_inputs_outputs_and_runs(lab):
    write(lab, fusion_of())
    manifest = read_manifest(lab.workspace, f"fusion_ensemble_A_{ANCHOR}")
    assert {"gru": "a" * 64, "mlp": "b" * 64} == manifest.inputs
    assert {"run_ids": {"gru": "run_gru", "mlp": "run_mlp"}} == manifest.extra
    assert "output/predictions/ensemble_2026-01-30.csv" in manifest.outputs

"""Loading predictions; whole searches with stale ones are in test_step."""

from __future__ import annotations

import shutil

import pytest

from quantpits.errors import CorruptArtifactError, MissingArtifactError, StaleArtifactError
from quantpits.search.predictions import load_predictions, read_basis
from tests.search.search_lab import ANCHOR, MODELS


def test_every_model_is_read_by_its_hash(made_lab):
    basis = read_basis(made_lab.workspace, None)
    found = load_predictions(made_lab.workspace, basis, models=MODELS[::-1])
    assert MODELS == tuple(found.panels)
    record = basis.records.model_records["bo"]
    assert record.prediction_sha256 == found.inputs["bo"]
    assert ANCHOR == basis.anchor == found.dates[-1].item()
    assert tuple(sorted(made_lab.names)) == found.instruments


def test_predictions_beyond_the_anchor_are_refused(search_lab):
    workspace = search_lab.workspace
    search_lab.add_model("bo", search_lab.scores(1), anchor=ANCHOR)
    text = workspace.records_path.read_text().replace("2021-03-31", "2021-03-24")
    workspace.records_path.write_text(text)
    with pytest.raises(CorruptArtifactError, match="go beyond the anchor"):
        load_predictions(workspace, read_basis(workspace, None), models=("bo",))


def test_a_missing_prediction_keeps_its_class(search_lab):
    workspace = search_lab.workspace
    (workspace.root / "mlruns/artifacts/ada/pred.pkl").unlink()
    basis = read_basis(workspace, None)
    with pytest.raises(MissingArtifactError, match="cannot use 'ada'") as caught:
        load_predictions(workspace, basis, models=("ada", "bo"))
    assert "--allow-missing" in caught.value.hint
    with pytest.raises(MissingArtifactError, match="cannot use 'ada'") as caught:
        load_predictions(workspace, basis, models=("ada",), allow_missing=True)
    assert "--allow-missing" not in caught.value.hint


def test_a_record_without_a_hash_is_read_from_the_csv(search_lab):
    workspace = search_lab.workspace
    text = workspace.records_path.read_text()
    before = read_basis(workspace, None).records.model_records["ada"].prediction_sha256
    workspace.records_path.write_text(text.replace(f'"{before}"', "null"))
    folder = workspace.predictions_dir
    folder.mkdir(parents=True)
    search_lab.scores(0).rename("0").to_csv(folder / f"ada_{ANCHOR}.csv")
    found = load_predictions(workspace, read_basis(workspace, None), models=("ada",))
    assert before != found.inputs["ada"]
    assert 64 == len(found.inputs["ada"])


def test_models_of_another_synthetic_market_are_stale(search_lab, search_market):
    workspace = search_lab.workspace
    shutil.copytree(search_market, workspace.market_dir)
    search_lab.config("market.yaml", "provider: synthetic\n")
    text = workspace.records_path.read_text()
    workspace.records_path.write_text(text.replace('"market_label": ""', '"market_label": "x"'))
    with pytest.raises(StaleArtifactError, match="was run on other market data"):
        load_predictions(workspace, read_basis(workspace, None), models=("ada",))

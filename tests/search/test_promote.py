"""From a row of a search to a combo of the configuration."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from quantpits.errors import ConfigError, MissingArtifactError, StaleArtifactError, UsageError
from quantpits.search import PromoteRequest, SearchRequest
from quantpits.search.files import read_results
from quantpits.search.promote import run as promote
from quantpits.search.step import run
from tests.search.search_lab import ANCHOR

FIRST = PromoteRequest(rank=1)
RESULTS = f"output/brute_force_fast/brute_force_fast_results_{ANCHOR}.csv"


@pytest.fixture
def searched(search_lab):
    search_lab.combos_file()
    run(search_lab.workspace, SearchRequest(skip_analysis=True))
    return search_lab


def config_of(lab):
    return json.loads((lab.workspace.config_dir / "ensemble_config.json").read_text())


def best_of(lab, place=0):
    return read_results(lab.workspace.root / RESULTS).combos[place]


def test_the_best_becomes_a_combo_and_everything_else_stays(searched):
    before = (searched.workspace.config_dir / "ensemble_config.json").read_bytes()
    report = promote(searched.workspace, FIRST)
    found = config_of(searched)
    assert ["base", "search_1"] == list(found["combos"])
    assert list(best_of(searched)) == found["combos"]["search_1"]["models"]
    assert (False, 0.0) == (found["combos"]["search_1"]["default"], found["min_model_ic"])
    assert "Row 1 of 31 searched; at 2021-03-31" in found["combos"]["search_1"]["description"]
    _, copy = report.outputs
    assert before == copy.read_bytes()
    assert searched.workspace.ensemble_config().default_combo == "base"
    again = promote(searched.workspace, FIRST)
    assert (False, ()) == (again.changed, again.outputs)


def test_the_layout_of_the_file_stays(searched):
    path = searched.workspace.config_dir / "ensemble_config.json"
    head = '{\n  "combos": {\n    "base": {\n      "models": ["ada", "bo"],\n'
    text = head + '      "default": true\n    }\n  }\n}\n'
    path.write_text(text)
    promote(searched.workspace, FIRST)
    added = path.read_text().splitlines()
    assert text.splitlines()[:5] == added[:5]
    assert '      "models": ["' in path.read_text().partition("search_1")[2]
    assert all(line.startswith("  ") or line in "{}" for line in added)


def test_the_default_moves(searched):
    report = promote(searched.workspace, replace(FIRST, rank=3, name="new", default=True))
    assert report.is_default
    assert "new" == searched.workspace.ensemble_config().default_combo
    assert not config_of(searched)["combos"]["base"]["default"]


def test_a_combo_is_chosen_by_its_models_in_any_order(searched):
    report = promote(searched.workspace, PromoteRequest(models=("eve", "ada"), name="pair"))
    assert ("ada", "eve") == report.models
    assert best_of(searched, report.rank - 1) == report.models


def test_without_a_configuration_the_combo_is_its_default(searched):
    path = searched.workspace.config_dir / "ensemble_config.json"
    path.unlink()
    report = promote(searched.workspace, FIRST)
    assert report.is_default
    assert [path] == list(report.outputs)
    assert "SEA012" in {finding.code for finding in report.findings}


def test_the_older_flat_form_becomes_combos(searched):
    searched.config(
        "ensemble_config.json",
        {"models": ["ada", "bo"], "ensemble_method": "equal", "use_ensemble": True},
    )
    promote(searched.workspace, FIRST)
    config = searched.workspace.ensemble_config()
    assert ["legacy", "search_1"] == list(config.combos)
    assert "legacy" == config.default_combo


def test_a_dry_run_writes_nothing(searched):
    before = config_of(searched)
    report = promote(searched.workspace, replace(FIRST, dry_run=True))
    assert (True, ()) == (report.changed, report.outputs)
    assert before == config_of(searched)


def test_another_combo_of_that_name_is_not_replaced_unasked(searched):
    with pytest.raises(UsageError, match="There is a combo 'base' of other models"):
        promote(searched.workspace, replace(FIRST, rank=31, name="base"))
    report = promote(searched.workspace, replace(FIRST, rank=31, name="base", replace=True))
    assert report.is_default, "it stays what orders follow"


@pytest.mark.parametrize(
    "wrong", [PromoteRequest(rank=32), PromoteRequest(models=("ada", "nobody"))]
)
def test_a_row_that_is_not_there(searched, wrong):
    with pytest.raises(UsageError, match="hold no such combo"):
        promote(searched.workspace, wrong)


def test_a_row_of_another_state_is_refused_unless_forced(searched):
    best = best_of(searched)
    searched.add_model(best[0], searched.scores(123))
    with pytest.raises(StaleArtifactError, match="other predictions now"):
        promote(searched.workspace, FIRST)
    report = promote(searched.workspace, replace(FIRST, force=True))
    assert "SEA011" in {finding.code for finding in report.findings}


def test_a_row_of_another_anchor_is_refused(searched):
    path = searched.workspace.records_path
    path.write_text(path.read_text().replace("2021-03-31", "2021-03-30"))
    with pytest.raises(MissingArtifactError, match="no such results file"):
        promote(searched.workspace, FIRST)
    with pytest.raises(StaleArtifactError, match="searched at 2021-03-31"):
        promote(searched.workspace, replace(FIRST, results=RESULTS))


def test_an_edited_or_undescribed_file_is_refused(searched):
    path = searched.workspace.root / RESULTS
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(StaleArtifactError, match="changed after it was written"):
        promote(searched.workspace, FIRST)
    path.with_suffix(".meta.json").unlink()
    with pytest.raises(StaleArtifactError, match="nothing beside the file"):
        promote(searched.workspace, FIRST)


def test_models_without_a_record_cannot_be_promoted(searched):
    path = searched.workspace.root / "mine.csv"
    path.write_text("models\nghost\n")
    with pytest.raises(UsageError, match="models that have no record"):
        promote(searched.workspace, replace(FIRST, results="mine.csv", force=True))


def test_a_wrong_name_or_configuration_is_refused(searched):
    with pytest.raises(ConfigError, match="must not contain a date"):
        promote(searched.workspace, replace(FIRST, name="best_2021-03-31"))
    searched.config("ensemble_config.json", '{"combos": {}}')
    with pytest.raises(ConfigError, match="combos"):
        promote(searched.workspace, FIRST)


def test_the_confirmed_results_come_first_and_the_leaderboard_works_too(searched):
    request = SearchRequest(kind="exact", max_combo_size=2, min_combo_size=2, confirm=0, top_n=4)
    run(searched.workspace, request)
    assert "brute_force/" in promote(searched.workspace, FIRST).source
    board = replace(FIRST, rank=2, results="output/brute_force/leaderboard.csv")
    report = promote(searched.workspace, board)
    assert 2 == report.rank
    assert "of 10 searched" in report.description

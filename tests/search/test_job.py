"""Everything a search needs, read before anything is computed."""

from __future__ import annotations

from datetime import date

import pytest

from quantpits.errors import ConfigError, MissingArtifactError, UsageError
from quantpits.search import SearchRequest
from quantpits.search.job import load_job, output_folder, restored


def test_what_decides_the_results_is_in_the_identity(made_lab):
    job = load_job(made_lab.workspace, SearchRequest())
    run = job.stored_run
    assert ["ada", "bo", "cy", "dee", "eve"] == list(run.identity["predictions"])
    assert {"anchor", "engine", "combos", "window", "frequency", "cost_rate", "columns"} < set(
        run.identity
    )
    assert 12 == len(run.identity["engine"]["code"]), "a digest of the simulator"
    assert job.setting.fingerprint in run.identity.values()
    assert run.identity == load_job(made_lab.workspace, SearchRequest()).stored_run.identity
    assert "31 combos of 5 models" in run.title


def test_a_request_is_restored_from_what_was_asked(made_lab):
    request = SearchRequest(
        max_combo_size=2, models=("ada", "bo", "cy"), end_date=date(2021, 1, 29), cost_rate=0.001
    )
    asked = load_job(made_lab.workspace, request).stored_run.asked
    again = restored(SearchRequest(analysis_only=True), asked)
    assert (2, ("ada", "bo", "cy"), date(2021, 1, 29), 0.001, True) == (
        again.max_combo_size,
        again.models,
        again.end_date,
        again.cost_rate,
        again.analysis_only,
    )
    assert restored(SearchRequest(end_date=date(2021, 1, 29)), asked).end_date == request.end_date
    with pytest.raises(UsageError, match="was of something else") as caught:
        restored(SearchRequest(freq="day"), asked)
    assert "--freq" == caught.value.where


def test_candidates_come_from_a_results_file(search_lab):
    path = search_lab.workspace.root / "mine.csv"
    path.write_text('rank,models\n1,"eve,ada"\n2,bo\n3,cy\n')
    request = SearchRequest(kind="exact", candidates="mine.csv", top=2)
    job = load_job(search_lab.workspace, request)
    assert ["ada,eve", "bo"] == job.combos.labels()
    assert ("ada", "bo", "eve") == job.combos.models
    assert (3, {"SEA013"}) == (job.n_trials, {f.code for f in job.findings if "SEA" in f.code})
    with pytest.raises(MissingArtifactError, match="no such results file"):
        load_job(search_lab.workspace, SearchRequest(candidates="other.csv"))


def test_groups_of_another_file(search_lab):
    (search_lab.workspace.root / "g.yaml").write_text("groups: {x: [ada, bo], y: [cy]}")
    request = SearchRequest(use_groups=True, group_config="g.yaml")
    job = load_job(search_lab.workspace, request)
    assert ["ada", "bo", "cy", "ada,cy", "bo,cy"] == job.combos.labels()
    with pytest.raises(ConfigError, match=r"nowhere.yaml: this file cannot be read"):
        load_job(search_lab.workspace, SearchRequest(use_groups=True, group_config="nowhere.yaml"))
    with pytest.raises(ConfigError, match=r"combo_groups.yaml: this file is required and missing"):
        load_job(search_lab.workspace, SearchRequest(use_groups=True))


def test_each_kind_has_its_folder(made_lab):
    workspace = made_lab.workspace
    assert "brute_force_fast" == output_folder(workspace, SearchRequest()).name
    assert "brute_force" == output_folder(workspace, SearchRequest(kind="exact")).name
    other = output_folder(workspace, SearchRequest(output_dir="output/mine"))
    assert workspace.output_dir / "mine" == other

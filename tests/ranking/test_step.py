"""The step in a temporary workspace: what is listed, what is refused, what never changes."""

import dataclasses
from datetime import date, timedelta

import pytest

from quantpits.errors import (
    CorruptArtifactError,
    MissingArtifactError,
    StaleArtifactError,
    UsageError,
)
from quantpits.ranking import RankRequest
from quantpits.ranking.step import run
from quantpits.workspace import Workspace

SESSION = date(2026, 1, 30)
SCORES = {"SH600000": 1.0, "SH600001": 3.0, "SZ000001": 2.0}


def rank(lab, **request):
    return run(lab.workspace, RankRequest(**request))


def rows(path):
    return path.read_text("utf-8-sig").splitlines()[1:]


def test_rank_lists_what_orders_follow(lab):
    lab.add_prediction("ensemble", SCORES)
    report = rank(lab)
    path = lab.ranking("default")
    assert (path,) == report.outputs
    assert ["SH600001,100.00", "SZ000001,0.00", "SH600000,-100.00"] == rows(path)
    (ranked,) = report.lists
    assert ("default", SESSION, 3, 3) == (
        ranked.label,
        ranked.data_date,
        ranked.n_scored,
        ranked.n_listed,
    )
    assert report.changed
    assert () == report.findings


def test_rank_lists_the_last_date_only(lab):
    lab.add_prediction("ensemble", SCORES)
    rank(lab, top_n=1)
    assert ["SH600001,100.00"] == rows(lab.ranking("default", top_n=1))


def test_rank_leaves_out_who_is_not_scored_on_the_last_date(lab):
    path = lab.add_prediction("ensemble", SCORES, has_meta=False)
    lines = [line for line in path.read_text().splitlines() if f"{SESSION},SZ" not in line]
    path.write_text("\n".join(lines) + "\n")
    report = rank(lab)
    assert 2 == report.lists[0].n_scored
    assert ["RNK002"] == [finding.code for finding in report.findings]


def test_rank_lists_a_combo_by_its_exact_name(lab):
    # Fault 29: ensemble_A_* also matched the combo A_B.
    lab.add_prediction("ensemble_A", SCORES)
    lab.add_prediction("ensemble_A_B", {name: -score for name, score in SCORES.items()})
    rank(lab, combo="A")
    assert "SH600001,100.00" == rows(lab.ranking("A"))[0]
    assert not lab.ranking("A_B").exists()


def test_rank_lists_every_enabled_combo(lab):
    lab.add_prediction("ensemble_A", SCORES)
    lab.add_prediction("ensemble_A_B", SCORES)
    report = rank(lab, all_combos=True, combo="A")
    assert ["A", "A_B"] == [ranked.label for ranked in report.lists]
    assert ["RNK004"] == [finding.code for finding in report.findings]
    assert "--combo has no effect beside --all-combos" == report.findings[0].message


def test_rank_of_all_combos_says_which_are_missing_or_stale(lab):
    lab.add_prediction("ensemble_A_B", SCORES)
    report = rank(lab, all_combos=True)
    assert ["A_B"] == [ranked.label for ranked in report.lists]
    (finding,) = report.findings
    assert ("RNK001", "warning", "A") == (finding.code, finding.severity, finding.subject)
    before = SESSION - timedelta(days=7)
    lab.add_prediction("ensemble_A", SCORES, anchor=before, last=before)
    (finding,) = rank(lab, all_combos=True).findings
    assert f"the latest was made on {before}" in finding.message


def test_rank_of_all_combos_wants_at_least_one(lab):
    with pytest.raises(MissingArtifactError, match="None of the combos") as caught:
        rank(lab, all_combos=True)
    assert 3 == caught.value.exit_code


def test_rank_of_a_file_inside_the_workspace(lab):
    path = lab.add_prediction("mine", SCORES, has_meta=False)
    report = rank(lab, prediction_file=lab.workspace.relative(path), all_combos=True)
    assert (lab.ranking("custom"),) == report.outputs
    assert path == report.lists[0].source


def test_rank_of_a_file_elsewhere(lab, tmp_path):
    path = lab.add_prediction("mine", SCORES, has_meta=False)
    other = path.rename(tmp_path / "mine.csv")
    assert other == rank(lab, prediction_file=str(other)).lists[0].source


def test_rank_of_a_file_that_is_not_there(lab):
    with pytest.raises(MissingArtifactError, match="no such prediction"):
        rank(lab, prediction_file="none.csv")


def test_rank_writes_where_it_is_told(lab):
    lab.add_prediction("ensemble", SCORES)
    rank(lab, output_dir="shared")
    assert lab.ranking("default", folder="shared").exists()


def test_rank_twice_changes_nothing(lab):
    lab.add_prediction("ensemble", SCORES)
    rank(lab)
    stamp = lab.ranking("default").stat().st_mtime_ns
    assert not rank(lab).changed
    assert stamp == lab.ranking("default").stat().st_mtime_ns


def test_rank_dry_run_writes_nothing(lab):
    lab.add_prediction("ensemble", SCORES)
    report = rank(lab, dry_run=True)
    assert ((), False, True) == (report.outputs, report.changed, report.dry_run)
    assert lab.ranking("default") == report.lists[0].path
    assert not lab.workspace.ranking_dir.exists()


def test_rank_without_a_prediction(lab):
    with pytest.raises(MissingArtifactError, match="no prediction 'ensemble'"):
        rank(lab)


def test_rank_refuses_an_older_prediction(lab):
    before = SESSION - timedelta(days=7)
    lab.add_prediction("ensemble", SCORES, anchor=before, last=before)
    with pytest.raises(StaleArtifactError, match="not one of the market's last session") as caught:
        rank(lab)
    assert (f"one made on {SESSION}", f"the latest was made on {before}") == (
        caught.value.expected,
        caught.value.found,
    )
    assert 3 == caught.value.exit_code


def test_rank_refuses_old_scores_under_a_new_name(lab):
    # Fault 27: the name carried the new anchor, and nobody compared the dates inside.
    lab.add_prediction("ensemble", SCORES, last=SESSION - timedelta(days=7))
    with pytest.raises(StaleArtifactError, match="does not end with the market's last session"):
        rank(lab)


def test_rank_refuses_an_edited_prediction(lab):
    path = lab.add_prediction("ensemble", SCORES)
    path.write_text(path.read_text().replace("3.0", "9.0"))
    with pytest.raises(CorruptArtifactError, match="not the one its provenance describes"):
        rank(lab)


def test_rank_refuses_an_unknown_combo_and_suggests_the_nearest(lab):
    with pytest.raises(UsageError, match="no combo 'A_C'") as caught:
        rank(lab, combo="A_C")
    assert "did you mean 'A_B'?" in caught.value.hint
    with pytest.raises(UsageError, match="there are 'A', 'A_B', 'off'"):
        rank(lab, combo="momentum")


@pytest.mark.parametrize("top_n", [0, -1])
def test_rank_wants_a_length(lab, top_n):
    with pytest.raises(UsageError, match="needs a length"):
        rank(lab, top_n=top_n)


def test_rank_names_a_synthetic_market(lab, monkeypatch):
    lab.add_prediction("ensemble", SCORES)
    real = run.__globals__["resolve_market"]

    def synthetic(workspace: Workspace):
        return dataclasses.replace(real(workspace), is_synthetic=True)

    monkeypatch.setitem(run.__globals__, "resolve_market", synthetic)
    (finding,) = rank(lab).findings
    assert ("RNK003", "info") == (finding.code, finding.severity)
    assert "synthetic" in finding.message


def test_report_becomes_plain_values(lab):
    lab.add_prediction("ensemble", SCORES)
    assert "default" == dataclasses.asdict(rank(lab))["lists"][0]["label"]

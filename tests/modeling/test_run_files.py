"""Dropping the pickles of runs that nothing refers to."""

from __future__ import annotations

import pytest

from quantpits.modeling.run_files import drop_unreferenced
from quantpits.workspace import Workspace

OLD, KEPT = "0" * 31 + "a", "0" * 31 + "b"


@pytest.fixture
def workspace(tmp_path):
    for run in (OLD, KEPT):
        folder = tmp_path / "mlruns" / "artifacts" / run / "artifacts"
        (folder / "sig_analysis").mkdir(parents=True)
        for name in ("model.pkl", "dataset.pkl", "pred.pkl", "label.pkl", "train.log", "task.json"):
            (folder / name).touch()
        (folder / "sig_analysis" / "ic.pkl").touch()
    (tmp_path / "data" / "history").mkdir(parents=True)
    return Workspace(tmp_path)


def names(workspace, run):
    folder = workspace.mlruns_dir / "artifacts" / run
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_pickles_go_and_what_tells_about_the_run_stays(workspace):
    assert (OLD,) == drop_unreferenced(workspace, [OLD])
    assert ["ic.pkl", "task.json", "train.log"] == names(workspace, OLD)
    assert "model.pkl" in names(workspace, KEPT)
    assert () == drop_unreferenced(workspace, [OLD])


@pytest.mark.parametrize(
    "file",
    [
        "latest_train_records.json",
        "data/run_state.json",
        "data/seed_runs.json",
        "data/walk_forward/a.json",
        "data/history/train_records_2026-11-20_120000.json",
    ],
)
def test_a_run_that_is_named_anywhere_is_left_alone(workspace, file):
    path = workspace.root / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(f'{{"model_path": "mlruns/artifacts/{KEPT}/artifacts/model.pkl"}}')
    assert (OLD,) == drop_unreferenced(workspace, [KEPT, OLD])
    assert "model.pkl" in names(workspace, KEPT)


def test_a_file_that_cannot_be_read_may_name_any_run(workspace):
    (workspace.history_dir / "train_records_1.json").write_bytes(b"\xff\xfe\xff")
    assert () == drop_unreferenced(workspace, [OLD])
    assert "model.pkl" in names(workspace, OLD)


def test_only_runs_are_looked_at(workspace):
    outside = workspace.root / "mlruns" / "artifacts" / "x" / "artifacts"
    outside.mkdir(parents=True)
    (outside / "model.pkl").touch()
    assert () == drop_unreferenced(workspace, ["x", "../..", ""])
    assert (outside / "model.pkl").exists()

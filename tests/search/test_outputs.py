"""Writing what a search leaves behind."""

from __future__ import annotations

import numpy as np

from quantpits.search import Confirmation
from quantpits.search.outputs import (
    Outputs,
    earlier_files,
    write_confirmations,
    write_correlation,
)
from quantpits.workspace import Workspace, write_manifest
from tests.search.test_results import results_of


def test_files_are_noted_and_equal_ones_are_not_written_again(tmp_path):
    outputs = Outputs(tmp_path)
    outputs.add_text("report.txt", ["one", "two"])
    outputs.add_table("table.csv", (("a", "b"), [(1, np.nan), (np.float64(0.5), "x")]))
    outputs.add_json("meta.json", {"a": 1})
    outputs.add_bytes("page.html", b"<p>")
    assert b"one\ntwo\n" == (tmp_path / "report.txt").read_bytes()
    assert b"a,b\n1,\n0.5,x\n" == (tmp_path / "table.csv").read_bytes()
    assert ["report.txt", "table.csv", "meta.json", "page.html"] == [
        path.name for path in outputs.paths
    ]
    assert outputs.changed
    again = Outputs(tmp_path)
    again.add_text("report.txt", ["one", "two"])
    assert not again.changed


def test_the_correlation_matrix_has_a_blank_corner(tmp_path):
    write_correlation(Outputs(tmp_path), results_of(("a", "b")))
    (path,) = tmp_path.glob("correlation_matrix_*.csv")
    assert b",a,b\na,1.0,0.0\nb,0.0,1.0\n" == path.read_bytes()


def test_confirmations_are_a_table(tmp_path):
    item = Confirmation(rank=1, models=("a", "b"), deviation=1e-15, where="costs")
    write_confirmations(Outputs(tmp_path), results_of(), confirmations=[item])
    (path,) = tmp_path.glob("qlib_confirmation_*.csv")
    expected = 'rank,models,n_models,deviation,where\n1,"a,b",2,1e-15,costs\n'
    assert expected == path.read_text()


def test_what_an_earlier_run_left_is_known(tmp_path):
    workspace = Workspace(tmp_path)
    folder = tmp_path / "output" / "brute_force_fast"
    before = Outputs(folder)
    for name in ("results.csv", "old.png", "report.html", "gone.png"):
        before.add_text(name, ["x"])
    other = tmp_path / "other.csv"
    other.write_text("mine")
    write_manifest(workspace, "search", inputs={}, outputs=[*before.paths, other])
    (folder / "gone.png").unlink()
    (folder / "notes.txt").write_text("mine")
    (folder / "leaderboard.csv").write_text("of another anchor")
    now = Outputs(folder)
    now.add_text("results.csv", ["x"])
    found = earlier_files(now, workspace, manifest="search")
    assert ["old.png", "report.html", "leaderboard.csv"] == [path.name for path in found]
    unknown = earlier_files(now, workspace, manifest="no such run")
    assert ["leaderboard.csv", "report.html"] == [path.name for path in unknown]

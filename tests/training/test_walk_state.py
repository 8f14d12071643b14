"""The finished folds of a model."""

from __future__ import annotations

from datetime import date

import pytest

from quantpits.errors import CorruptArtifactError
from quantpits.records import ModelRecord
from quantpits.training.walk_state import FoldRun, folds_path, read_folds, write_folds
from quantpits.workspace import Workspace


def test_folds_are_kept_in_the_order_of_their_dates(tmp_path):
    workspace = Workspace(tmp_path)
    record = ModelRecord(experiment="E", run_id="r", anchor_date=date(2026, 2, 6))
    folds = {start: FoldRun(content=None, record=record) for start in ("2026-02-02", "2026-01-05")}
    assert {} == read_folds(workspace, "a")
    assert write_folds(workspace, "a", folds=folds)
    assert not write_folds(workspace, "a", folds=folds)
    assert folds == read_folds(workspace, "a")
    assert ["2026-01-05", "2026-02-02"] == list(read_folds(workspace, "a"))


def test_a_damaged_file_is_named(tmp_path):
    path = folds_path(Workspace(tmp_path), "a")
    path.parent.mkdir(parents=True)
    path.write_text("[]")
    with pytest.raises(CorruptArtifactError, match="The folds of the model 'a'"):
        read_folds(Workspace(tmp_path), "a")

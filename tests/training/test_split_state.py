"""The fitted splits of an evaluation."""

from __future__ import annotations

import pytest

from quantpits.errors import CorruptArtifactError
from quantpits.training.split_state import (
    SplitRun,
    SplitState,
    read_splits,
    splits_path,
    write_splits,
)
from quantpits.workspace import Workspace


def test_splits_of_another_evaluation_do_not_count(tmp_path):
    workspace = Workspace(tmp_path)
    state = SplitState(fingerprint="f", runs={"0": SplitRun(ic={"2026-01-05": 0.5}, rank_ic={})})
    assert SplitState(fingerprint="f") == read_splits(workspace, "a", fingerprint="f")
    assert write_splits(workspace, "a", state=state)
    assert not write_splits(workspace, "a", state=state)
    assert state == read_splits(workspace, "a", fingerprint="f")
    assert {} == read_splits(workspace, "a", fingerprint="other").runs


def test_a_damaged_file_is_named(tmp_path):
    path = splits_path(Workspace(tmp_path), "a")
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    with pytest.raises(CorruptArtifactError, match="The splits of the evaluation 'a'"):
        read_splits(Workspace(tmp_path), "a", fingerprint="f")

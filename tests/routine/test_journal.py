"""The journal: what is finished stays finished only while nothing it stands on has changed."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from quantpits.errors import CorruptArtifactError
from quantpits.routine.journal import (
    JOURNAL,
    Journal,
    JournalEntry,
    inputs_fingerprint,
)
from quantpits.workspace import Workspace
from quantpits.workspace.atomic import sha256_bytes

PREDICT = JournalEntry(step="predict", seconds=1.5, inputs="aa", outputs={"output/a.csv": "11"})
FUSE = JournalEntry(step="fuse", seconds=0.5, inputs="bb", outputs={})
EMPTY = Journal(scenario="B", anchor_date=date(2026, 11, 6), market="cc")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def test_journal_reads_back_as_written(workspace):
    journal = EMPTY.with_entry(PREDICT).with_entry(FUSE)
    JOURNAL.write(workspace, journal)
    assert journal == JOURNAL.read(workspace)


def test_no_journal_is_none(workspace):
    assert JOURNAL.read(workspace) is None


@pytest.mark.parametrize("text", ["", "[1]", '{"scenario": "A"}', '{"scenario": "C"}'])
def test_unreadable_journal_is_refused_with_what_to_do(workspace, text):
    JOURNAL.path(workspace).parent.mkdir()
    JOURNAL.path(workspace).write_text(text, encoding="utf-8")
    with pytest.raises(CorruptArtifactError, match="delete the file"):
        JOURNAL.read(workspace)


def test_entry_replaces_the_older_one_in_its_place():
    journal = EMPTY.with_entry(PREDICT).with_entry(FUSE)
    newer = replace(PREDICT, seconds=9.0)
    assert (newer, FUSE) == journal.with_entry(newer).entries


def test_entry_ends_the_failure():
    failed = replace(EMPTY, failed_step="predict")
    assert failed.with_entry(PREDICT).failed_step is None


def test_entry_is_found_by_step():
    journal = EMPTY.with_entry(PREDICT)
    assert PREDICT == journal.entry("predict")
    assert journal.entry("orders") is None


@pytest.mark.parametrize(
    "other",
    [
        replace(EMPTY, scenario="A"),
        replace(EMPTY, anchor_date=date(2026, 11, 13)),
        replace(EMPTY, market="dd"),
    ],
)
def test_another_scenario_anchor_or_market_is_another_run(other):
    assert EMPTY.is_about(EMPTY.with_entry(PREDICT))
    assert not EMPTY.is_about(other)


def test_entry_is_untouched_while_its_outputs_are(workspace):
    output = workspace.root / "a.csv"
    output.write_bytes(b"1")
    entry = replace(PREDICT, outputs={"a.csv": sha256_bytes(b"1")})
    assert entry.is_untouched(workspace)
    output.write_bytes(b"2")
    assert not entry.is_untouched(workspace)
    output.unlink()
    assert not entry.is_untouched(workspace)


def test_inputs_are_the_names_and_contents_of_the_files(workspace):
    def fingerprint() -> str:
        return inputs_fingerprint(workspace, ["*.json"], previous=None)

    seen = [fingerprint()]
    (workspace.root / "a.json").write_bytes(b"1")
    seen.append(fingerprint())
    (workspace.root / "a.json").write_bytes(b"2")
    seen.append(fingerprint())
    (workspace.root / "a.json").rename(workspace.root / "b.json")
    seen.append(fingerprint())
    assert len(set(seen)) == len(seen)
    (workspace.root / "b.csv").write_bytes(b"other")
    assert seen[-1] == fingerprint()


def test_inputs_include_the_step_before(workspace):
    first = inputs_fingerprint(workspace, [], previous=PREDICT)
    other_output = replace(PREDICT, outputs={"output/a.csv": "22"})
    other_inputs = replace(PREDICT, inputs="zz")
    assert first == inputs_fingerprint(workspace, [], previous=replace(PREDICT, seconds=7.0))
    assert first != inputs_fingerprint(workspace, [], previous=other_output)
    assert first != inputs_fingerprint(workspace, [], previous=other_inputs)
    assert first != inputs_fingerprint(workspace, [], previous=None)


def test_writing_the_same_journal_touches_nothing(workspace):
    JOURNAL.write(workspace, EMPTY.with_entry(PREDICT))
    before = JOURNAL.path(workspace).stat().st_mtime_ns
    JOURNAL.write(workspace, EMPTY.with_entry(PREDICT))
    assert before == JOURNAL.path(workspace).stat().st_mtime_ns

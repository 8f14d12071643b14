"""A state file gives back what was written, or says what to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest

from quantpits.errors import CorruptArtifactError
from quantpits.routine.state_file import StateFile
from quantpits.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Cursor:
    day: date
    done: tuple[str, ...]


CURSOR = StateFile(
    kind=Cursor, name="cursor.json", title="The cursor", writer="cursor move", remedy="move it"
)


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "data").mkdir()
    return Workspace(tmp_path)


def test_a_value_reads_back_as_written(workspace):
    cursor = Cursor(date(2026, 11, 20), ("a", "b"))
    CURSOR.write(workspace, cursor)
    assert cursor == CURSOR.read(workspace)


def test_no_file_is_none(workspace):
    assert CURSOR.read(workspace) is None


def test_equal_content_is_not_written_again(workspace):
    CURSOR.write(workspace, Cursor(date(2026, 11, 20), ()))
    before = CURSOR.path(workspace).stat().st_mtime_ns
    CURSOR.write(workspace, Cursor(date(2026, 11, 20), ()))
    assert before == CURSOR.path(workspace).stat().st_mtime_ns


@pytest.mark.parametrize("text", ["", "{", "[]", '{"day": "soon", "done": []}'])
def test_what_is_not_such_a_value_is_refused_with_what_to_do(workspace, text):
    CURSOR.path(workspace).write_text(text, encoding="utf-8")
    with pytest.raises(CorruptArtifactError, match=r"The cursor cannot be read.*\n.*") as caught:
        CURSOR.read(workspace)
    assert "move it" == caught.value.hint

from __future__ import annotations

from pathlib import Path

import pytest

from quantpits.cli.app import COMMANDS
from quantpits.cli.reference import main, reference_text

PAGE = Path(__file__).resolve().parents[2] / "docs" / "cli.md"


def test_the_page_is_current():
    text = PAGE.read_text("utf-8")
    assert text == reference_text(), "run: python -m quantpits.cli.reference"


@pytest.mark.parametrize("name", [name for name, _, _ in COMMANDS])
def test_every_command_has_its_section(name):
    assert f"\n## quantpits {name}\n\n```text\nUsage: quantpits {name}" in reference_text()


@pytest.mark.parametrize("width", ["20", "200"])
def test_the_terminal_does_not_matter(width, monkeypatch):
    here = reference_text()
    monkeypatch.setenv("COLUMNS", width)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert here == reference_text()
    assert max(map(len, here.splitlines())) <= 110


def test_writing_the_page_twice_changes_nothing(tmp_path, capsys):
    target = tmp_path / "cli.md"
    assert main(target) == 0
    assert main(target) == 0
    assert reference_text() == target.read_text("utf-8")
    assert capsys.readouterr().err.splitlines()[1].endswith("unchanged")

from __future__ import annotations

import io
import sys

import pytest
from rich.console import Console

from quantpits.cli import progress
from quantpits.cli.progress import Bars, progress_for
from quantpits.workspace import SILENT


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_silent_where_nobody_can_see_it(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert progress_for(is_quiet=False) is SILENT


def test_silent_when_asked(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert progress_for(is_quiet=True) is SILENT


def test_bars_on_a_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert isinstance(progress_for(is_quiet=False), Bars)


@pytest.fixture
def screen():
    return Terminal()


@pytest.fixture
def bars(screen):
    return Bars(Console(file=screen, force_terminal=True, width=100, highlight=False))


def test_a_stage_shows_the_time_left(bars, screen):
    with bars.stage("Training", total=4) as advance:
        advance(1, "a")
        advance(1, "b")
    assert "left" in screen.getvalue()


def test_a_stage_shows_its_title_and_note(bars, screen):
    with bars.stage("Training [all]", total=2) as advance:
        advance(note="gru[1]")
        advance(2)
    assert "Training [all]" in screen.getvalue()


def test_a_long_stage_leaves_one_line(bars, screen, monkeypatch):
    monkeypatch.setattr(progress, "_SHOWN_SECONDS", 0.0)
    with bars.stage("Training"):
        pass
    assert "Training: 0 s" in screen.getvalue()


def test_a_stage_within_a_stage_shows_nothing_and_works(bars, screen):
    with bars.stage("Outer") as outer:
        with bars.stage("Inner", total=3) as inner:
            inner(note="x")
        outer()
    assert "Inner" not in screen.getvalue()


def test_bars_work_again_after_a_stage_failed(bars, screen):
    with pytest.raises(KeyError), bars.stage("First"):
        raise KeyError
    with bars.stage("Second"):
        pass
    assert "Second" in screen.getvalue()

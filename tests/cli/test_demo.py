from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from quantpits.cli.app import main
from quantpits.routine.request import DemoRequest


@pytest.fixture
def made(monkeypatch):
    requests = []

    def run(request, *, progress):
        requests.append(request)
        return SimpleNamespace(findings=(), summary=lambda: ["the demo ran"])

    monkeypatch.setitem(sys.modules, "quantpits.routine.demo", SimpleNamespace(run=run))
    return requests


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        ("", DemoRequest(target=Path("demo_run"))),
        (
            "--target other --nn --weeks 1 --fresh --quiet",
            DemoRequest(target=Path("other"), nn=True, weeks=1, fresh=True),
        ),
    ],
)
def test_flags_make_the_request(made, line, request_, capsys):
    assert main(["demo", *line.split()]) == 0
    assert [request_] == made
    assert capsys.readouterr().out == "the demo ran\n"


def test_no_weeks_is_wrong_usage(made):
    assert main(["demo", "--weeks", "0"]) == 2
    assert made == []

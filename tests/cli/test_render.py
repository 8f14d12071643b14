from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from quantpits.cli.render import error_facts, exit_code_of, print_error, print_report, to_plain
from quantpits.errors import CorruptArtifactError, Finding

ERROR = Finding("ABC001", "error", "It does not add up.", "ledger", "SH600000")
WARNING = Finding("ABC002", "warning", "It is old.")
INFO = Finding("ABC003", "info", "It is [new].")


@dataclass(frozen=True)
class Report:
    findings: tuple[Finding, ...] = ()
    day: date = date(2026, 2, 6)
    path: Path = Path("/tmp/中文.csv")

    def summary(self) -> list[str]:
        return ["Done with [brackets].", "  100.00 CNY"]


@pytest.mark.parametrize(
    ("findings", "code"), [((), 0), ((WARNING, INFO), 0), ((WARNING, ERROR), 1)]
)
def test_a_finding_that_is_an_error_exits_with_one(findings, code, capsys):
    assert code == exit_code_of(findings)
    assert code == print_report(Report(findings), as_json=False)


def test_a_report_as_text_goes_to_stdout(capsys):
    print_report(Report(), as_json=False)
    captured = capsys.readouterr()
    assert captured.out == "Done with [brackets].\n  100.00 CNY\n"
    assert captured.err == ""


def test_findings_follow_the_summary(capsys):
    print_report(Report((ERROR, WARNING, INFO)), as_json=False)
    assert capsys.readouterr().out == (
        "Done with [brackets].\n"
        "  100.00 CNY\n"
        "error ABC001: It does not add up. (SH600000, ledger)\n"
        "warning ABC002: It is old.\n"
        "info ABC003: It is [new].\n"
    )


def test_a_finding_that_the_summary_tells_is_not_told_twice(capsys):
    told = Finding("ABC004", "info", "100.00 CNY")
    print_report(Report((told,)), as_json=False)
    assert capsys.readouterr().out.count("100.00 CNY") == 1


def test_a_report_as_json_is_one_object(capsys):
    print_report(Report((ERROR,)), as_json=True)
    content = json.loads(capsys.readouterr().out)
    assert content["day"] == "2026-02-06"
    assert content["path"] == "/tmp/中文.csv"
    assert content["exit_code"] == 1
    assert content["findings"][0]["code"] == "ABC001"


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (None, None),
        (True, True),
        (3, 3),
        (0.5, 0.5),
        (float("nan"), None),
        (float("inf"), None),
        ("text", "text"),
        (Decimal("1.10"), "1.10"),
        (date(2026, 2, 6), "2026-02-06"),
        (datetime(2026, 2, 6, 10, 30, tzinfo=UTC), "2026-02-06T10:30:00+00:00"),
        (Path("a") / "b", "a/b"),
        ((1, (2,)), [1, [2]]),
        ({"b", "a"}, ["a", "b"]),
        ({date(2026, 2, 6): Decimal(1)}, {"2026-02-06": "1"}),
        ({1: [Finding("A", "info", "m")]}, {"1": [
            {"code": "A", "severity": "info", "message": "m", "source": "", "subject": ""}
        ]}),
    ],
)  # fmt: skip
def test_plain_values(value, plain):
    assert plain == to_plain(value)


@pytest.mark.parametrize("value", [object(), Finding])
def test_what_json_cannot_hold_is_refused(value):
    with pytest.raises(TypeError, match="must not hold"):
        to_plain(value)


def test_facts_of_an_error_are_text_or_plain_numbers():
    error = CorruptArtifactError("w", where=Path("a"), expected=100, found=["x"], hint="h")
    assert {
        "type": "CorruptArtifactError",
        "what": "w",
        "where": "a",
        "expected": 100,
        "found": "['x']",
        "hint": "h",
        "problems": [],
    } == error_facts(error)


def test_an_error_without_words_is_still_an_error(capsys):
    print_error("")
    assert capsys.readouterr().err == "error: \n"

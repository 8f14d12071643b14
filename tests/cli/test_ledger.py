from __future__ import annotations

import json
from datetime import date

import pytest

from quantpits.cli.app import main
from quantpits.cli.ledger import LedgerCheckReport
from quantpits.errors import Finding
from quantpits.post_trade.request import (
    CorrectRequest,
    OpenRequest,
    PostTradeRequest,
    RebuildRequest,
)

WRONG = Finding("LED004", "error", "The cash is below zero.", "data/ledger.db", "2026-02-06")


def test_books_that_are_not_opened_are_shown_as_such(workspace, capsys):
    assert main(["ledger", "show"]) == 0
    assert "not opened yet" in capsys.readouterr().out


def test_books_that_are_not_opened_have_nothing_wrong(workspace, capsys):
    assert main(["ledger", "check"]) == 0
    assert "everything is right" in capsys.readouterr().out


def test_nothing_is_written(workspace, capsys):
    main(["ledger", "show"])
    main(["ledger", "check"])
    assert [workspace.config_dir] == list(workspace.root.iterdir())


def test_a_finding_makes_the_exit_code_one(workspace, monkeypatch, capsys):
    monkeypatch.setattr("quantpits.post_trade.check.check_ledger", lambda _: (WRONG,))
    assert main(["ledger", "check", "--json"]) == 1
    content = json.loads(capsys.readouterr().out)
    assert content["findings"][0]["code"] == "LED004"
    assert content["exit_code"] == 1


def test_a_file_that_is_no_ledger_is_refused(workspace, capsys):
    workspace.data_dir.mkdir()
    workspace.ledger_path.write_text("not a ledger", "utf-8")
    assert main(["ledger", "show"]) == 3
    assert "ledger.db" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("findings", "words"), [((), "everything is right"), ((WRONG, WRONG), "2 findings")]
)
def test_the_verdict_in_words(findings, words):
    report = LedgerCheckReport(workspace="Books", findings=findings, digest="0")
    assert [f"The books of Books were checked: {words}."] == report.summary()


@pytest.mark.parametrize(
    ("line", "target", "request_"),
    [
        ("rebuild --dry-run", "rebuild", RebuildRequest(dry_run=True)),
        ("open", "opening", OpenRequest()),
        ("adopt --dry-run", "adopt", PostTradeRequest(adopt=True, dry_run=True)),
        (
            "correct --date 2026-01-05 --entry 3 --entry 4 --reason late",
            "correct",
            CorrectRequest(day=date(2026, 1, 5), entries=(3, 4), reason="late"),
        ),
    ],
)
def test_flags_make_the_request(ask, line, target, request_):
    asked = ask(f"ledger {line}")
    assert 0 == asked.exit_code
    assert request_ == asked.request
    assert f"quantpits.post_trade.{target}:run" == asked.target
    assert asked.plan.is_writing is not getattr(request_, "dry_run", False)


@pytest.mark.parametrize(
    ("flag", "words"), [("--pnl month", "Nothing was realised"), ("--entries", "not open yet")]
)
def test_other_views_of_the_books(workspace, capsys, flag, words):
    assert 0 == main(["ledger", "show", *flag.split()])
    assert words in capsys.readouterr().out
    assert 0 == main(["ledger", "show", *flag.split(), "--json"])
    assert not json.loads(capsys.readouterr().out)["changed"]

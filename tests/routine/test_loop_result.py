"""What a loop came to: two accounts side by side, as files."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from quantpits.market import load_calendar, resolve_market
from quantpits.routine.attribution import attribute, by_cause
from quantpits.routine.loop_result import (
    LoopFacts,
    compare_accounts,
    ordered_shares,
    write_results,
)
from quantpits.routine.slippage import NO_SLIPPAGE
from quantpits.workspace import Workspace

from .conftest import SLIPPAGE

START, END = date(2021, 3, 5), date(2021, 4, 9)


@pytest.fixture
def sandbox(looped, tmp_path):
    root = tmp_path / "sandbox"
    shutil.copytree(looped.root, root, symlinks=True)
    return Workspace(root)


@pytest.fixture
def facts(looped):
    market = resolve_market(looped)
    sessions = tuple(load_calendar(market).sessions_in(START, END))
    anchors = tuple(day for day in sessions[:-1] if day.weekday() == 4)
    return LoopFacts(
        market=market,
        sessions=sessions,
        anchors=anchors,
        cash_fen=500_000_00,
        deposits_fen={},
        slippage=SLIPPAGE,
    )


def rows_of(path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_files_hold_every_session_and_every_part(sandbox, facts):
    report = write_results(sandbox, facts, no_chart=False)
    nav, lines = (rows_of(path) for path in report.outputs[:2])
    assert [str(day) for day in facts.sessions[1:]] == [row["date"] for row in nav]
    fen = [round(float(row["amount"]) * 100) for row in lines]
    assert report.nav_fen - report.simulated_fen == sum(fen)
    assert round(float(nav[-1]["difference"]) * 100) == sum(fen)
    assert report.outputs[2].read_bytes().startswith(b"\x89PNG")
    assert () == report.findings
    assert not write_results(sandbox, facts, no_chart=False).changed


def test_difference_without_slippage_is_an_error(sandbox, facts):
    report = write_results(sandbox, replace(facts, slippage=NO_SLIPPAGE), no_chart=True)
    (finding,) = report.findings
    assert ("PAP010", "error") == (finding.code, finding.severity)
    assert "the first 2021-03-08" in finding.message


def test_parts_through_each_session_add_up_to_its_difference(sandbox, facts):
    comparison = compare_accounts(sandbox, facts)
    lines = attribute(comparison)
    gap = comparison.account.nav - comparison.reference.nav
    sums = [
        sum(by_cause([line for line in lines if line.session <= day]).values())
        for day in comparison.sessions
    ]
    assert gap.tolist() == sums


def test_ordered_shares_are_those_of_the_files(sandbox, facts):
    comparison = compare_accounts(sandbox, facts)
    ordered = comparison.ordered
    # In the first week all is bought, within what was ordered.
    traded = comparison.account.traded
    assert (ordered[0] > 0).any()
    assert (np.abs(traded) <= np.abs(ordered)).all()
    nothing = ordered_shares(
        sandbox, instruments=("SH600999",), sessions=comparison.sessions, label="ensemble"
    )
    assert not nothing.any()

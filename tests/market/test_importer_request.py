"""The report of an import as lines for a person."""

from __future__ import annotations

import dataclasses
import json
from datetime import date
from pathlib import Path

import pytest

from quantpits.market import ImportReport, ImportRequest

REPORT = ImportReport(
    workspace="",
    outputs=(Path("market"),),
    findings=(),
    changed=True,
    region="cn",
    universe="csi300",
    benchmark=None,
    first_session=date(2026, 1, 5),
    last_session=date(2026, 1, 30),
    n_sessions=20,
    n_instruments=300,
    n_indices=1,
    n_rows=6000,
    n_suspended=10,
)


@pytest.mark.parametrize(
    ("changes", "state"),
    [({}, "written"), ({"changed": False}, "unchanged"), ({"dry_run": True}, "not written")],
)
def test_the_summary_says_what_was_done(changes, state):
    lines = dataclasses.replace(REPORT, **changes).summary()
    assert f"Market: market ({state}" in lines[0]
    assert "Sessions: 20, 2026-01-05 to 2026-01-30" == lines[1]
    assert "Indices: 1, benchmark none" == lines[3]


def test_the_report_is_made_of_plain_values():
    assert "csi300" in json.dumps(dataclasses.asdict(REPORT), default=str)


def test_a_request_needs_files_and_target_only():
    request = ImportRequest((Path("a.csv"),), Path("market"))
    assert ({}, 1.0, False, "cn") == (
        request.columns,
        request.volume_unit,
        request.adjusted,
        request.region,
    )

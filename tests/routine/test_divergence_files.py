"""The files of the divergence report: amounts as text, to the fen."""

from __future__ import annotations

from datetime import date

import pytest

from quantpits.routine.divergence_files import FillLine, csv_text, fen_text, write_divergence
from quantpits.routine.divergence_request import DivergenceReport, WeekLine
from quantpits.routine.loop_request import CAUSES
from quantpits.workspace import Workspace

DAY = date(2021, 3, 8)


def fill(**changes) -> FillLine:
    facts = {
        "session": DAY,
        "instrument": "SH600000",
        "ordered": 300,
        "traded": 200,
        "decided_fen": 1_000,
        "session_fen": 1_010,
        "notional_fen": 200 * 1_011,
        "fee_fen": 505,
    }
    return FillLine(**(facts | changes))


@pytest.mark.parametrize(
    ("fen", "expected"), [(0, "0.00"), (-5, "-0.05"), (-12_345, "-123.45"), (7, "0.07")]
)
def test_amount_is_exact_text(fen, expected):
    assert expected == fen_text(fen)


def test_table_has_lf_and_quotes_where_needed():
    assert 'a,b\n"1,2",3\n' == csv_text(("a", "b"), [("1,2", "3")])


def test_delay_and_slippage_of_a_fill():
    assert (-2_000, -200) == (fill().delay_fen, fill().slippage_fen)
    unknown = fill(decided_fen=0, session_fen=0)
    assert (0, 0) == (unknown.delay_fen, unknown.slippage_fen)


def test_report_is_written_once(tmp_path):
    line = WeekLine(
        week=DAY,
        instrument="",
        planned_fen=5,
        parts=dict.fromkeys(CAUSES, 0) | {"fee": -1},
        actual_fen=4,
    )
    report = DivergenceReport(
        workspace="here",
        outputs=(),
        findings=(),
        changed=False,
        sessions=(DAY,),
        lines=(line,),
        nav_before_fen=0,
        nav_after_fen=4,
        deposits_fen=0,
    )
    fills = (fill(), fill(ordered=-300, traded=0, notional_fen=0, session_fen=0, decided_fen=0))
    written = write_divergence(Workspace(tmp_path), report, fills=fills)
    weeks, table, _ = (path.read_text("utf-8").splitlines() for path in written.outputs)
    assert (
        "week,instrument,as_ordered,timing,price,lot,fee,not_filled,entitlement,result" == weeks[0]
    )
    assert "2021-03-08,CASH,0.05,0.00,0.00,0.00,-0.01,0.00,0.00,0.04" == weeks[1]
    assert "2021-03-08,SH600000,buy,300,200,10.00,10.10,10.1100,-20.00,-2.00,5.05" == table[1]
    assert "2021-03-08,SH600000,sell,300,0,,,,0.00,0.00,5.05" == table[2]
    assert written.changed
    assert not write_divergence(Workspace(tmp_path), report, fills=fills).changed

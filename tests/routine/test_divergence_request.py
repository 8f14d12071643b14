"""What the divergence report says to a person."""

from __future__ import annotations

from datetime import date

from quantpits.routine.divergence_request import DivergenceReport, WeekLine
from quantpits.routine.loop_request import CAUSES

DAY = date(2021, 3, 8)


def line(instrument: str, cause: str, fen: int) -> WeekLine:
    return WeekLine(
        week=DAY,
        instrument=instrument,
        planned_fen=1_000,
        parts=dict.fromkeys(CAUSES, 0) | {cause: fen},
        actual_fen=1_000 + fen,
    )


def report(*lines: WeekLine, sessions=(DAY,)) -> DivergenceReport:
    return DivergenceReport(
        workspace="here",
        outputs=(),
        findings=(),
        changed=False,
        sessions=sessions,
        lines=lines,
        nav_before_fen=100_000,
        nav_after_fen=100_000,
        deposits_fen=0,
    )


def test_summary_goes_from_the_plan_to_the_result():
    lines = report(line("SH600000", "price", -250), line("", "entitlement", 30)).summary()
    text = "\n".join(lines)
    assert "20.00 CNY" in lines[1]
    assert "17.80 CNY" in text
    assert lines[-1].split() == ["SH600000", "-2.50", "CNY"]


def test_nothing_lost_names_nobody():
    assert "most lost" not in "\n".join(report(line("SH600000", "price", 5)).summary())


def test_books_without_sessions_say_so():
    assert ["There is no processed session in these days."] == report(sessions=()).summary()

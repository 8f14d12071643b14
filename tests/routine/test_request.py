"""The routine's requests and reports."""

from datetime import date
from pathlib import Path

import pytest

from quantpits.routine import (
    DemoReport,
    DemoRequest,
    DemoStage,
    PaperReport,
    PaperRequest,
    RunReport,
    RunRequest,
    StepLine,
)

DAY = date(2026, 11, 13)


def paper_report(**changes) -> PaperReport:
    facts = {
        "workspace": "Demo",
        "outputs": (),
        "findings": (),
        "changed": True,
        "sessions": (date(2026, 11, 9), DAY),
        "n_fills": 12,
        "n_events": 1,
        "cash_cny": 1234.5,
    }
    return PaperReport(**(facts | changes))


def demo_report(**changes) -> DemoReport:
    facts = {
        "workspace": "/tmp/demo",
        "outputs": (Path("/tmp/demo/output/buy.csv"),),
        "findings": (),
        "changed": True,
        "stages": (DemoStage("train", 61.25),),
        "anchor_date": DAY,
        "nav_cny": {"2026-11-13": 1_000_500.25},
        "ic": {"linear": 0.041, "gru": None},
        "orders": ("buy 300 SH600000",),
        "seconds": 100.4,
        "peak_rss_mib": 1534.2,
    }
    return DemoReport(**(facts | changes))


def test_scenario_b_is_the_routine():
    assert "B" == RunRequest().scenario


def test_paper_broker_asks_for_no_real_prices():
    assert not PaperRequest().paper_account


def test_demo_trades_two_weeks():
    assert 2 == DemoRequest(Path("demo")).weeks


def test_run_summary_shows_status_and_seconds():
    report = RunReport(
        workspace="Demo",
        outputs=(),
        findings=(),
        changed=True,
        scenario="A",
        anchor_date=DAY,
        steps=(StepLine("train", "ran", 61.24, ("4 models",)), StepLine("fuse", "unchanged", 2.0)),
    )
    expected = [
        "Scenario A on 2026-11-13 in Demo",
        "  1 train  ran            61.2 s",
        "  2 fuse   unchanged       2.0 s",
        "",
        "train:",
        "  4 models",
    ]
    assert expected == report.summary()


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "settled 2 sessions, 2026-11-09 to 2026-11-13: 12 fills"),
        ({"dry_run": True}, "would settle 2 sessions"),
        ({"sessions": ()}, "every session is settled already"),
    ],
)
def test_paper_summary_says_what_was_settled(changes, text):
    assert text in paper_report(**changes).summary()[0]


def test_demo_summary_says_that_it_is_synthetic_and_what_to_do_next():
    lines = demo_report().summary()
    assert "SYNTHETIC" in lines[0]
    assert "  linear  0.0410" in lines
    assert "  gru     undefined" in lines
    assert "  2026-11-13  1,000,500.25 CNY" in lines
    assert "  buy 300 SH600000" in lines
    assert "100 s, at most 1,534 MiB." in lines
    assert any("docs/70_WALKTHROUGH.md" in line for line in lines)


def test_demo_summary_leaves_out_what_it_has_not():
    lines = demo_report(nav_cny={}, orders=()).summary()
    assert "Net asset value" not in lines
    assert "Next orders" not in lines

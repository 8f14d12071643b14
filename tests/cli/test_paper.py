from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from quantpits.routine.loop_request import LoopRequest
from quantpits.routine.request import PaperRequest
from quantpits.routine.slippage import Slippage


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        ("", PaperRequest()),
        (
            "--through 2026-02-06 --label gru --paper-account --dry-run",
            PaperRequest(through=date(2026, 2, 6), label="gru", paper_account=True, dry_run=True),
        ),
        (
            "--half-spread-bps 5 --impact-bps 20 --max-volume-share 0.1",
            PaperRequest(
                slippage=Slippage(half_spread_bps=5.0, impact_bps=20.0, max_volume_share=0.1)
            ),
        ),
    ],
)
def test_flags_make_the_request(ask, line, request_):
    asked = ask(f"paper {line}")
    assert asked.exit_code == 0
    assert request_ == asked.request
    assert asked.target == "quantpits.routine.paper:run"
    assert asked.plan.is_writing is not request_.dry_run


@pytest.mark.parametrize(
    ("line", "changes"),
    [
        ("", {}),
        (
            (
                "--sandbox box --prediction-file s.csv --label gru --predict --cash 1000.5 "
                "--with-cashflows --fresh --no-chart --dry-run --half-spread-bps 5"
            ),
            {
                "sandbox": Path("box"),
                "prediction_file": Path("s.csv"),
                "label": "gru",
                "predict": True,
                "cash_cny": Decimal("1000.5"),
                "with_cashflows": True,
                "fresh": True,
                "no_chart": True,
                "dry_run": True,
                "slippage": Slippage(half_spread_bps=5.0),
            },
        ),
    ],
)
def test_days_make_it_the_loop(ask, line, changes):
    asked = ask(f"paper --from 2025-01-10 --to 2026-02-06 {line}")
    assert asked.exit_code == 0
    days = {"start": date(2025, 1, 10), "end": date(2026, 2, 6)}
    assert LoopRequest(**days, **changes) == asked.request
    assert asked.target == "quantpits.routine.loop:run"
    assert not asked.plan.is_writing


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--from 2025-01-10", "a first and a last day"),
        ("--to 2025-01-10", "a first and a last day"),
        ("--fresh", "A flag of the loop is given"),
        ("--from 2025-01-10 --to 2026-02-06 --through 2026-02-06", "settle this workspace"),
        ("--from 2025-01-10 --to 2026-02-06 --paper-account", "settle this workspace"),
        ("--max-volume-share 2", "no fraction"),
    ],
)
def test_flags_that_contradict_one_another_are_refused(ask, capsys, line, message):
    assert 0 != ask(f"paper {line}").exit_code
    assert message in capsys.readouterr().err

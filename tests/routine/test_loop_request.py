"""What the paper loop says about itself."""

from __future__ import annotations

import sys
from datetime import date
from subprocess import run

from quantpits.routine.loop_request import CAUSES, LoopReport


def report(**changes: object) -> LoopReport:
    facts = {
        "workspace": "sandbox",
        "outputs": (),
        "findings": (),
        "changed": True,
        "start": date(2021, 3, 5),
        "end": date(2021, 5, 7),
        "anchors": (date(2021, 3, 5),),
        "n_sessions": 46,
        "slippage": "no slippage",
    }
    return LoopReport(**(facts | changes))


def test_equal_accounts_are_said_to_be_equal():
    lines = report(nav_fen=100_000_01, simulated_fen=100_000_01).summary()
    assert "100,000.01 CNY" in lines[3]
    assert "Equal to the cent" in lines[-1]


def test_difference_is_told_with_its_causes():
    causes = dict.fromkeys(CAUSES, 0) | {"price": -500, "fee": -3}
    lines = report(
        nav_fen=0, simulated_fen=503, largest_fen=-503, largest_on=date(2021, 4, 1), causes=causes
    ).summary()
    assert 2 == sum(line.startswith("    ") for line in lines)
    assert "-5.03 CNY on 2021-04-01" in lines[-1]


def test_dry_run_says_what_would_run():
    assert report(dry_run=True).summary()[0].startswith("Would run the loop in sandbox")


def test_request_loads_nothing_heavy():
    code = (
        "import sys, quantpits.routine.loop_request, quantpits.routine.divergence_request; "
        "sys.exit(bool({'numpy', 'numba', 'pandas'} & set(sys.modules)))"
    )
    assert 0 == run([sys.executable, "-c", code], check=False).returncode

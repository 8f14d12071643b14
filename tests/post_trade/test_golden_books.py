"""Every golden export from its file through the whole step to the books, the logs and the state.

The expected books were computed by hand: see ``golden/ORIGIN.md``. What `test_golden` shows of the
adapters alone is shown here of everything that follows from them.
"""

from __future__ import annotations

import json
import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from quantpits.post_trade.check import check_ledger
from quantpits.post_trade.fold import daily_books
from quantpits.post_trade.ledger import load_journal
from quantpits.post_trade.money import cny_text
from quantpits.post_trade.rebuild import run as rebuild
from quantpits.post_trade.request import RebuildRequest

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(path.name for path in GOLDEN.iterdir() if path.is_dir())
SEVERE = ("error",)


@pytest.fixture(params=CASES)
def case(request, account) -> tuple[Any, dict[str, Any]]:
    """An account that starts from the opening of a case, with its export and its market."""
    folder = GOLDEN / request.param
    expected = json.loads((folder / "expected_books.json").read_text(encoding="utf-8"))
    opening = expected.pop("opening")
    assert {} == opening["pending"]
    held = [(name, shares, cost) for name, (shares, cost) in opening["positions"].items()]
    account.state(float(opening["cash"]), held)
    for path in folder.glob("*-table.*"):
        shutil.copy(path, account.data)
    if (folder / "broker_table.yaml").is_file():
        shutil.copy(folder / "broker_table.yaml", account.workspace.config_dir)
        account.write("prod_config.json", {**account.config, "broker": "table"})
        account.write("market.yaml", "provider: qlib\nprovider_uri: market\nregion: us\n")
    names = {name for day in expected.values() for name in day["positions"]} | {
        *opening["positions"]
    }
    for name in names:
        account.price(name, 10.0)
    return account, expected


def test_an_export_becomes_the_books_that_were_computed_by_hand(case) -> None:
    account, expected = case
    last = max(date.fromisoformat(each.name[11:21]) for each in account.data.glob("*_*-table.*"))
    dry = account.run(end_date=last, dry_run=True)
    report = account.run(end_date=last)
    assert dry.days == report.days
    journal = load_journal(account.workspace.ledger_path)
    shown = {
        day.settle_date.isoformat(): {
            "cash": cny_text(day.after.cash_fen),
            "positions": positions(day.after.positions),
            "pending": {" ".join(key): each for key, each in positions(day.after.pending).items()},
        }
        for day in daily_books(journal)
    }
    assert expected == {day: shown[day] for day in expected}
    assert [] == [each for each in check_ledger(account.workspace) if each.severity in SEVERE]
    final = shown[last.isoformat()]
    config = account.workspace.prod_config()  # what orders start from
    assert Decimal(final["cash"]) == config.current_cash
    assert final["positions"] == {
        each.instrument: [each.value, str(each.amount)] for each in config.current_holding
    }
    digests = journal.digests
    account.workspace.ledger_path.unlink()
    rebuild(account.workspace, RebuildRequest())
    assert digests == load_journal(account.workspace.ledger_path).digests


def positions(held) -> dict[Any, list[Any]]:
    return {key: [each.shares, cny_text(each.cost_fen)] for key, each in held.items()}

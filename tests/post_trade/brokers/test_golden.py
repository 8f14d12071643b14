"""Exports whose lines and books were computed by hand; see golden/ORIGIN.md."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

import pytest

from quantpits.config import model_from_text
from quantpits.post_trade.brokers import adapter_for
from quantpits.post_trade.brokers.effects import BUILT_IN_RULES
from quantpits.post_trade.brokers.table_config import BrokerTable
from quantpits.post_trade.daybook import post_day
from quantpits.post_trade.entries import Position, check_balanced
from quantpits.post_trade.fold import Books, fold
from quantpits.post_trade.money import cny_text
from tests.post_trade.brokers.test_effects import EVERY_TYPE

GOLDEN = Path(__file__).parent.parent / "golden"
CASES = sorted(folder.name for folder in GOLDEN.iterdir() if list(folder.glob("*-table.*")))


def read(case: str):
    (export,) = (GOLDEN / case).glob("*-table.*")
    description = GOLDEN / case / "broker_table.yaml"
    adapter = adapter_for("gtja")
    if description.exists():
        text = description.read_text(encoding="utf-8")
        adapter = adapter_for("table", model_from_text(BrokerTable, text, description.name))
    return adapter.parse(export.read_bytes(), source=export.name, rules=BUILT_IN_RULES)


@pytest.mark.parametrize("case", CASES)
def test_lines(case: str) -> None:
    with (GOLDEN / case / "expected_lines.csv").open(encoding="utf-8", newline="") as file:
        expected = list(csv.DictReader(file))
    assert expected == [
        {
            "settle_date": line.settle_date.isoformat(),
            "effect": line.effect.value,
            "instrument": line.instrument,
            "shares": str(line.shares),
            "gross": cny_text(line.gross_fen),
            "net": cny_text(line.net_cash_fen),
            "fee": "" if line.fee_fen is None else cny_text(line.fee_fen),
            "ordinal": str(line.key.ordinal),
        }
        for line in read(case).lines
    ]


@pytest.mark.parametrize("case", CASES)
def test_books(case: str) -> None:
    text = (GOLDEN / case / "expected_books.json").read_text(encoding="utf-8")
    expected = json.loads(text)
    opening = expected.pop("opening")
    held = {
        name: Position(shares, _fen(cost)) for name, (shares, cost) in opening["positions"].items()
    }
    books = Books(_fen(opening["cash"]), MappingProxyType(held))
    days = read(case).lines_by_date
    assert sorted(expected) == [day.isoformat() for day in days]
    for day, lines in days.items():
        for order in (lines, lines[::-1]):
            entries = post_day(books, order, flows=())
            check_balanced(entries)
            after = fold(entries, books)
            assert expected[day.isoformat()] == {
                "cash": cny_text(after.cash_fen),
                "positions": _shown(after.positions),
                "pending": {" ".join(key): shown for key, shown in _shown(after.pending).items()},
            }
        books = after


def test_every_seen_type_has_a_golden_line() -> None:
    shown = {line.trade_type for case in CASES for line in read(case).lines}
    assert {"深港通港股卖出交收"} == set(EVERY_TYPE) - shown


def _fen(text: str) -> int:
    return int(Decimal(text) * 100)


def _shown(positions):
    return {key: [each.shares, cny_text(each.cost_fen)] for key, each in positions.items()}

from __future__ import annotations

from datetime import date

import pytest

from quantpits.errors import CorruptArtifactError
from quantpits.orders.books import book_differences
from tests.orders.conftest import ANCHOR


def differences(lab):
    return book_differences(lab.workspace, lab.workspace.prod_config())


def test_books_that_post_trade_wrote_agree(lab):
    lab.books({"SH600000": 100, "SH600001": 0}, cash="12.30")
    lab.ledger(cash="12.30", held={"SH600000": 100})
    assert () == differences(lab)


def test_before_the_books_are_open_the_state_is_the_users_word(lab):
    log = lab.ledger(cash="1.00")
    lab.workspace.ledger_path.unlink()
    assert () == differences(lab)
    lab.workspace.ledger_path.write_bytes(b"a ledger")
    log.write_text(log.read_text("utf-8").splitlines()[0] + "\n", "utf-8")
    assert () == differences(lab)
    log.unlink()
    assert () == differences(lab)


def test_every_hand_edit_is_named(lab):
    lab.books({"SH600000": 200, "SH600002": 100}, cash=5)
    lab.ledger(cash="4.00", held={"SH600000": 100, "SH600001": 300})
    assert (
        "cash: 4.00 in the books, 5 stated",
        "SH600000: 100 shares at 1.00 in the books, 200 at 1.0 stated",
        "SH600001: 300 shares at 1.00 in the books, 0 at 0 stated",
        "SH600002: 0 shares at 0 in the books, 100 at 1.0 stated",
    ) == differences(lab)


def test_a_cost_that_was_edited_is_named(lab):
    lab.books()
    lab.config(
        "prod_config.json",
        {
            "current_date": str(ANCHOR),
            "current_cash": 1_000_000,
            "current_holding": [{"instrument": "SH600000", "value": 100, "amount": "2.00"}],
        },
    )
    lab.ledger(held={"SH600000": 100})
    assert ("SH600000: 100 shares at 1.00 in the books, 100 at 2.00 stated",) == differences(lab)


def test_another_day_is_named_and_nothing_else(lab):
    lab.ledger(date(2026, 1, 29), cash="1.00")
    assert ("last day: 2026-01-29 in the books, 2026-01-30 stated",) == differences(lab)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("持仓成本", "cost", "no column '持仓成本'"),
        ("1000000.00", "a million", "no number"),
        (",2026-01-30,1.0000,1.00", "", "cut short"),
    ],
)
def test_a_log_that_is_none_is_refused(lab, old, new, message):
    log = lab.ledger()
    text = log.read_text("utf-8").replace(old, new)
    log.write_text(text.removesuffix(",1000000.00,0.00,0.00000\n") if not new else text, "utf-8")
    with pytest.raises(CorruptArtifactError, match=message):
        differences(lab)


def test_a_log_that_is_no_text_is_refused(lab):
    lab.ledger().write_bytes(b"\xff\xfe")
    with pytest.raises(CorruptArtifactError, match="not UTF-8"):
        differences(lab)

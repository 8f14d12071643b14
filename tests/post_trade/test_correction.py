from __future__ import annotations

from datetime import date

import pytest

from quantpits.errors import UsageError
from quantpits.post_trade.brokers.contract import Effect
from quantpits.post_trade.correction import Change, apply_change, change_to

MON = date(2026, 1, 5)


def test_lines_of_equal_content_are_no_change(journal) -> None:
    assert change_to(journal, MON, right=journal.transactions[1].lines).is_empty


def test_what_is_gone_and_what_is_new(journal, make_line) -> None:
    new = make_line(Effect.INTEREST, net=5, row=9, sha="b" * 64)
    change = change_to(journal, MON, right=[new])
    assert (frozenset({3}), (new,), ()) == (change.drops, change.lines, change.revived)
    outcome = apply_change(journal, change, flows={})
    assert [3, 0] == [each.reverses for each in outcome.entries]
    assert ("SZ000001",) == outcome.holdings[MON]


@pytest.mark.parametrize(("number", "match"), [(1, "opening"), (9, "does not count")])
def test_entries_that_cannot_be_taken_back(journal, number, match) -> None:
    with pytest.raises(UsageError, match=match):
        apply_change(journal, Change(day=MON, drops=frozenset({number})), flows={})

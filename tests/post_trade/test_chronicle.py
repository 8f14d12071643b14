from __future__ import annotations

from dataclasses import replace

import pytest

from quantpits.errors import CorruptArtifactError
from quantpits.post_trade.chronicle import chronicle_text, parse_chronicle
from quantpits.post_trade.entries import Position
from quantpits.post_trade.journal import TransactionKind


def test_everything_that_no_export_says_is_read_back(journal) -> None:
    records = parse_chronicle(chronicle_text(replace(journal, run_ends=(2,))), "where")
    opening, traded, quiet, adopted = records
    assert (1_000_000, {"SZ000001": Position(30, 10_000)}) == (opening.cash_fen, opening.holdings)
    assert journal.transactions[1].marks == traded.marks
    assert journal.transactions[1].flows == traded.flows
    assert journal.transactions[1].session == traded.session
    assert traded.source is not None
    assert ("2026-01-05-table.xlsx", "gtja") == (traded.source.name, traded.source.broker)
    assert quiet.source is None
    assert (TransactionKind.ADJUSTMENT, -100) == (adopted.kind, adopted.cash_fen)
    assert [False, True, False, True] == [each.is_run_end for each in records]
    assert journal.digests == tuple(each.digest for each in records)


def test_a_line_that_is_none_of_ours_is_named() -> None:
    with pytest.raises(CorruptArtifactError, match="where:1") as error:
        parse_chronicle('{"kind": 1}', "where")
    assert "backup" in str(error.value)

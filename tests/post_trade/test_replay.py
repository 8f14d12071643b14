from __future__ import annotations

from dataclasses import replace

import pytest

from quantpits.errors import BooksMismatchError
from quantpits.post_trade.chronicle import chronicle_text, parse_chronicle
from quantpits.post_trade.journal import Journal
from quantpits.post_trade.replay import replayed


def test_books_without_files_are_made_again(journal) -> None:
    short = Journal().extended(journal.transactions[0]).extended(journal.transactions[2])
    records = parse_chronicle(chronicle_text(short), "where")

    def read(*_):
        raise AssertionError

    again = replayed(records, read, where="where")
    assert short.digests == again.digests
    assert ((2,), 2) == (again.run_ends, again.n_projected)
    with pytest.raises(BooksMismatchError, match="where:1"):
        replayed([replace(records[0], cash_fen=1)], read, where="where")

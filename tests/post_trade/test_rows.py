from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from quantpits.post_trade.journal import Journal
from quantpits.post_trade.rows import READ_ORDER, NextIds, journal_of, rows_of


def tables_of(journal: Journal, projected: int = 0) -> dict[str, list[tuple]]:
    """Number the rows as the ledger does."""
    tables: defaultdict[str, list[tuple]] = defaultdict(list)
    for transaction, digest in zip(journal.transactions, journal.digests, strict=True):
        ids = NextIds(*(len(tables[name]) + 1 for name in ("transactions", "lines", "entries")))
        for table, rows in rows_of(transaction, digest, next_ids=ids):
            tables[table] += rows
    tables["projected"] = [(projected,)] if projected else []
    return {name: tables[name] for name in (*READ_ORDER, "contents")}


def without_bytes(journal: Journal) -> Journal:
    return replace(
        journal,
        transactions=tuple(
            each if each.source is None else replace(each, source=replace(each.source, content=b""))
            for each in journal.transactions
        ),
    )


def test_what_is_written_is_read_back(journal) -> None:
    assert without_bytes(journal) == journal_of(tables_of(journal))


def test_the_progress_of_the_projections_is_read(journal) -> None:
    assert 3 == journal_of(tables_of(journal, projected=3)).n_projected


def test_nothing_is_an_empty_journal() -> None:
    assert Journal() == journal_of({name: [] for name in READ_ORDER})


def test_the_bytes_of_a_file_are_archived(journal) -> None:
    assert [("a" * 64, b"raw")] == tables_of(journal)["contents"]


def test_empty_tables_get_no_rows(journal) -> None:
    opening = dict(rows_of(journal.transactions[0], "d", next_ids=NextIds(1, 1, 1)))
    assert ["transactions", "entries", "postings"] == list(opening)

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from quantpits.errors import (
    ArtifactError,
    BooksMismatchError,
    CorruptArtifactError,
    StaleArtifactError,
    UnbalancedError,
)
from quantpits.post_trade import ledger, schema
from quantpits.post_trade.entries import cashflow_entry
from quantpits.post_trade.journal import Journal, Transaction, TransactionKind
from quantpits.post_trade.ledger import (
    append,
    load_content,
    load_journal,
    mark_projected,
    migrate,
    writing,
)
from quantpits.post_trade.rows import NextIds, rows_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "ledger.db"


@pytest.fixture
def filled(path: Path, journal: Journal) -> Path:
    with writing(path) as connection:
        head = ""
        for transaction in journal.transactions:
            head = append(connection, transaction, head=head)
    return path


def without_bytes(journal: Journal) -> Journal:
    return replace(
        journal,
        transactions=tuple(
            each if each.source is None else replace(each, source=replace(each.source, content=b""))
            for each in journal.transactions
        ),
    )


def test_no_ledger_is_an_empty_journal(path: Path) -> None:
    assert Journal() == load_journal(path)
    migrate(path)
    assert not path.exists()


def test_a_new_ledger_is_an_empty_journal(path: Path) -> None:
    with writing(path):
        pass
    assert Journal() == load_journal(path)


def test_a_file_without_content_is_an_empty_journal(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    assert Journal() == load_journal(path)


def test_what_is_posted_is_read_back(filled: Path, journal: Journal) -> None:
    assert without_bytes(journal) == load_journal(filled)
    assert load_journal(filled).first_altered() is None
    assert b"raw" == load_content(filled, "a" * 64)


def test_reading_leaves_nothing_beside_the_file(filled: Path) -> None:
    before = filled.read_bytes()
    load_journal(filled)
    assert ["ledger.db"] == [each.name for each in filled.parent.iterdir()]
    assert before == filled.read_bytes()


def test_reading_sees_what_a_killed_writer_has_committed(path: Path, journal: Journal) -> None:
    with writing(path) as connection:
        append(connection, journal.transactions[0], head="")
        assert path.with_name("ledger.db-wal").stat().st_size
        assert 1 == len(load_journal(path).transactions)


def test_a_file_that_is_not_archived_is_refused(filled: Path) -> None:
    with pytest.raises(CorruptArtifactError, match="no such file"):
        load_content(filled, "b" * 64)


def test_posting_the_same_again_is_refused(filled: Path, journal: Journal) -> None:
    before = filled.read_bytes()
    with (
        pytest.raises(BooksMismatchError, match="refuses what is to be posted"),
        writing(filled) as connection,
    ):
        append(connection, journal.transactions[1], head=journal.head)
    assert before == filled.read_bytes()


def test_posting_on_other_books_is_refused(filled: Path, journal: Journal) -> None:
    with (
        pytest.raises(BooksMismatchError, match="changed while this run was computing"),
        writing(filled) as connection,
    ):
        append(connection, journal.transactions[1], head="other")
    assert 4 == len(load_journal(filled).transactions)


def test_what_does_not_balance_is_not_posted(filled: Path, journal: Journal) -> None:
    entry = cashflow_entry(5)
    wrong = Transaction(
        kind=TransactionKind.ADJUSTMENT,
        settle_date=journal.last_date,
        entries=(replace(entry, postings=entry.postings[:1]),),
    )
    with pytest.raises(UnbalancedError, match="does not balance"), writing(filled) as connection:
        append(connection, wrong, head=journal.head)
    assert 4 == len(load_journal(filled).transactions)


def test_two_empty_files_of_equal_bytes_are_two_sessions(path: Path, journal: Journal) -> None:
    opening, traded, quiet, _ = journal.transactions
    source = traded.source
    assert source is not None
    days = [
        replace(opening),
        replace(traded, lines=(), entries=(), flows=()),
        replace(quiet, source=replace(source, name="2026-01-06-table.xlsx")),
    ]
    with writing(path) as connection:
        head = ""
        for each in days:
            head = append(connection, each, head=head)
    names = [each.source.name for each in load_journal(path).sessions if each.source]
    assert ["2026-01-05-table.xlsx", "2026-01-06-table.xlsx"] == names


def test_the_progress_of_the_projections_is_kept(filled: Path) -> None:
    assert 0 == load_journal(filled).n_projected
    with writing(filled) as connection:
        mark_projected(connection)
        mark_projected(connection)
    assert 4 == load_journal(filled).n_projected
    assert () == load_journal(filled).unfinished


def test_nothing_posted_is_nothing_projected(path: Path) -> None:
    with writing(path) as connection:
        mark_projected(connection)
        assert [(0,)] == connection.execute("SELECT COUNT(*) FROM projected").fetchall()


def test_a_change_by_another_program_is_found(filled: Path) -> None:
    with sqlite3.connect(filled) as connection:
        connection.execute("DROP TRIGGER postings_no_update")
        connection.execute("UPDATE postings SET fen = fen + 1 WHERE account = 'cash'")
    connection.close()
    altered = load_journal(filled).first_altered()
    assert altered is not None
    assert TransactionKind.OPENING is altered.kind


def test_a_value_that_cannot_be_read_is_corrupt(filled: Path) -> None:
    with sqlite3.connect(filled) as connection:
        connection.execute("DROP TRIGGER marks_no_update")
        connection.execute("UPDATE marks SET close = 'ten'")
    connection.close()
    with pytest.raises(CorruptArtifactError, match="has not written"):
        load_journal(filled)


@pytest.mark.parametrize("use", [load_journal, migrate])
def test_a_file_that_is_no_database_is_refused(path: Path, use) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database" * 100)
    with pytest.raises(CorruptArtifactError, match="damaged"):
        use(path)


def test_the_database_of_another_program_is_refused_and_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (a)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(CorruptArtifactError, match="not a QuantPits ledger"), writing(path):
        pass
    assert before == path.read_bytes()


def test_a_ledger_of_a_newer_version_is_refused(filled: Path, monkeypatch) -> None:
    monkeypatch.setattr(schema, "SCHEMA_VERSION", 0)
    with pytest.raises(StaleArtifactError, match="newer version"), writing(filled):
        pass


def test_an_older_ledger_is_brought_up_to_date(filled: Path, monkeypatch) -> None:
    monkeypatch.setattr(schema, "SCHEMA_VERSION", 5)
    monkeypatch.setattr(
        schema,
        "MIGRATIONS",
        {3: ("CREATE TABLE added (a TEXT) STRICT",), 4: ("INSERT INTO added VALUES ('x')",)},
    )
    with pytest.raises(StaleArtifactError, match="older schema"):
        load_journal(filled)
    migrate(filled)
    assert 4 == len(load_journal(filled).transactions)
    with writing(filled) as connection:
        assert [("x",)] == connection.execute("SELECT a FROM added").fetchall()
        assert [(5,)] == connection.execute("PRAGMA user_version").fetchall()


_VERSION_1 = {
    "transactions": """id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('opening', 'session', 'adjustment')),
        settle_date TEXT NOT NULL, digest TEXT NOT NULL UNIQUE""",
    "sources": """transaction_id INTEGER PRIMARY KEY REFERENCES transactions (id),
        name TEXT NOT NULL UNIQUE, sha256 TEXT NOT NULL REFERENCES contents (sha256),
        sheet TEXT NOT NULL, columns TEXT NOT NULL""",
    "entries": """id INTEGER PRIMARY KEY,
        transaction_id INTEGER NOT NULL REFERENCES transactions (id), kind TEXT NOT NULL,
        instrument TEXT NOT NULL, line_id INTEGER UNIQUE REFERENCES lines (id)""",
    "marks": """id INTEGER PRIMARY KEY,
        transaction_id INTEGER NOT NULL REFERENCES transactions (id), instrument TEXT NOT NULL,
        close TEXT NOT NULL, priced_on TEXT NOT NULL,
        is_suspended INTEGER NOT NULL CHECK (is_suspended IN (0, 1)),
        UNIQUE (transaction_id, instrument)""",
}

_VERSION_2_SESSIONS = """
        transaction_id INTEGER PRIMARY KEY REFERENCES transactions (id),
        settle_date TEXT NOT NULL UNIQUE, model TEXT NOT NULL, benchmark TEXT NOT NULL,
        benchmark_close TEXT,
        is_assumed_empty INTEGER NOT NULL CHECK (is_assumed_empty IN (0, 1))"""


def write_version(version: int, path: Path, journal: Journal) -> None:
    path.parent.mkdir()
    connection = sqlite3.connect(path, isolation_level=None)
    older = {"sessions": _VERSION_2_SESSIONS, **(_VERSION_1 if version == 1 else {})}
    widths = {"sources": 5, "entries": 5, "marks": 6} if version == 1 else {}
    tables = {name: older.get(name, each) for name, each in schema.TABLES.items()}
    if version == 1:
        del tables["corrections"]
    for name, columns in tables.items():
        connection.execute(f"CREATE TABLE {name} ({columns}) STRICT")
        for verb in ("UPDATE", "DELETE"):
            connection.execute(
                f"CREATE TRIGGER {name}_no_{verb.lower()} BEFORE {verb} ON {name} "
                "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
            )
    opening = "CREATE UNIQUE INDEX one_opening ON transactions (kind) WHERE kind = 'opening'"
    for statement in (opening,) if version == 1 else schema.INDEXES.values():
        connection.execute(statement)
    counts = {"transactions": 1, "lines": 1, "entries": 1}
    for transaction, digest in zip(journal.transactions, journal.digests, strict=True):
        for table, rows in rows_of(transaction, digest, next_ids=NextIds(*counts.values())):
            width = {"sessions": 6, **widths}.get(table, len(rows[0]))
            places = ", ".join("?" * width)
            connection.executemany(
                f"INSERT INTO {table} VALUES ({places})", [row[:width] for row in rows]
            )
            if table in counts:
                counts[table] += len(rows)
    connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()


@pytest.mark.parametrize("version", [1, 2])
def test_a_ledger_of_an_older_version_keeps_its_content_and_digests(
    path: Path, journal: Journal, version: int
) -> None:
    write_version(version, path, journal)
    with pytest.raises(StaleArtifactError, match="older schema"):
        load_journal(path)
    migrate(path)
    assert without_bytes(journal) == load_journal(path)
    assert load_journal(path).first_altered() is None
    connection = sqlite3.connect(path)
    made = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    assert not {name for name in made if name.endswith("_before")}
    assert {f"{name}_no_delete" for name in schema.TABLES} <= made
    assert set(schema.INDEXES) <= made
    assert [] == connection.execute("PRAGMA foreign_key_check").fetchall()
    for table in ("transactions", "entries", "marks", "sources", "sessions"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(f"DELETE FROM {table}")
    connection.close()
    correction = Transaction(
        kind=TransactionKind.CORRECTION,
        settle_date=date(2026, 1, 5),
        entries=(cashflow_entry(1),),
        reason="why",
    )
    with writing(path) as connection:
        append(connection, correction, head=journal.head)
    assert "why" == load_journal(path).transactions[-1].reason


def test_a_migration_that_fails_leaves_the_old_ledger(filled: Path, monkeypatch) -> None:
    before = load_journal(filled)
    version = schema.SCHEMA_VERSION
    monkeypatch.setattr(schema, "SCHEMA_VERSION", version + 1)
    monkeypatch.setattr(
        schema, "MIGRATIONS", {version: ("CREATE TABLE added (a TEXT)", "NONSENSE")}
    )
    with pytest.raises(ArtifactError, match="NONSENSE"):
        migrate(filled)
    monkeypatch.undo()
    assert before == load_journal(filled)


def test_a_ledger_that_another_program_holds_is_reported(filled: Path, monkeypatch) -> None:
    monkeypatch.setattr(ledger, "_BUSY_SECONDS", 0.01)
    other = sqlite3.connect(filled, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(ArtifactError, match="is busy"), writing(filled) as connection:
        append(connection, load_journal(filled).transactions[0], head="")
    other.close()


_WRITER = """
import os, signal, sys
from pathlib import Path
from quantpits.post_trade.entries import cashflow_entry
from quantpits.post_trade.journal import Transaction, TransactionKind
from quantpits.post_trade.ledger import writing
from quantpits.post_trade import ledger
from datetime import date

entries = tuple(cashflow_entry(n + 1) for n in range(50))
opening = Transaction(kind=TransactionKind.OPENING, settle_date=date(2026, 1, 2), entries=entries)

def watch(statement):
    if statement.startswith(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

with writing(Path(sys.argv[1])) as connection:
    connection.set_trace_callback(watch)
    ledger.append(connection, opening, head="")
"""


@pytest.mark.parametrize(
    "stop_at", ["BEGIN", "INSERT INTO transactions", "INSERT INTO postings", "COMMIT"]
)
def test_a_kill_during_a_transaction_leaves_none_of_it(path: Path, stop_at: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _WRITER, str(path), stop_at],
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert -signal.SIGKILL == done.returncode
    assert Journal() == load_journal(path)
    opening = Transaction(
        kind=TransactionKind.OPENING, settle_date=date(2026, 1, 2), entries=(cashflow_entry(1),)
    )
    with writing(path) as connection:
        append(connection, opening, head="")
    assert 1 == len(load_journal(path).transactions)


def test_a_file_whose_making_was_interrupted_is_an_empty_ledger(path: Path) -> None:
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    assert path.stat().st_size > 0
    assert Journal() == load_journal(path)


def test_a_leftover_of_an_interrupted_making_does_not_hinder_reading(filled: Path) -> None:
    before = load_journal(filled)
    filled.with_name(f"{filled.name}-journal").write_bytes(bytes(512))
    assert before == load_journal(filled)

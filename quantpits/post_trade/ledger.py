"""The ledger on disk: one SQLite file, the only place that is written before anything else.

One `append` is one SQL transaction, synced before it returns: after a kill at any moment a
transaction is wholly there or not at all. Appending checks that the books are still those the
caller computed from.

Reading opens the file so that not even a journal appears beside it, as long as no writer was
interrupted.
"""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

from quantpits.errors import (
    ArtifactError,
    BooksMismatchError,
    CorruptArtifactError,
    StaleArtifactError,
)
from quantpits.post_trade import schema
from quantpits.post_trade.entries import check_balanced
from quantpits.post_trade.journal import Journal, chain
from quantpits.post_trade.rows import READ_ORDER, NextIds, Row, journal_of, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from quantpits.post_trade.brokers.contract import LineKey
    from quantpits.post_trade.journal import Transaction

__all__ = ["append", "load_content", "load_journal", "mark_projected", "migrate", "writing"]

_BUSY_SECONDS = 10.0
_UNMADE = 0


@contextlib.contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the ledger for `append`; make it if there is none.

    Parameters
    ----------
    path : Path
        The file; its folder is made if it does not exist.

    Yields
    ------
    sqlite3.Connection
        Closed at the end of the block.

    Raises
    ------
    CorruptArtifactError
        If the file is no ledger.
    StaleArtifactError
        If a newer version of the program has written it.
    ArtifactError
        If it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _explained(path):
        connection = sqlite3.connect(path, isolation_level=None, timeout=_BUSY_SECONDS)
        with contextlib.closing(connection):
            version = _checked_version(connection, path)
            _configure(connection)
            _bring_up_to_date(connection, version)
            # Only now: a table that is made anew must not be missed by what refers to it.
            connection.execute("PRAGMA foreign_keys = ON")
            yield connection


def migrate(path: Path) -> None:
    """Bring an existing ledger of an older version up to date; do nothing if there is none.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    CorruptArtifactError
        If the file is no ledger.
    StaleArtifactError
        If a newer version of the program has written it.
    ArtifactError
        If it cannot be written.
    """
    if not path.exists():
        return
    with _opened_to_read(path) as connection:
        version = _checked_version(connection, path)
    if version != schema.SCHEMA_VERSION:
        with writing(path):
            pass


def append(connection: sqlite3.Connection, transaction: Transaction, *, head: str) -> str:
    """Post one transaction, wholly or not at all.

    Parameters
    ----------
    connection : sqlite3.Connection
        From `writing`.
    transaction : Transaction
        What to post; its entries must balance.
    head : str
        Digest of the books that the transaction was computed from.

    Returns
    -------
    str
        Digest of the books with it.

    Raises
    ------
    UnbalancedError
        If an entry does not balance.
    BooksMismatchError
        If the books are no longer those of `head`.
    """
    check_balanced(transaction.entries)
    digest = chain(head, transaction)
    connection.execute("BEGIN IMMEDIATE")
    try:
        _check_head(connection, head, transaction)
        known = _line_ids(connection, transaction)
        ids = _next_ids(connection)
        for table, rows in rows_of(transaction, digest, next_ids=ids, known_lines=known):
            _insert(connection, table, rows)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return digest


def mark_projected(connection: sqlite3.Connection) -> None:
    """Record that the files of the workspace show everything that is in the books.

    Parameters
    ----------
    connection : sqlite3.Connection
        From `writing`.
    """
    connection.execute(
        "INSERT INTO projected SELECT MAX(id) FROM transactions "
        "WHERE id NOT IN (SELECT transaction_id FROM projected) HAVING MAX(id) IS NOT NULL"
    )


def load_journal(path: Path) -> Journal:
    """Return everything that is in the ledger, without the bytes of the imported files.

    Parameters
    ----------
    path : Path
        The file; one that does not exist is an empty journal.

    Returns
    -------
    Journal
        In the order it was posted.

    Raises
    ------
    CorruptArtifactError
        If the file is no ledger.
    StaleArtifactError
        If another version of the program has written it.
    """
    if not path.exists() or not path.stat().st_size:
        return Journal()
    with _reading(path) as connection:
        if _is_unmade(connection):
            return Journal()
        tables = {
            name: connection.execute(f"SELECT * FROM {name} ORDER BY {key}").fetchall()  # noqa: S608
            for name, key in READ_ORDER.items()
        }
    try:
        return journal_of(tables)
    except (ValueError, ArithmeticError) as error:
        raise CorruptArtifactError(
            "The ledger holds a value that this program has not written.",
            where=path,
            found=str(error),
            hint="restore the file from a backup",
        ) from error


def load_content(path: Path, sha256: str) -> bytes:
    """Return the archived bytes of an imported file.

    Parameters
    ----------
    path : Path
        The ledger.
    sha256 : str
        Hash of the file.

    Returns
    -------
    bytes
        The file as it was imported.

    Raises
    ------
    CorruptArtifactError
        If the ledger has no such file.
    StaleArtifactError
        If another version of the program has written the ledger.
    """
    with _reading(path) as connection:
        row = connection.execute(
            "SELECT content FROM contents WHERE sha256 = ?", (sha256,)
        ).fetchone()
    if row is None:
        raise CorruptArtifactError(
            "The ledger has no such file.", where=path, expected=f"a file with sha256 {sha256}"
        )
    content: bytes = row[0]
    return content


def _configure(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    # Without it, REPLACE would delete a row without asking the trigger.
    connection.execute("PRAGMA recursive_triggers = ON")


def _bring_up_to_date(connection: sqlite3.Connection, version: int) -> None:
    if version == schema.SCHEMA_VERSION:
        return
    if version == _UNMADE:
        statements = schema.creation_statements()
    else:
        steps = range(version, schema.SCHEMA_VERSION)
        statements = tuple(each for step in steps for each in schema.MIGRATIONS[step])
    # A table that is made anew keeps its name, and what refers to it keeps referring to the name.
    connection.execute("PRAGMA legacy_alter_table = ON")
    connection.execute("BEGIN IMMEDIATE")
    for statement in statements:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {schema.SCHEMA_VERSION}")
    connection.execute("COMMIT")


def _checked_version(connection: sqlite3.Connection, path: Path) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    owner = int(connection.execute("PRAGMA application_id").fetchone()[0])
    is_new = connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0] == 0
    if not is_new and owner != schema.APPLICATION_ID:
        raise CorruptArtifactError(
            "This file is not a QuantPits ledger.",
            where=path,
            found="a database of another program",
            hint="move it away; the ledger will be made anew",
        )
    if version > schema.SCHEMA_VERSION:
        raise StaleArtifactError(
            "The ledger was written by a newer version of QuantPits.",
            where=path,
            expected=f"schema version {schema.SCHEMA_VERSION} or older",
            found=f"schema version {version}",
            hint="install the newer version",
        )
    return version


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    with _opened_to_read(path) as connection:
        version = _checked_version(connection, path)
        if version not in (_UNMADE, schema.SCHEMA_VERSION):
            raise StaleArtifactError(
                "The ledger has an older schema.",
                where=path,
                expected=f"schema version {schema.SCHEMA_VERSION}",
                found=f"schema version {version}",
                hint="run post-trade once; it brings the ledger up to date",
            )
        yield connection


@contextlib.contextmanager
def _opened_to_read(path: Path) -> Iterator[sqlite3.Connection]:
    # A ledger in WAL mode makes two files beside it even to be read, unless it is opened as
    # immutable; that is safe only while there is no log of a writer that is at work or was killed.
    # A file that was being made when its writer was killed has a rollback journal instead, and only
    # a connection that may write can undo what it was doing.
    if _has_content(path.with_name(f"{path.name}-journal")):
        mode = "rw"
    elif _has_content(path.with_name(f"{path.name}-wal")):
        mode = "ro"
    else:
        mode = "ro&immutable=1"
    with _explained(path):
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None
        )
        with contextlib.closing(connection):
            yield connection


def _has_content(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise BooksMismatchError(
            "The ledger refuses what is to be posted.",
            where=path,
            found=str(error),
            hint="something in it was posted before; compare with quantpits ledger check",
        ) from error
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise ArtifactError(
                "The ledger is busy: another command is writing to it.",
                where=path,
                found=str(error),
                hint="run this command again when the other one has finished",
            ) from error
        raise ArtifactError(
            "The ledger cannot be read or written.",
            where=path,
            found=str(error),
            hint="check the disk, the rights on the folder, and that no other program has it open",
        ) from error
    except sqlite3.DatabaseError as error:
        raise CorruptArtifactError(
            "The ledger is damaged.",
            where=path,
            found=str(error),
            hint="restore the file from a backup",
        ) from error


def _check_head(connection: sqlite3.Connection, head: str, transaction: Transaction) -> None:
    last = connection.execute("SELECT digest FROM transactions ORDER BY id DESC LIMIT 1").fetchone()
    if (last[0] if last else "") != head:
        raise BooksMismatchError(
            "The books changed while this run was computing.",
            where=transaction.settle_date,
            hint="run the command again",
        )


def _line_ids(connection: sqlite3.Connection, transaction: Transaction) -> dict[LineKey, int]:
    """Return the numbers of the lines of earlier transactions that entries follow from."""
    own = {line.key for line in transaction.lines}
    keys = {each.line for each in transaction.entries if each.line is not None} - own
    query = "SELECT id FROM lines WHERE source_sha256 = ? AND sheet = ? AND row = ? AND ordinal = ?"
    return {key: connection.execute(query, key).fetchone()[0] for key in sorted(keys)}


def _is_unmade(connection: sqlite3.Connection) -> bool:
    """Return whether the writer was killed before the first table was made."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0]) == _UNMADE


def _next_ids(connection: sqlite3.Connection) -> NextIds:
    return NextIds(
        *(
            connection.execute(f"SELECT COALESCE(MAX(id), 0) + 1 FROM {table}").fetchone()[0]  # noqa: S608
            for table in ("transactions", "lines", "entries")
        )
    )


def _insert(connection: sqlite3.Connection, table: str, rows: list[Row]) -> None:
    places = ", ".join("?" * len(rows[0]))
    if table == "contents":
        archived = connection.execute(
            "SELECT 1 FROM contents WHERE sha256 = ?", rows[0][:1]
        ).fetchone()
        rows = [] if archived else rows
    connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608

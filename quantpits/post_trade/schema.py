"""The tables of the ledger, and how an older ledger becomes a current one.

Every table is strict and append-only: triggers refuse UPDATE and DELETE, whoever asks. Amounts are
integers (fen, shares); prices are exact decimals as text; dates are ISO text. Unique keys make a
second import of the same line impossible, whichever file it comes in. There is no clock in the
ledger, so the same events give the same content on every machine.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "APPLICATION_ID",
    "INDEXES",
    "MIGRATIONS",
    "SCHEMA_VERSION",
    "TABLES",
    "creation_statements",
]

APPLICATION_ID = 0x51504C47
"""Marks the file as a QuantPits ledger ("QPLG")."""

SCHEMA_VERSION = 3
"""Kept in ``PRAGMA user_version``."""

TABLES: Mapping[str, str] = MappingProxyType(
    {
        "transactions": """
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL CHECK
                (kind IN ('opening', 'session', 'adjustment', 'correction')),
            settle_date TEXT NOT NULL,
            digest TEXT NOT NULL UNIQUE
        """,
        "sessions": """
            transaction_id INTEGER PRIMARY KEY REFERENCES transactions (id),
            settle_date TEXT NOT NULL UNIQUE,
            model TEXT NOT NULL,
            benchmark TEXT NOT NULL,
            benchmark_close TEXT,
            is_assumed_empty INTEGER NOT NULL CHECK (is_assumed_empty IN (0, 1)),
            cost_basis TEXT NOT NULL DEFAULT 'average' CHECK
                (cost_basis IN ('average', 'diluted'))
        """,
        # Two days without trades may have the same bytes, so the content stands apart from its
        # names.
        "contents": """
            sha256 TEXT PRIMARY KEY,
            content BLOB NOT NULL
        """,
        "sources": """
            transaction_id INTEGER PRIMARY KEY REFERENCES transactions (id),
            name TEXT NOT NULL,
            sha256 TEXT NOT NULL REFERENCES contents (sha256),
            sheet TEXT NOT NULL,
            columns TEXT NOT NULL,
            broker TEXT NOT NULL DEFAULT 'gtja'
        """,
        "lines": """
            id INTEGER PRIMARY KEY,
            transaction_id INTEGER NOT NULL REFERENCES transactions (id),
            source_sha256 TEXT NOT NULL REFERENCES contents (sha256),
            sheet TEXT NOT NULL,
            row INTEGER NOT NULL CHECK (row > 0),
            ordinal INTEGER NOT NULL CHECK (ordinal > 0),
            source_name TEXT NOT NULL,
            settle_date TEXT NOT NULL,
            trade_type TEXT NOT NULL,
            effect TEXT NOT NULL,
            is_same_day INTEGER NOT NULL CHECK (is_same_day IN (0, 1)),
            instrument TEXT NOT NULL,
            name TEXT NOT NULL,
            price TEXT NOT NULL,
            shares INTEGER NOT NULL CHECK (shares >= 0),
            gross_fen INTEGER NOT NULL,
            net_cash_fen INTEGER NOT NULL,
            fee_fen INTEGER,
            cash_balance_fen INTEGER,
            position_balance INTEGER,
            content_sha256 TEXT NOT NULL,
            cells TEXT NOT NULL,
            UNIQUE (source_sha256, sheet, row, ordinal),
            UNIQUE (settle_date, content_sha256, ordinal)
        """,
        "entries": """
            id INTEGER PRIMARY KEY,
            transaction_id INTEGER NOT NULL REFERENCES transactions (id),
            kind TEXT NOT NULL,
            instrument TEXT NOT NULL,
            line_id INTEGER REFERENCES lines (id),
            day TEXT,
            reverses INTEGER UNIQUE REFERENCES entries (id),
            replaces INTEGER REFERENCES entries (id)
        """,
        "postings": """
            id INTEGER PRIMARY KEY,
            entry_id INTEGER NOT NULL REFERENCES entries (id),
            account TEXT NOT NULL,
            instrument TEXT NOT NULL,
            fen INTEGER NOT NULL,
            shares INTEGER NOT NULL
        """,
        "marks": """
            id INTEGER PRIMARY KEY,
            transaction_id INTEGER NOT NULL REFERENCES transactions (id),
            instrument TEXT NOT NULL,
            close TEXT NOT NULL,
            priced_on TEXT NOT NULL,
            is_suspended INTEGER NOT NULL CHECK (is_suspended IN (0, 1)),
            day TEXT,
            UNIQUE (transaction_id, instrument, day)
        """,
        "flows": """
            id INTEGER PRIMARY KEY,
            transaction_id INTEGER NOT NULL REFERENCES transactions (id),
            listed_date TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('dated', 'legacy')),
            fen INTEGER NOT NULL,
            is_in_export INTEGER NOT NULL CHECK (is_in_export IN (0, 1))
        """,
        "corrections": """
            transaction_id INTEGER PRIMARY KEY REFERENCES transactions (id),
            reason TEXT NOT NULL CHECK (reason <> '')
        """,
        # Up to where the files of the workspace are known to show the books.
        "projected": """
            transaction_id INTEGER PRIMARY KEY REFERENCES transactions (id)
        """,
    }
)
"""Table name to its columns, in the order in which the tables are made."""

INDEXES: Mapping[str, str] = MappingProxyType(
    {
        "transactions_opening": (
            "CREATE UNIQUE INDEX transactions_opening ON transactions (kind) WHERE kind = 'opening'"
        ),
        # A line is booked once; what is booked again stands in the place of what was taken back.
        "entries_line": (
            "CREATE UNIQUE INDEX entries_line ON entries (line_id) WHERE replaces IS NULL"
        ),
    }
)
"""What must be unique among some rows of a table; a name starts with that of its table."""


def creation_statements() -> tuple[str, ...]:
    """Return the statements that make an empty ledger.

    Returns
    -------
    tuple of str
        Tables, then the triggers that keep them append-only, then the indexes.

    Examples
    --------
    >>> len(creation_statements()) == 3 * len(TABLES) + len(INDEXES)
    True
    """
    tables = tuple(_table_statement(name) for name in TABLES)
    triggers = tuple(each for name in TABLES for each in _trigger_statements(name))
    return (*tables, *triggers, *INDEXES.values())


def _table_statement(name: str) -> str:
    return f"CREATE TABLE {name} ({TABLES[name]}) STRICT"


def _trigger_statements(name: str) -> tuple[str, ...]:
    return tuple(
        f"CREATE TRIGGER {name}_no_{verb.lower()} BEFORE {verb} ON {name} "
        f"BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    )


def _made_anew(name: str, columns: str) -> tuple[str, ...]:
    """Return the statements that give a table its current definition and keep its rows.

    References to it follow its name: see ``legacy_alter_table`` in `ledger`.
    """
    return (
        f"ALTER TABLE {name} RENAME TO {name}_before",
        _table_statement(name),
        f"INSERT INTO {name} ({columns}) SELECT {columns} FROM {name}_before",  # noqa: S608
        # Its triggers go with it.
        f"DROP TABLE {name}_before",
        *_trigger_statements(name),
        *(statement for index, statement in INDEXES.items() if index.startswith(name)),
    )


# Version 2: corrections, files of several days, other brokers.
_TO_VERSION_2 = (
    *_made_anew("transactions", "id, kind, settle_date, digest"),
    *_made_anew("sources", "transaction_id, name, sha256, sheet, columns"),
    *_made_anew("entries", "id, transaction_id, kind, instrument, line_id"),
    *_made_anew("marks", "id, transaction_id, instrument, close, priced_on, is_suspended"),
    _table_statement("corrections"),
    *_trigger_statements("corrections"),
)

# Version 3: the cost basis of a session.
_TO_VERSION_3 = _made_anew(
    "sessions", "transaction_id, settle_date, model, benchmark, benchmark_close, is_assumed_empty"
)

MIGRATIONS: Mapping[int, tuple[str, ...]] = MappingProxyType({1: _TO_VERSION_2, 2: _TO_VERSION_3})
"""Version to the statements that lead from it to the next one."""

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

__all__ = ["APPLICATION_ID", "MIGRATIONS", "SCHEMA_VERSION", "TABLES", "creation_statements"]

APPLICATION_ID = 0x51504C47
"""Marks the file as a QuantPits ledger ("QPLG")."""

SCHEMA_VERSION = 1
"""Kept in ``PRAGMA user_version``."""

MIGRATIONS: Mapping[int, tuple[str, ...]] = MappingProxyType({})
"""Version to the statements that lead from it to the next one."""

TABLES: Mapping[str, str] = MappingProxyType(
    {
        "transactions": """
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL CHECK (kind IN ('opening', 'session', 'adjustment')),
            settle_date TEXT NOT NULL,
            digest TEXT NOT NULL UNIQUE
        """,
        "sessions": """
            transaction_id INTEGER PRIMARY KEY REFERENCES transactions (id),
            settle_date TEXT NOT NULL UNIQUE,
            model TEXT NOT NULL,
            benchmark TEXT NOT NULL,
            benchmark_close TEXT,
            is_assumed_empty INTEGER NOT NULL CHECK (is_assumed_empty IN (0, 1))
        """,
        # Two days without trades may have the same bytes, so the content stands apart from its
        # names.
        "contents": """
            sha256 TEXT PRIMARY KEY,
            content BLOB NOT NULL
        """,
        "sources": """
            transaction_id INTEGER PRIMARY KEY REFERENCES transactions (id),
            name TEXT NOT NULL UNIQUE,
            sha256 TEXT NOT NULL REFERENCES contents (sha256),
            sheet TEXT NOT NULL,
            columns TEXT NOT NULL
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
            line_id INTEGER UNIQUE REFERENCES lines (id)
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
            UNIQUE (transaction_id, instrument)
        """,
        "flows": """
            id INTEGER PRIMARY KEY,
            transaction_id INTEGER NOT NULL REFERENCES transactions (id),
            listed_date TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('dated', 'legacy')),
            fen INTEGER NOT NULL,
            is_in_export INTEGER NOT NULL CHECK (is_in_export IN (0, 1))
        """,
        # Up to where the files of the workspace are known to show the books.
        "projected": """
            transaction_id INTEGER PRIMARY KEY REFERENCES transactions (id)
        """,
    }
)
"""Table name to its columns, in the order in which the tables are made."""


def creation_statements() -> tuple[str, ...]:
    """Return the statements that make an empty ledger.

    Returns
    -------
    tuple of str
        Tables, then the triggers that keep them append-only, then the single opening.

    Examples
    --------
    >>> len(creation_statements()) == 3 * len(TABLES) + 1
    True
    """
    tables = tuple(f"CREATE TABLE {name} ({columns}) STRICT" for name, columns in TABLES.items())
    triggers = tuple(
        f"CREATE TRIGGER {name}_no_{verb.lower()} BEFORE {verb} ON {name} "
        f"BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
        for name in TABLES
        for verb in ("UPDATE", "DELETE")
    )
    opening = "CREATE UNIQUE INDEX one_opening ON transactions (kind) WHERE kind = 'opening'"
    return (*tables, *triggers, opening)

from __future__ import annotations

import sqlite3

import pytest

from quantpits.post_trade.schema import TABLES, creation_statements


@pytest.fixture
def database():
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("PRAGMA recursive_triggers = ON")
    for statement in creation_statements():
        connection.execute(statement)
    connection.execute("INSERT INTO contents VALUES ('a', x'00')")
    connection.execute("INSERT INTO transactions VALUES (1, 'opening', '2026-01-02', 'd')")
    connection.execute(
        "INSERT INTO sessions VALUES (1, '2026-01-05', 'm', 'b', NULL, 0, 'average')"
    )
    connection.execute("INSERT INTO sources VALUES (1, 'n', 'a', 's', '[]', 'gtja')")
    connection.execute(
        "INSERT INTO lines VALUES (1, 1, 'a', 's', 7, 1, 'n', '2026-01-05', 't', 'buy', 0, 'i', "
        "'', '1', 1, 1, -1, NULL, NULL, NULL, 'c', '[]')"
    )
    connection.execute("INSERT INTO entries VALUES (1, 1, 'buy', 'i', 1, NULL, NULL, NULL)")
    connection.execute("INSERT INTO postings VALUES (1, 1, 'cash', '', -1, 0)")
    connection.execute("INSERT INTO marks VALUES (1, 1, 'i', '1', '2026-01-05', 0, NULL)")
    connection.execute("INSERT INTO flows VALUES (1, 1, '2026-01-05', 'dated', 5, 0)")
    connection.execute("INSERT INTO corrections VALUES (1, 'why')")
    connection.execute("INSERT INTO projected VALUES (1)")
    yield connection
    connection.close()


@pytest.mark.parametrize("table", sorted(TABLES))
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET rowid = 9"])
def test_no_table_can_be_changed(database, table: str, statement: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        database.execute(statement.format(table))


@pytest.mark.parametrize("table", sorted(TABLES))
def test_no_row_can_be_replaced(database, table: str) -> None:
    row = database.execute(f"SELECT * FROM {table}").fetchone()
    places = ", ".join("?" * len(row))
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        database.execute(f"INSERT OR REPLACE INTO {table} VALUES ({places})", row)


def test_tables_are_strict(database) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="cannot store REAL value in INTEGER"):
        database.execute("INSERT INTO postings VALUES (2, 1, 'cash', '', 0.5, 0)")


def test_the_books_open_once(database) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE constraint failed"):
        database.execute("INSERT INTO transactions VALUES (2, 'opening', '2026-01-05', 'e')")


@pytest.mark.parametrize("changed", ["sheet = 't'", "row = 8", "content_sha256 = 'e'"])
def test_a_line_is_imported_once(database, changed: str) -> None:
    # the same row of the same file, or the same content of the same day from another place
    database.execute("CREATE TEMP TABLE copy AS SELECT * FROM lines")
    database.execute(f"UPDATE copy SET id = 2, {changed}")
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE constraint failed"):
        database.execute("INSERT INTO lines SELECT * FROM copy")


def test_a_session_is_processed_once(database) -> None:
    database.execute("INSERT INTO transactions VALUES (2, 'session', '2026-01-05', 'e')")
    with pytest.raises(sqlite3.IntegrityError, match=r"sessions\.settle_date"):
        database.execute(
            "INSERT INTO sessions VALUES (2, '2026-01-05', 'm', 'b', NULL, 0, 'average')"
        )

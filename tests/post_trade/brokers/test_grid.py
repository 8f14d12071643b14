from __future__ import annotations

from decimal import Decimal

import pytest

from quantpits.errors import BrokerFileError
from quantpits.post_trade.brokers.cells import cell_decimal
from quantpits.post_trade.brokers.grid import GridWish, find_grid, whole_amount

NAMES = ("day", "code", "cash")
WISH = GridWish(
    names=NAMES,
    missing=lambda columns: [name for name in NAMES if name not in columns],
    sheets=("Best", "Good"),
    hint="look again",
)


def find(*sheets):
    return find_grid([*sheets], WISH, source="a.xlsx")


TABLE = [["title"], [], ["day", "code", "cash"], [1, 2, 3]]


def test_the_header_is_found_and_rows_are_numbered() -> None:
    (row,) = find(("S", TABLE)).filled_rows()
    assert ("a.xlsx:4", 4) == (row.place, row.number)
    assert {"day": 1, "code": 2, "cash": 3} == row.cells


@pytest.mark.parametrize(
    ("names", "chosen"), [("Best", "Best"), ("Good Best", "Best"), ("Other Good", "Good")]
)
def test_a_preferred_sheet_is_taken(names: str, chosen: str) -> None:
    assert chosen == find(*((name, TABLE) for name in names.split())).sheet


def test_a_sheet_without_a_table_is_passed_over() -> None:
    assert "Data" == find(("Best", [["notes"]]), ("Data", TABLE)).sheet


def test_two_tables_are_refused() -> None:
    with pytest.raises(BrokerFileError, match=r"several tables[\s\S]*'A', 'B'"):
        find(("A", TABLE), ("B", TABLE))


def test_readings_of_a_text_are_one_table() -> None:
    grid = find(("", [["day;code;cash"]]), ("", TABLE))
    assert NAMES == grid.columns


def test_no_sheet_and_no_header_are_refused() -> None:
    with pytest.raises(BrokerFileError, match="has no sheet"):
        find()
    with pytest.raises(BrokerFileError, match=r"no header row[\s\S]*0 rows[\s\S]*look again"):
        find(("S", []))


def test_missing_and_repeated_columns_are_named() -> None:
    wish = GridWish(names=("day", "code"), missing=lambda _: [], sheets=(), hint="")
    with pytest.raises(BrokerFileError, match=r"two columns 'day'[\s\S]*row 1"):
        find_grid([("S", [["day", "code", "day"]])], wish, source="a.xlsx")
    with pytest.raises(BrokerFileError, match="no header row"):
        find(("S", [["day", "code"]]))


@pytest.mark.parametrize(
    ("row", "found"), [(["1", "2"], "2 cells"), (["1", "2", "3", "4"], "a cell in column 4")]
)
def test_a_row_that_does_not_fit_is_refused(row, found: str) -> None:
    grid = find(("", [list(NAMES), [], row]))
    with pytest.raises(BrokerFileError, match=rf"a\.xlsx:3[\s\S]*{found}"):
        list(grid.filled_rows())


def test_blank_cells_beyond_the_header_are_nothing() -> None:
    grid = find(("", [[*NAMES, " "], ["1", "2", "3", "", " "], ["", ""]]))
    assert [2] == [row.number for row in grid.filled_rows()]


def test_a_cell_is_read_or_refused_with_its_column() -> None:
    (row,) = find(("S", TABLE)).filled_rows()
    assert Decimal(3) == row.read("cash", cell_decimal)
    assert row.read("absent", cell_decimal) is None
    (bad,) = find(("S", [list(NAMES), [1, 2, "x"]])).filled_rows()
    with pytest.raises(BrokerFileError, match=r"column 'cash'[\s\S]*a\.xlsx:2[\s\S]*'x' is not"):
        bad.read("cash", cell_decimal)


def test_whole_amount() -> None:
    assert whole_amount(None) is None
    assert 1230 == whole_amount(Decimal("12.3"))
    with pytest.raises(ValueError, match=r"12\.305 is not a whole number of fen"):
        whole_amount(Decimal("12.305"))

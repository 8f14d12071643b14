"""The table in a file: where it stands, what its columns are, and its cells read exactly.

The header is found by the names of its columns, on any of the first rows of any sheet; a table that
is found twice, a column that is missing and a cell outside the columns are refused. A row knows its
file and number, so that every refusal names them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from quantpits.errors import BrokerFileError, name_list
from quantpits.post_trade.brokers.cells import Cell, cell_text
from quantpits.post_trade.money import whole_fen

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from decimal import Decimal

    from quantpits.post_trade.brokers.files import Sheet

__all__ = ["Grid", "GridRow", "GridWish", "check_whole", "find_grid", "whole_amount"]

_HEADER_ROWS_SEARCHED = 20
# Enough of the header to know that it is one, so that the message can name the columns that are
# missing.
_HEADER_COLUMNS_KNOWN = 3
_ADVICE = "compare the row with the broker's own statement and export the day again"

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class GridWish:
    """What an adapter looks for.

    Attributes
    ----------
    names : tuple of str
        Columns by which the header is known.
    missing : callable
        From the columns that were found to those that are needed and absent.
    sheets : tuple of str
        Sheets that are preferred where several have a table, best first.
    hint : str
        What to do where there is no table.
    """

    names: tuple[str, ...]
    missing: Callable[[Sequence[str]], list[str]]
    sheets: tuple[str, ...]
    hint: str


@dataclass(frozen=True, slots=True)
class GridRow:
    """One row of a table: cells by column, and its place for messages.

    Attributes
    ----------
    place : str
        ``file:row``.
    number : int
        Row in the sheet, from 1.
    cells : mapping of str to cell
        By column.
    """

    place: str
    number: int
    cells: Mapping[str, Cell]

    def read(self, column: str, reader: Callable[[Cell], Value]) -> Value:
        """Return a cell read exactly.

        Parameters
        ----------
        column : str
            Its column; a column that the table lacks is read as an empty cell.
        reader : callable
            From a cell to a value; raises `ValueError` for what it cannot read.

        Returns
        -------
        value
            What the reader makes of it.

        Raises
        ------
        BrokerFileError
            If it cannot be read, with file, row and column.
        """
        value = self.cells.get(column)
        try:
            return reader(value)
        except ValueError as error:
            raise BrokerFileError(
                f"A cell of column {column!r} cannot be read.",
                where=self.place,
                found=str(error),
                hint=_ADVICE,
            ) from error

    def refusal(self, what: str, *, expected: object, found: object) -> BrokerFileError:
        """Return the error for a row that contradicts itself.

        Parameters
        ----------
        what : str
            What is wrong.
        expected, found : object
            The facts.

        Returns
        -------
        BrokerFileError
            With file and row.
        """
        return BrokerFileError(what, where=self.place, expected=expected, found=found, hint=_ADVICE)


@dataclass(frozen=True, slots=True)
class Grid:
    """The table of a file.

    Attributes
    ----------
    source : str
        Name of the file.
    sheet : str
        Sheet it stands on; ``""`` in a text file.
    columns : tuple of str
        Names in the header, all different.
    first_row : int
        Number of the row below the header, from 1.
    rows : sequence of sequence of cell
        Everything below the header, whole rows.
    places : tuple of int
        Where in a row each of `columns` stands.
    """

    source: str
    sheet: str
    columns: tuple[str, ...]
    first_row: int
    rows: Sequence[Sequence[Cell]]
    places: tuple[int, ...]

    def filled_rows(self) -> Iterator[GridRow]:
        """Yield the rows that are not empty.

        Yields
        ------
        GridRow
            In file order.

        Raises
        ------
        BrokerFileError
            If a row is cut short, or has a cell outside the columns.
        """
        named = set(self.places)
        for number, cells in enumerate(self.rows, start=self.first_row):
            filled = [at for at, cell in enumerate(cells) if _is_filled(cell)]
            if not filled:
                continue
            place = f"{self.source}:{number}"
            outside = [at + 1 for at in filled if at not in named]
            if outside or len(cells) <= self.places[-1]:
                raise BrokerFileError(
                    "A row does not fit the header.",
                    where=place,
                    expected=f"cells in the {len(named)} columns that have a name",
                    found=(f"a cell in column {outside[0]}" if outside else f"{len(cells)} cells"),
                    hint=_ADVICE,
                )
            by_column = {
                name: cells[at] for name, at in zip(self.columns, self.places, strict=True)
            }
            yield GridRow(place, number, by_column)


def check_whole(grid: Grid, content: bytes, *, booked: Collection[str]) -> None:
    """Refuse a text that breaks off within a cell that would be booked.

    A row that is cut has too few cells; only of the last cell nothing but the missing line break
    says that digits may be missing.

    Parameters
    ----------
    grid : Grid
        Its table.
    content : bytes
        The file.
    booked : collection of str
        Columns that move cash or shares.

    Raises
    ------
    BrokerFileError
        If the last line has no end and its last cell is one of them.
    """
    is_text = not grid.sheet
    is_cut = bool(grid.rows) and not content.endswith((b"\n", b"\r"))
    if is_text and is_cut and grid.columns[-1] in booked:
        raise BrokerFileError(
            "The broker's file breaks off in the middle of a line.",
            where=f"{grid.source}:{grid.first_row + len(grid.rows) - 1}",
            expected=f"a line break after {grid.columns[-1]!r}",
            found="the end of the file",
            hint="wait until the file is written, or export the day again",
        )


def _is_filled(cell: Cell) -> bool:
    return bool(cell_text(cell)) if isinstance(cell, str) else cell is not None


def whole_amount(amount: Decimal | None) -> int | None:
    """Return an amount in fen.

    Parameters
    ----------
    amount : Decimal or None
        An amount [CNY].

    Returns
    -------
    int or None
        The amount [fen]; None for None.

    Raises
    ------
    ValueError
        If it is not a whole number of fen.
    """
    if amount is None:
        return None
    fen = whole_fen(amount)
    if fen is None:
        raise ValueError(f"{amount} is not a whole number of fen")
    return fen


def find_grid(sheets: Sequence[Sheet], wish: GridWish, *, source: str) -> Grid:
    """Return the table of a file.

    Parameters
    ----------
    sheets : sequence of (str, rows)
        The sheets of a workbook, or the readings of a text.
    wish : GridWish
        What to look for.
    source : str
        Name of the file, for messages.

    Returns
    -------
    Grid
        The table.

    Raises
    ------
    BrokerFileError
        If there is no table, more than one, or a column is missing or there twice.
    """
    if not sheets:
        raise BrokerFileError("The broker's file has no sheet.", where=source)
    headers = [_header(rows, wish.names) for _, rows in sheets]
    chosen = _chosen_sheet([name for name, _ in sheets], headers, wish=wish, source=source)
    sheet, rows = sheets[chosen]
    at, known = headers[chosen]
    where = f"{source}, sheet {sheet!r}" if sheet else source
    if known < min(_HEADER_COLUMNS_KNOWN, len(wish.names)):
        raise BrokerFileError(
            "The broker's file has no header row.",
            where=where,
            expected=(
                f"columns {name_list(wish.names, shown=20)} in one of the first "
                f"{_HEADER_ROWS_SEARCHED} rows"
            ),
            found=f"{len(rows)} rows, none with these names",
            hint=wish.hint,
        )
    texts = [cell_text(cell) for cell in rows[at]]
    places = tuple(index for index, name in enumerate(texts) if name)
    columns = tuple(texts[index] for index in places)
    _check_columns(columns, wish, where=f"{where}, row {at + 1}")
    return Grid(source, sheet, columns, at + 2, rows[at + 1 :], places)


def _header(rows: Sequence[Sequence[Cell]], names: Sequence[str]) -> tuple[int, int]:
    """Return the row that knows most of the names, and how many it knows."""
    known = [
        len({cell_text(cell) for cell in row} & set(names)) for row in rows[:_HEADER_ROWS_SEARCHED]
    ]
    best = max(known, default=0)
    return (known.index(best), best) if known else (0, 0)


def _chosen_sheet(
    names: Sequence[str], headers: Sequence[tuple[int, int]], *, wish: GridWish, source: str
) -> int:
    known = [count for _, count in headers]
    tables = [at for at, count in enumerate(known) if count >= _HEADER_COLUMNS_KNOWN]
    for preferred in wish.sheets:
        for at in tables:
            if names[at] == preferred:
                return at
    best = known.index(max(known))
    # Readings of a text have no names; the one that finds most columns is the right one.
    if len(tables) > 1 and names[best]:
        raise BrokerFileError(
            "The broker's file has several tables.",
            where=source,
            expected=f"one, or one on a sheet {name_list(wish.sheets)}",
            found=f"tables on {name_list([names[at] for at in tables])}",
            hint="keep one of the sheets",
        )
    return best


def _check_columns(columns: Sequence[str], wish: GridWish, *, where: str) -> None:
    missing = wish.missing(columns)
    if missing:
        raise BrokerFileError(
            f"The broker's file lacks {name_list(missing, shown=20)}.",
            where=where,
            expected=f"columns {name_list(wish.names, shown=20)}",
            found=f"columns {name_list(columns, shown=40)}",
            hint="export the settlement again with these columns switched on",
        )
    repeated = [name for name, count in Counter(columns).items() if count > 1]
    if repeated:
        raise BrokerFileError(
            f"The broker's file has two columns {name_list(repeated)}.",
            where=where,
            expected="column names that are all different",
        )

"""The contract of an adapter as tests: subclass it, write six methods, and every promise runs.

    class TestAcme(AdapterContract):
        def adapter(self): ...            # the module or object that has `parse`
        def rules(self): ...              # trade type to TradeRule
        def columns(self): ...            # the header, in the broker's order
        def rows(self): ...               # at least three different lines, the first a purchase
        def write(self, columns, rows): ...   # bytes of an export
        def mistakes(self): ...           # column -> a cell that nobody can read

What it holds the adapter to stands in the docstring of `Adapter`.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from quantpits.errors import BrokerFileError, UnknownTradeTypeError
from quantpits.post_trade.brokers.contract import BrokerLine, Effect, Statement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quantpits.post_trade.brokers.contract import Adapter, TradeRule

Row = dict[str, Any]
SOURCE = "2026-01-05-table"


class AdapterContract(ABC):
    """Promises of every adapter."""

    @abstractmethod
    def adapter(self) -> Adapter:
        """Return what is tested."""

    @abstractmethod
    def rules(self) -> Mapping[str, TradeRule]:
        """Return the declared effects."""

    @abstractmethod
    def columns(self) -> Sequence[str]:
        """Return the header."""

    @abstractmethod
    def rows(self) -> list[Row]:
        """Return lines by column: three or more, all different, the first a purchase."""

    @abstractmethod
    def write(self, columns: Sequence[str], rows: Sequence[Row]) -> bytes:
        """Return an export with these columns and rows."""

    @abstractmethod
    def mistakes(self) -> Mapping[str, object]:
        """Return a cell for each column that is read, that cannot be read."""

    @property
    def type_column(self) -> str:
        """Name of the column of the trade type."""
        return "交易类别"

    def parse(self, rows: Sequence[Row], columns: Sequence[str] | None = None) -> Statement:
        content = self.write(self.columns() if columns is None else columns, rows)
        return self.adapter().parse(content, source=SOURCE, rules=self.rules())

    # --- what is read ---

    def test_it_has_a_name(self) -> None:
        assert self.adapter().NAME
        assert isinstance(self.adapter().NAME, str)

    def test_reading_twice_gives_the_same(self) -> None:
        content = self.write(self.columns(), self.rows())
        first = self.adapter().parse(content, source=SOURCE, rules=self.rules())
        assert first == self.adapter().parse(content, source=SOURCE, rules=self.rules())
        assert 64 == len(first.source_sha256)
        assert SOURCE == first.source_name

    def test_lines_come_in_file_order_with_their_rows(self) -> None:
        lines = self.parse(self.rows()).lines
        assert len(self.rows()) == len(lines)
        assert sorted(line.key.row for line in lines) == [line.key.row for line in lines]
        assert len({line.key for line in lines}) == len(lines)
        assert {f"{SOURCE}:{line.key.row}" for line in lines} == {line.where for line in lines}

    def test_every_column_is_kept_as_text(self) -> None:
        statement = self.parse(self.rows())
        assert len(set(statement.columns)) == len(statement.columns)
        assert {len(statement.columns)} == {len(line.cells) for line in statement.lines}
        assert {str} == {type(cell) for line in statement.lines for cell in line.cells}

    def test_a_table_without_rows_is_a_day_without_lines(self) -> None:
        assert () == self.parse([]).lines

    def test_lines_of_equal_content_are_all_kept_and_numbered(self) -> None:
        first, second, *_ = self.rows()
        lines = self.parse([first, second, first, first]).lines
        assert [1, 1, 2, 3] == [line.key.ordinal for line in lines]
        assert lines[0].content_sha256 == lines[2].content_sha256 == lines[3].content_sha256
        assert lines[0].content_sha256 != lines[1].content_sha256

    def test_different_lines_have_different_content(self) -> None:
        lines = self.parse(self.rows()).lines
        assert len({line.content_sha256 for line in lines}) == len(lines)

    def test_the_order_of_rows_changes_no_content(self) -> None:
        rows = [*self.rows(), self.rows()[0]]
        mixed = rows.copy()
        random.Random(5).shuffle(mixed)
        identities = [
            Counter((line.content_sha256, line.key.ordinal) for line in self.parse(each).lines)
            for each in (rows, list(reversed(rows)), mixed)
        ]
        assert identities[0] == identities[1] == identities[2]

    def test_the_order_of_columns_changes_no_content(self) -> None:
        turned = self.parse(self.rows(), list(reversed(self.columns()))).lines
        assert [line.content_sha256 for line in self.parse(self.rows()).lines] == [
            line.content_sha256 for line in turned
        ]

    def test_lines_by_date_are_all_lines(self) -> None:
        statement = self.parse(self.rows())
        days = statement.lines_by_date
        assert sorted(days) == list(days) == list(statement.dates)
        assert len(statement.lines) == sum(len(lines) for lines in days.values())
        assert all(line.settle_date == day for day, lines in days.items() for line in lines)

    def test_amounts_are_exact(self) -> None:
        for line in self.parse(self.rows()).lines:
            check_line(line)

    # --- what is refused ---

    def test_a_cell_that_cannot_be_read_is_named(self) -> None:
        for column, cell in self.mistakes().items():
            rows = self.rows()
            rows[0] = {**rows[0], column: cell}
            row = self.parse(self.rows()).lines[0].key.row
            with pytest.raises(BrokerFileError, match=f"{SOURCE}:{row}\n") as error:
                self.parse(rows)
            assert column in str(error.value)
            assert 3 == error.value.exit_code

    def test_all_rows_that_cannot_be_read_are_named(self) -> None:
        column, cell = next(iter(self.mistakes().items()))
        rows = [{**row, column: cell} for row in self.rows()]
        with pytest.raises(
            BrokerFileError, match=f"{len(rows)} rows of the broker's file"
        ) as error:
            self.parse(rows)
        for line in self.parse(self.rows()).lines[:10]:
            assert line.where in str(error.value)

    def test_a_type_without_an_effect_stops(self) -> None:
        rows = [*self.rows(), {**self.rows()[0], self.type_column: "no such type"}]
        row = self.parse([*self.rows(), self.rows()[0]]).lines[-1].key.row
        with pytest.raises(UnknownTradeTypeError, match=f"'no such type'[\\s\\S]*{SOURCE}:{row}"):
            self.parse(rows)

    def test_a_needed_column_that_is_missing_is_named(self) -> None:
        for column in self.mistakes():
            columns = [name for name in self.columns() if name != column]
            with pytest.raises(BrokerFileError, match=f"lacks '{column}'"):
                self.parse(self.rows(), columns)

    def test_bytes_that_are_no_export_are_refused(self) -> None:
        good = self.write(self.columns(), self.rows())
        rng = random.Random(7)
        noise = [b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"<html>", b"\xff\xfe\x00", b"\0" * 99]
        noise += [rng.randbytes(300) for _ in range(10)]
        if good.startswith(b"PK"):
            noise += [good[: len(good) * part // 10] for part in range(10)]
        for content in noise:
            with pytest.raises(BrokerFileError, match=SOURCE):
                self.adapter().parse(content, source=SOURCE, rules=self.rules())

    def test_mutated_bytes_are_read_or_refused(self) -> None:
        good = self.write(self.columns(), self.rows())
        rng = random.Random(11)
        for _ in range(100):
            content = bytearray(good)
            for _ in range(rng.randint(1, 4)):
                content[rng.randrange(len(content))] = rng.randrange(256)
            try:
                statement = self.adapter().parse(bytes(content), source=SOURCE, rules=self.rules())
            except (BrokerFileError, UnknownTradeTypeError):
                continue
            for line in statement.lines:
                check_line(line)


def check_line(line: BrokerLine) -> None:
    """Assert what every line satisfies, whatever it was read from."""
    whole = (line.shares, line.gross_fen, line.net_cash_fen, line.key.ordinal)
    assert all(type(number) is int for number in whole)
    assert line.shares >= 0
    assert line.price.is_finite()
    assert line.price >= 0
    assert abs(line.net_cash_fen) < 10**15
    if line.effect is Effect.BUY:
        assert -line.net_cash_fen >= line.gross_fen > 0
    if line.effect is Effect.SELL:
        assert 0 < line.gross_fen >= line.net_cash_fen >= 0
    if line.effect in (Effect.BUY, Effect.SELL, Effect.BONUS_SHARES, Effect.LISTING):
        assert line.shares > 0
        assert line.instrument
    if line.effect in (Effect.BONUS_SHARES, Effect.LISTING, Effect.NONE):
        assert 0 == line.net_cash_fen

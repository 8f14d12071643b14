"""``config/basket.yaml``: what a broker's terminal wants a basket of orders to look like.

The file is optional; without it the basket has a neutral form. Terminals differ in the names of the
columns, the order, the words for the sides, the way a code is written and the encoding, and all of
that is said here.
"""

import codecs
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from quantpits.config.base import (
    ConfigFile,
    Flag,
    Problem,
    StrictModel,
    custom_error,
    problems_error,
)

__all__ = ["BasketColumn", "BasketConfig", "BasketValue", "CodeStyle"]

BasketValue = Literal[
    "code", "exchange", "side", "shares", "price", "amount", "role", "rank", "number", "date"
]
"""What can stand in a column; `BasketConfig` says how each is written."""

CodeStyle = Literal["600000", "SH600000", "sh600000", "600000.SH", "600000.sh"]
"""How an instrument is written, by the example of one."""


def _check_encoding(name: str) -> str:
    try:
        codecs.lookup(name)
    except LookupError:
        raise custom_error("encoding", "should be an encoding such as utf-8-sig or gbk") from None
    return name


class BasketColumn(StrictModel):
    """One column: a header, and what stands under it."""

    header: str = Field(description="Name of the column [text]")
    value: BasketValue | None = Field(default=None, description="What stands in it [word]")
    text: str | None = Field(
        default=None, description="The same text in every row, instead of a value [text]"
    )

    @model_validator(mode="after")
    def _check_content(self) -> Self:
        if (self.value is None) == (self.text is None):
            raise problems_error("BasketColumn", [(("value",), "name either a value or a text")])
        return self


def _neutral_columns() -> tuple[BasketColumn, ...]:
    values: tuple[BasketValue, ...] = ("code", "exchange", "side", "price", "shares")
    return tuple(BasketColumn(header=value, value=value) for value in values)


class BasketConfig(ConfigFile):
    """The template of a basket."""

    file_names: ClassVar[tuple[str, ...]] = ("basket.yaml",)
    is_required: ClassVar[bool] = False

    columns: tuple[BasketColumn, ...] = Field(
        default_factory=_neutral_columns, min_length=1, description="Columns in order [list]"
    )
    encoding: Annotated[str, AfterValidator(_check_encoding)] = Field(
        default="utf-8-sig", description="Encoding of the file [name]"
    )
    delimiter: Literal[",", ";", "\t", "|"] = Field(
        default=",", description="What separates the cells [character]"
    )
    newline: Literal["unix", "windows"] = Field(
        default="windows", description="How lines end [word]"
    )
    header: Flag = Field(
        default=True, description="Whether the first line names the columns [true or false]"
    )
    code_style: CodeStyle = Field(default="600000", description="How codes are written [example]")
    price: Literal["limit", "close"] = Field(
        default="limit", description="Worst price reckoned with, or the last close [word]"
    )
    buy: str = Field(default="buy", min_length=1, description="Word for a purchase [text]")
    sell: str = Field(default="sell", min_length=1, description="Word for a sale [text]")
    exchanges: dict[str, str] = Field(
        default_factory=dict, description="Words for exchanges, by the letters of codes [mapping]"
    )
    alternates: Flag = Field(
        default=False, description="Whether alternates are in it [true or false]"
    )

    @model_validator(mode="after")
    def _check_words(self) -> Self:
        problems: list[Problem] = []
        headers = [column.header for column in self.columns]
        problems += [
            (("columns", position), f"{name!r} is listed twice")
            for position, name in enumerate(headers)
            if name in headers[:position]
        ]
        if self.buy == self.sell:
            problems.append((("sell",), "purchases and sales need different words"))
        if self.alternates and "role" not in {column.value for column in self.columns}:
            problems.append((("alternates",), "with alternates a column must say the role"))
        words = [self.buy, self.sell, *headers, *self.exchanges.values()]
        words += [column.text or "" for column in self.columns]
        if not _fits(words, self.encoding):
            problems.append((("encoding",), "a header or a word cannot be written in it"))
        if problems:
            raise problems_error("BasketConfig", problems)
        return self


def _fits(words: list[str], encoding: str) -> bool:
    try:
        "".join(words).encode(encoding)
    except UnicodeEncodeError:
        return False
    return True

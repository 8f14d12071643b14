"""Read back the order files of a trade date, as the orders the paper broker fills."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from quantpits.errors import CorruptArtifactError
from quantpits.trading import Order, cny_to_fen

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from quantpits.trading import Role, Side
    from quantpits.workspace import Workspace

__all__ = ["OrderLine", "has_orders", "order_path", "read_order_lines", "read_orders"]

_SIDES: tuple[Side, ...] = ("sell", "buy")
_NEEDED = ("instrument", "datetime", "value")


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A line of an order file.

    Attributes
    ----------
    order : Order
        What was wanted.
    close_fen : int
        The close it was decided at, 0 if the file does not say [fen].
    """

    order: Order
    close_fen: int


def order_path(workspace: Workspace, side: Side, *, label: str, trade_date: date) -> Path:
    """Return where the orders of one side lie.

    Parameters
    ----------
    workspace : Workspace
        Whose orders.
    side : {"buy", "sell"}
        Which of the two files.
    label : str
        Whose scores they follow, such as ``"ensemble"``.
    trade_date : date
        The session they are for.

    Returns
    -------
    Path
        In ``output``, or where it was archived; it may not exist.
    """
    name = f"{side}_suggestion_{label}_{trade_date.isoformat()}.csv"
    archived = workspace.order_history_dir / name
    current = workspace.output_dir / name
    return archived if archived.is_file() and not current.is_file() else current


def has_orders(workspace: Workspace, *, label: str, trade_date: date) -> bool:
    """Return whether there is an order file of a session, on either side.

    Parameters
    ----------
    workspace : Workspace
        Whose orders.
    label : str
        Whose scores they follow.
    trade_date : date
        The session they are for.

    Returns
    -------
    bool
        Also True for files without an order.
    """
    paths = (order_path(workspace, s, label=label, trade_date=trade_date) for s in _SIDES)
    return any(path.is_file() for path in paths)


def read_orders(workspace: Workspace, *, label: str, trade_date: date) -> tuple[Order, ...]:
    """Return the orders of a session: sales, then purchases in the order of their file.

    Parameters
    ----------
    workspace : Workspace
        Whose orders.
    label : str
        Whose scores they follow.
    trade_date : date
        The session; a line for another session is left out.

    Returns
    -------
    tuple of Order
        Primaries and alternates; none if there are no files.

    Raises
    ------
    CorruptArtifactError
        If a file lacks a column, or a number of shares is not one.
    """
    lines = read_order_lines(workspace, label=label, trade_date=trade_date)
    return tuple(line.order for line in lines)


def read_order_lines(
    workspace: Workspace, *, label: str, trade_date: date
) -> tuple[OrderLine, ...]:
    """Return the orders of a session with the close each was decided at.

    Parameters
    ----------
    workspace : Workspace
        Whose orders.
    label : str
        Whose scores they follow.
    trade_date : date
        The session; a line for another session is left out.

    Returns
    -------
    tuple of OrderLine
        Sales, then purchases in the order of their file.

    Raises
    ------
    CorruptArtifactError
        If a file lacks a column, or a number is not one.
    """
    return tuple(
        line
        for side in _SIDES
        for line in _read_side(
            order_path(workspace, side, label=label, trade_date=trade_date), side, trade_date
        )
    )


def _read_side(path: Path, side: Side, trade_date: date) -> list[OrderLine]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = [name for name in _NEEDED if name not in (reader.fieldnames or ())]
        if missing:
            raise CorruptArtifactError(
                "An order file lacks a column.",
                where=path,
                expected=", ".join(_NEEDED),
                found=", ".join(reader.fieldnames or ()) or "an empty file",
                hint="make the orders again",
            )
        rows = list(enumerate(reader, start=2))
    own = [(number, row) for number, row in rows if row["datetime"] == trade_date.isoformat()]
    return [
        OrderLine(
            Order(
                instrument=row["instrument"],
                side=side,
                shares=_shares(row["value"], f"{path}:{number}"),
                role=_role(row.get("role")),
                rank=rank,
            ),
            _price_fen(row.get("current_close"), f"{path}:{number}"),
        )
        for rank, (number, row) in enumerate(own, start=1)
    ]


def _shares(text: str, where: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise CorruptArtifactError(
            "An order has no whole number of shares.",
            where=where,
            expected="a whole number above 0",
            found=text,
            hint="make the orders again",
        )
    return int(text)


def _role(text: str | None) -> Role:
    return "alternate" if text == "alternate" else "primary"


def _price_fen(text: str | None, where: str) -> int:
    """Return a price; an order file of the earlier system may not have one."""
    if not text:
        return 0
    try:
        return cny_to_fen(Decimal(text))
    except InvalidOperation as error:
        raise CorruptArtifactError(
            "An order has no price where one should be.",
            where=where,
            found=text,
            hint="make the orders again",
        ) from error

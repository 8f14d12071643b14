"""Read back the order files of a trade date, as the orders the paper broker fills."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from quantpits.errors import CorruptArtifactError
from quantpits.trading import Order

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from quantpits.trading import Role, Side
    from quantpits.workspace import Workspace

__all__ = ["order_path", "read_orders"]

_NEEDED = ("instrument", "datetime", "value")


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
        It may not exist.
    """
    return workspace.output_dir / f"{side}_suggestion_{label}_{trade_date.isoformat()}.csv"


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
    return tuple(
        order
        for side in ("sell", "buy")
        for order in _read_side(
            order_path(workspace, side, label=label, trade_date=trade_date), side, trade_date
        )
    )


def _read_side(path: Path, side: Side, trade_date: date) -> list[Order]:
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
        Order(
            instrument=row["instrument"],
            side=side,
            shares=_shares(row["value"], f"{path}:{number}"),
            role=_role(row.get("role")),
            rank=rank,
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

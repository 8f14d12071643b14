"""Whether ``prod_config.json`` still is what post-trade wrote: the same state as in its own logs.

Post-trade writes the state keys and ``data/holding_log_full.csv`` from one ledger, so the last day
of the log and the state must be one thing. An edit by hand shows as a difference. Nothing is
compared before the books are open, or before their first session is processed: then the state is
the user's own word.
"""

from __future__ import annotations

import csv
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from quantpits.errors import CorruptArtifactError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from quantpits.config import ProdConfig
    from quantpits.workspace import Workspace

__all__ = ["book_differences"]

_LOG = "holding_log_full.csv"
_CODE, _SHARES, _COST, _DAY = "证券代码", "持仓数量", "持仓成本", "成交日期"
_CASH = "CASH"
_AGAIN = "post-trade writes it again from the ledger; or set books: off in config/pretrade.yaml"


def book_differences(workspace: Workspace, prod_config: ProdConfig) -> tuple[str, ...]:
    """Return where the state differs from the books' own log.

    Parameters
    ----------
    workspace : Workspace
        Whose books.
    prod_config : ProdConfig
        The state.

    Returns
    -------
    tuple of str
        One for the day, the cash, and each position that differs; none where nothing can be
        compared yet.

    Raises
    ------
    CorruptArtifactError
        If the log cannot be read.
    """
    path = workspace.data_dir / _LOG
    if not (workspace.ledger_path.is_file() and path.is_file()):
        return ()
    rows = _read(path)
    if not rows:
        return ()
    last = rows[-1][_DAY]
    if last != prod_config.cursor.isoformat():
        return (f"last day: {last} in the books, {prod_config.cursor} stated",)
    booked = {row[_CODE]: row for row in rows if row[_DAY] == last}
    return tuple(_compare(booked, prod_config, where=f"data/{_LOG}, {last}"))


def _read(path: Path) -> list[dict[str, str]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise CorruptArtifactError(
            "The log of holdings is not UTF-8 text.", where=path, hint=_AGAIN
        ) from error
    reader = csv.DictReader(lines)
    header: Sequence[str] = reader.fieldnames or ()
    missing = [name for name in (_CODE, _SHARES, _COST, _DAY) if name not in header]
    if missing:
        raise CorruptArtifactError(
            f"The log of holdings has no column {missing[0]!r}.", where=path, hint=_AGAIN
        )
    rows = list(reader)
    short = [number for number, row in enumerate(rows, start=2) if row[_DAY] is None]
    if short:
        raise CorruptArtifactError(
            "A row of the log of holdings is cut short.", where=f"{path}:{short[0]}", hint=_AGAIN
        )
    return rows


def _compare(
    booked: Mapping[str, Mapping[str, str]], prod_config: ProdConfig, *, where: str
) -> list[str]:
    found = []
    cash = _number(booked.get(_CASH, {}).get(_SHARES, "0"), where)
    if cash != prod_config.current_cash:
        found.append(f"cash: {cash} in the books, {prod_config.current_cash} stated")
    stated = {each.instrument: each for each in prod_config.current_holding if each.value}
    for name in sorted({*booked, *stated} - {_CASH}):
        row = booked.get(name, {})
        shares, cost = _number(row.get(_SHARES, "0"), where), _number(row.get(_COST, "0"), where)
        holding = stated.get(name)
        own = (Decimal(holding.value), holding.amount) if holding else (Decimal(0), Decimal(0))
        if (shares, cost) != own:
            found.append(
                f"{name}: {shares} shares at {cost} in the books, {own[0]} at {own[1]} stated"
            )
    return found


def _number(text: str, where: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise CorruptArtifactError(
            "The log of holdings has a cell that is no number.",
            where=where,
            found=repr(text),
            hint=_AGAIN,
        ) from error

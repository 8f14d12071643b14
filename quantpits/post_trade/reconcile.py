"""The broker's own balances against the books: what the file says is left must be in the books.

A balance stands after each line, so the one that counts is that of the last thing that happened.
Exports run either way, oldest or newest first; which one it is shows in the balances themselves.
Where they show neither, any of them may be the last.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from quantpits.errors import BooksMismatchError
from quantpits.post_trade.brokers.contract import BrokerLine, Effect
from quantpits.post_trade.money import cny_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantpits.post_trade.fold import Books
    from quantpits.post_trade.journal import AppliedFlow

__all__ = ["closing_balances", "reconcile"]

_SHARE_SIGN = {
    Effect.BUY: 1,
    Effect.BONUS_SHARES: 1,
    Effect.LISTING: 1,
    Effect.SHARES_IN: 1,
    Effect.SELL: -1,
    Effect.SHARES_OUT: -1,
}


def reconcile(lines: Sequence[BrokerLine], flows: Sequence[AppliedFlow], *, after: Books) -> None:
    """Refuse books that differ from the balances in the broker's file.

    Parameters
    ----------
    lines : sequence of BrokerLine
        The lines of one session, in file order.
    flows : sequence of AppliedFlow
        What ``cashflow.json`` added on that session.
    after : Books
        The books at its end.

    Raises
    ------
    BooksMismatchError
        If the cash or a position differs.

    Notes
    -----
    A deposit that the file does not list may have come after its last line, so the cash without it
    is right too.
    """
    with_cash = [each for each in lines if each.net_cash_fen and each.cash_balance_fen is not None]
    closing = closing_balances(
        [(each.net_cash_fen, each.cash_balance_fen or 0) for each in with_cash]
    )
    unlisted = sum(flow.fen for flow in flows if not flow.is_in_export)
    if closing and not closing & {after.cash_fen, after.cash_fen - unlisted}:
        raise BooksMismatchError(
            "The cash in the books is not the broker's.",
            where=f"{with_cash[-1].where}, column '资金余额'",
            expected=" or ".join(cny_text(fen) for fen in sorted(closing)),
            found=f"{cny_text(after.cash_fen)} in the books",
            hint=(
                "a deposit or withdrawal may be missing in config/cashflow.json; where the books "
                "are wrong, set prod_config.json right and run with --adopt"
            ),
        )
    for instrument in sorted({each.instrument for each in lines if each.effect in _SHARE_SIGN}):
        _reconcile_position(instrument, lines, after=after)


def closing_balances(moves: Sequence[tuple[int, int]]) -> set[int]:
    """Return what the balance may be after the last of some movements.

    Parameters
    ----------
    moves : sequence of (int, int)
        Signed movement and the balance after it, oldest or newest first.

    Returns
    -------
    set of int
        The one closing balance, if the balances show the direction; otherwise all of them.

    Examples
    --------
    >>> closing_balances([(-10, 90), (-20, 70)])
    {70}
    >>> closing_balances([(-20, 70), (-10, 90)])
    {70}
    """
    pairs = list(itertools.pairwise(moves))
    if all(earlier[1] + later[0] == later[1] for earlier, later in pairs):
        return {balance for _, balance in moves[-1:]}
    if all(later[1] + earlier[0] == earlier[1] for earlier, later in pairs):
        return {moves[0][1]}
    return {balance for _, balance in moves}


def _reconcile_position(instrument: str, lines: Sequence[BrokerLine], *, after: Books) -> None:
    moving = [
        each
        for each in lines
        if each.instrument == instrument
        and each.effect in _SHARE_SIGN
        and each.position_balance is not None
    ]
    closing = closing_balances(
        [(_SHARE_SIGN[each.effect] * each.shares, each.position_balance or 0) for each in moving]
    )
    held = after.position(instrument).shares
    if closing and held not in closing:
        raise BooksMismatchError(
            f"The position of {instrument!r} in the books is not the broker's.",
            where=f"{moving[-1].where}, column '证券余额'",
            expected=" or ".join(str(shares) for shares in sorted(closing)),
            found=f"{held} shares in the books",
            hint="compare the holdings; set prod_config.json right and run with --adopt",
        )

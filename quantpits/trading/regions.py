"""The rule books of the two regions, each number with its source and effective date.

``cn``: the A-share markets of Shanghai, Shenzhen and Beijing. ``us``: no lots, no daily limits,
sales on the day of the purchase, fees only where a workspace sets them.

Known simplifications, all of them on the careful side or before the data that this system reads:

- On the first day of a main-board listing before 2023-04-10 the band was +44 % / -36 % of the
  *issue price*, which market data do not carry; the day counts as one without a limit.
- Before 2015-08-01 Shanghai charged the transfer fee on par value; the first rate on notional
  stands for it.
- Greatest order sizes (main board one million shares, STAR 100,000) are not modelled; a person
  splits such orders.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from quantpits.errors import DataError
from quantpits.trading.fees import FeeRule
from quantpits.trading.limits import LimitRule
from quantpits.trading.lots import LotRule
from quantpits.trading.money import rate_to_e8
from quantpits.trading.rulebook import ALWAYS, EVERY_BOARD, RuleBook

__all__ = ["CN_RULES", "US_RULES", "rule_book"]

MAIN: Final = "main"
CHINEXT: Final = "chinext"
STAR: Final = "star"
BEIJING: Final = "beijing"
US_LISTED: Final = "us"

_SSE_SZSE = "Trading rules of the Shanghai and Shenzhen stock exchanges"
_STAR = "SSE special rules for STAR market trading (2019-03-01), first session 2019-07-22"
_CHINEXT = "SZSE special rules for ChiNext trading (2020-06-12), in force 2020-08-24"
_BSE = "Beijing stock exchange trading rules (2021-11-02), first session 2021-11-15"
_REGISTRATION = "SSE and SZSE trading rules revised 2023-02-17, first listings 2023-04-10"
_ST_10 = "SSE and SZSE notices on risk-warned main-board shares, in force 2026-07-06"
_BROKER = "customary retail contract; set the rate of your own broker"
_STAMP_2008 = "Ministry of Finance and State Taxation Administration, sales only from 2008-09-19"
_STAMP_2023 = "Ministry of Finance and State Taxation Administration notice 2023 no. 39"
_TRANSFER_2015 = (
    "ChinaClear, uniform 0.02 per mille of notional for Shanghai and Shenzhen from 2015-08-01"
)
_TRANSFER_BSE = "ChinaClear, 0.025 per mille of notional for Beijing until 2022-04-28"
_TRANSFER_2022 = "ChinaClear notice of 2022-04-28: 0.01 per mille of notional, all three exchanges"

# 920xxx, 8xxxxx and 4xxxxx are Beijing codes whatever exchange a data vendor puts before them.
_CN_BOARDS = (
    ("SH60", MAIN),
    ("SH68", STAR),
    ("SZ00", MAIN),
    ("SZ30", CHINEXT),
    ("BJ", BEIJING),
    ("SH920", BEIJING),
    ("SZ920", BEIJING),
    ("920", BEIJING),
    ("8", BEIJING),
    ("4", BEIJING),
)

_CN_LOTS = (
    LotRule(MAIN, ALWAYS, 100, 100, _SSE_SZSE),
    LotRule(CHINEXT, ALWAYS, 100, 100, _CHINEXT),
    LotRule(STAR, ALWAYS, 200, 1, _STAR),
    LotRule(BEIJING, ALWAYS, 100, 1, _BSE),
)

_CN_LIMITS = (
    LimitRule(MAIN, ALWAYS, 1_000, 500, 1, _SSE_SZSE),
    LimitRule(MAIN, date(2023, 4, 10), 1_000, 500, 5, _REGISTRATION),
    LimitRule(MAIN, date(2026, 7, 6), 1_000, 1_000, 5, _ST_10),
    LimitRule(CHINEXT, ALWAYS, 1_000, 1_000, 1, _SSE_SZSE),
    LimitRule(CHINEXT, date(2020, 8, 24), 2_000, 2_000, 5, _CHINEXT),
    LimitRule(STAR, ALWAYS, 2_000, 2_000, 5, _STAR),
    LimitRule(BEIJING, ALWAYS, 3_000, 3_000, 1, _BSE),
)

_CN_FEES = (
    FeeRule("buy_commission", EVERY_BOARD, ALWAYS, rate_to_e8(0.00025), 500, _BROKER),
    FeeRule("sell_commission", EVERY_BOARD, ALWAYS, rate_to_e8(0.00025), 500, _BROKER),
    FeeRule("stamp_duty", EVERY_BOARD, ALWAYS, rate_to_e8(0.001), 0, _STAMP_2008),
    FeeRule("stamp_duty", EVERY_BOARD, date(2023, 8, 28), rate_to_e8(0.0005), 0, _STAMP_2023),
    FeeRule("transfer", EVERY_BOARD, ALWAYS, rate_to_e8(0.00002), 0, _TRANSFER_2015),
    FeeRule("transfer", EVERY_BOARD, date(2022, 4, 29), rate_to_e8(0.00001), 0, _TRANSFER_2022),
    FeeRule("transfer", BEIJING, ALWAYS, rate_to_e8(0.000025), 0, _TRANSFER_BSE),
    FeeRule("transfer", BEIJING, date(2022, 4, 29), rate_to_e8(0.00001), 0, _TRANSFER_2022),
)

CN_RULES = RuleBook(
    region="cn",
    boards=_CN_BOARDS,
    lots=_CN_LOTS,
    limits=_CN_LIMITS,
    fees=_CN_FEES,
    sell_after_sessions=1,
    free_move_bps=2_000,
)

US_RULES = RuleBook(
    region="us",
    boards=(("", US_LISTED),),
    lots=(LotRule(US_LISTED, ALWAYS, 1, 1, "US exchanges trade single shares"),),
    limits=(LimitRule(US_LISTED, ALWAYS, 0, 0, 0, "US exchanges have no daily price limit"),),
    fees=tuple(
        FeeRule(item, EVERY_BOARD, ALWAYS, 0, 0, "no fee unless the workspace sets one")
        for item in ("buy_commission", "sell_commission", "stamp_duty", "transfer")
    ),
    sell_after_sessions=0,
    free_move_bps=500,
)


def rule_book(
    region: str,
    *,
    open_cost: float | Decimal | None = None,
    close_cost: float | Decimal | None = None,
    min_cost_cny: float | Decimal | None = None,
    free_move_bps: int | None = None,
) -> RuleBook:
    """Return the rule book of a region, with what a workspace sets instead.

    Parameters
    ----------
    region : {"cn", "us"}
        Whose rules.
    open_cost, close_cost : float or Decimal, optional
        Qlib's flat costs of a purchase and a sale [fraction of the notional]. Given together, they
        replace every fee of the book.
    min_cost_cny : float or Decimal, optional
        Smallest commission of an order [CNY]. Without it the book's own minimum stays, and flat
        costs have none.
    free_move_bps : int, optional
        The move to reckon with where there is no limit [1e-4].

    Returns
    -------
    RuleBook
        The book.

    Raises
    ------
    DataError
        If the region is unknown, or only one of the two flat costs is given.
    NonFiniteError
        If a cost is not a number in its range.

    Examples
    --------
    >>> rule_book("cn").board("SH688001")
    'star'
    """
    books = {"cn": CN_RULES, "us": US_RULES}
    if region not in books:
        raise DataError(
            "There is no rule book for a region.", expected="'cn' or 'us'", found=region
        )
    if (open_cost is None) != (close_cost is None):
        raise DataError(
            "Flat costs replace the fees of both sides, but only one of them is set.",
            where="exchange_kwargs",
            expected="open_cost and close_cost, or neither",
            found={"open_cost": open_cost, "close_cost": close_cost},
        )
    book = books[region]
    if open_cost is not None and close_cost is not None:
        book = book.with_flat_costs(open_cost=open_cost, close_cost=close_cost)
    if min_cost_cny is not None:
        book = book.with_minimum_commission(Decimal(str(min_cost_cny)))
    return book if free_move_bps is None else replace(book, free_move_bps=free_move_bps)

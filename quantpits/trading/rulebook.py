"""The rule book: lots, price limits and fees, by board and date.

A `RuleBook` is a value: tables of dated rules and a few numbers. The books of the two regions stand
in `quantpits.trading.regions`, each rule with its source and effective date; a workspace that knows
better replaces a table (`dataclasses.replace`). A rule holds from its effective date until the next
one of the same board; before the first one the first one is used, since no order can be older than
its board.

The simulator, order sizing and the paper broker all ask here, and kernels receive the answer for
one session as `SessionRules`, a named tuple of arrays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

import numpy as np

from quantpits.errors import DataError, NonFiniteError, ShapeError
from quantpits.trading.fees import FeeItem, FeeRule, FeeSchedule
from quantpits.trading.limits import BPS, LimitRule, PriceLimits, limit_prices, worst_prices
from quantpits.trading.money import cny_to_fen, rate_to_e8

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantpits.trading.kernels import BoolArray, IntArray
    from quantpits.trading.lots import LotRule

__all__ = ["ALWAYS", "EVERY_BOARD", "RuleBook", "SessionRules"]

ALWAYS = date(1990, 12, 19)  # the first session of the Shanghai exchange
EVERY_BOARD = ""
_LONG_LISTED = 2**62
_WORKSPACE = "set by the workspace"


class _Dated(Protocol):
    @property
    def board(self) -> str: ...

    @property
    def effective(self) -> date: ...


DatedRule = TypeVar("DatedRule", bound=_Dated)


class SessionRules(NamedTuple):
    """One session's rules for N instruments, as kernels read them.

    Attributes
    ----------
    limit_down_fen, limit_up_fen : int64 [N]
        The limits of the session [fen], 0 where there is none.
    worst_sell_fen, worst_buy_fen : int64 [N]
        The price to reckon with before the session [fen], 0 where there is no reference price.
    minimum_shares, step_shares : int64 [N]
        Lot rule of purchases [shares].
    rates : int64 [N, 5]
        Fee schedules, columns as `quantpits.trading.fees.FEE_COLUMNS`.
    """

    limit_down_fen: IntArray
    limit_up_fen: IntArray
    worst_sell_fen: IntArray
    worst_buy_fen: IntArray
    minimum_shares: IntArray
    step_shares: IntArray
    rates: IntArray


@dataclass(frozen=True, slots=True)
class RuleBook:
    """The rules of one region.

    Attributes
    ----------
    region : str
        ``"cn"`` or ``"us"``.
    boards : tuple of (str, str)
        Prefix of the instrument and its board; the longest prefix that fits counts.
    lots : tuple of LotRule
        Lots by board and date.
    limits : tuple of LimitRule
        Price limits by board and date.
    fees : tuple of FeeRule
        Fees by item, board and date.
    sell_after_sessions : int
        Sessions a purchase must wait before its sale: 1 is "T+1".
    free_move_bps : int
        The move to reckon with where there is no limit [1e-4].
    """

    region: str
    boards: tuple[tuple[str, str], ...]
    lots: tuple[LotRule, ...]
    limits: tuple[LimitRule, ...]
    fees: tuple[FeeRule, ...]
    sell_after_sessions: int
    free_move_bps: int

    def board(self, instrument: str) -> str:
        """Return the board of an instrument, from its code.

        Parameters
        ----------
        instrument : str
            Such as ``"SH600000"``.

        Returns
        -------
        str
            The board's name in this book.

        Raises
        ------
        DataError
            If no prefix fits: a lot or limit is never guessed.
        """
        fitting = [
            (prefix, board) for prefix, board in self.boards if instrument.startswith(prefix)
        ]
        if not fitting:
            raise DataError(
                "The rule book knows no board for an instrument.",
                where=instrument,
                expected="a code that starts with " + ", ".join(p for p, _ in self.boards),
                hint="Take the instrument out of the universe, or add its prefix to the rule book.",
            )
        return max(fitting, key=lambda entry: len(entry[0]))[1]

    def lot_rule(self, instrument: str, day: date) -> LotRule:
        """Return the lot rule of an instrument on a day.

        Parameters
        ----------
        instrument : str
            Such as ``"SH600000"``.
        day : date
            The session.

        Returns
        -------
        LotRule
            Minimum and step [shares].

        Raises
        ------
        DataError
            If the instrument has no board, or its board no lot rule.
        """
        return _in_force(self.lots, self.board(instrument), day)

    def limit_rule(self, instrument: str, day: date) -> LimitRule:
        """Return the limit rule of an instrument on a day.

        Parameters
        ----------
        instrument : str
            Such as ``"SH600000"``.
        day : date
            The session.

        Returns
        -------
        LimitRule
            Ratios [1e-4] and sessions without a limit.

        Raises
        ------
        DataError
            If the instrument has no board, or its board no limit rule.
        """
        return _in_force(self.limits, self.board(instrument), day)

    def fee_schedule(self, instrument: str, day: date) -> FeeSchedule:
        """Return the fees of an instrument on a day.

        Parameters
        ----------
        instrument : str
            Such as ``"SH600000"``.
        day : date
            The session.

        Returns
        -------
        FeeSchedule
            Rates [1e-8] and the minimum commission [fen].

        Raises
        ------
        DataError
            If the instrument has no board, or an item no rule.
        """
        return self._board_fees(self.board(instrument), day)

    def limit_ratio_bps(
        self,
        instrument: str,
        day: date,
        *,
        is_st: bool = False,
        sessions_listed: int | None = None,
    ) -> int:
        """Return the greatest move of an instrument in a session.

        Parameters
        ----------
        instrument : str
            Such as ``"SH600000"``.
        day : date
            The session.
        is_st : bool
            Whether the share is risk-warned.
        sessions_listed : int, optional
            Sessions since listing, this one included: 1 on the first day. None for long listed.

        Returns
        -------
        int
            The ratio [1e-4], 0 for no limit.

        Raises
        ------
        DataError
            If the instrument has no board, or its board no limit rule.
        """
        rule = self.limit_rule(instrument, day)
        listed = _LONG_LISTED if sessions_listed is None else sessions_listed
        return _ratio_bps(rule, is_st=is_st, sessions_listed=listed)

    def price_limits(
        self,
        instrument: str,
        day: date,
        *,
        reference_fen: int,
        is_st: bool = False,
        sessions_listed: int | None = None,
    ) -> PriceLimits:
        """Return the band of an instrument's prices in a session.

        Parameters
        ----------
        instrument : str
            Such as ``"SH600000"``.
        day : date
            The session.
        reference_fen : int
            Previous close, or the theoretical ex-price on an ex-date [fen].
        is_st : bool
            Whether the share is risk-warned.
        sessions_listed : int, optional
            Sessions since listing, this one included: 1 on the first day. None for long listed.

        Returns
        -------
        PriceLimits
            Lowest and highest price [fen], None where there is no limit.

        Raises
        ------
        DataError
            If the instrument has no board, or its board no limit rule.
        """
        ratio = self.limit_ratio_bps(instrument, day, is_st=is_st, sessions_listed=sessions_listed)
        down, up = limit_prices(np.array([reference_fen]), np.array([ratio]))
        return PriceLimits(int(down[0]) or None, int(up[0]) or None)

    def session_rules(
        self,
        instruments: Sequence[str],
        day: date,
        *,
        reference_fen: IntArray,
        is_st: BoolArray | None = None,
        sessions_listed: IntArray | None = None,
    ) -> SessionRules:
        """Return one session's rules for many instruments.

        Parameters
        ----------
        instruments : sequence of str [N]
            The instruments, in the order of the arrays.
        day : date
            The session.
        reference_fen : int64 [N]
            Previous close, or the theoretical ex-price on an ex-date [fen]; 0 where there is none.
        is_st : bool [N], optional
            Which shares are risk-warned; none by default.
        sessions_listed : int64 [N], optional
            Sessions since listing, this one included: 1 on the first day. All long listed by
            default.

        Returns
        -------
        SessionRules
            Arrays over the instruments.

        Raises
        ------
        DataError
            If an instrument has no board, or a board no rule.
        ShapeError
            If an array has another length than `instruments`.
        """
        count = len(instruments)
        warned = np.zeros(count, dtype=np.bool_) if is_st is None else is_st
        listed = (
            np.full(count, _LONG_LISTED, dtype=np.int64)
            if sessions_listed is None
            else sessions_listed
        )
        for name, array in (
            ("reference_fen", reference_fen),
            ("is_st", warned),
            ("sessions_listed", listed),
        ):
            if array.shape != (count,):
                raise ShapeError(
                    f"The array {name!r} does not fit the instruments.",
                    expected=(count,),
                    found=array.shape,
                )
        boards = [self.board(name) for name in instruments]
        limits = {board: _in_force(self.limits, board, day) for board in set(boards)}
        lots = {board: _in_force(self.lots, board, day) for board in set(boards)}
        rates = {board: self._board_fees(board, day).row() for board in set(boards)}
        ratio = np.array(
            [
                _ratio_bps(limits[board], is_st=bool(st), sessions_listed=int(age))
                for board, st, age in zip(boards, warned, listed, strict=True)
            ],
            dtype=np.int64,
        )
        down, up = limit_prices(reference_fen, ratio)
        sell, buy = worst_prices(reference_fen, ratio, free_move_bps=self.free_move_bps)
        return SessionRules(
            limit_down_fen=down,
            limit_up_fen=up,
            worst_sell_fen=sell,
            worst_buy_fen=buy,
            minimum_shares=np.array([lots[b].minimum_shares for b in boards], dtype=np.int64),
            step_shares=np.array([lots[b].step_shares for b in boards], dtype=np.int64),
            rates=np.array([rates[b] for b in boards], dtype=np.int64).reshape(count, 5),
        )

    def with_flat_costs(
        self, *, open_cost: float | Decimal, close_cost: float | Decimal
    ) -> RuleBook:
        """Return this book with Qlib's flat costs in the place of its fees.

        Parameters
        ----------
        open_cost, close_cost : float or Decimal
            Cost of a purchase and of a sale [fraction of the notional].

        Returns
        -------
        RuleBook
            Costs as two commissions without a minimum; no stamp duty, no transfer fee.

        Raises
        ------
        NonFiniteError
            If a rate is outside [0, 1].
        """
        items: tuple[tuple[FeeItem, float | Decimal], ...] = (
            ("buy_commission", open_cost),
            ("sell_commission", close_cost),
            ("stamp_duty", 0.0),
            ("transfer", 0.0),
        )
        fees = tuple(
            FeeRule(item, EVERY_BOARD, ALWAYS, rate_to_e8(rate), 0, _WORKSPACE)
            for item, rate in items
        )
        return replace(self, fees=fees)

    def with_flat_limit(self, limit_threshold: float | Decimal) -> RuleBook:
        """Return this book with one price limit for every board, share and day.

        Parameters
        ----------
        limit_threshold : float or Decimal
            Greatest move [fraction]; four decimals count.

        Returns
        -------
        RuleBook
            Limits without exception for risk-warned or newly listed shares.

        Raises
        ------
        NonFiniteError
            If the move is not between 0.0001 and 1.
        """
        ratio_bps = int((Decimal(str(limit_threshold)) * BPS).to_integral_value(ROUND_HALF_UP))
        if not 0 < ratio_bps <= BPS:
            raise NonFiniteError(
                "A flat price limit is out of range.",
                expected="a fraction above 0 and at most 1",
                found=limit_threshold,
            )
        boards = {board for _, board in self.boards}
        limits = tuple(
            LimitRule(board, ALWAYS, ratio_bps, ratio_bps, 0, _WORKSPACE)
            for board in sorted(boards)
        )
        return replace(self, limits=limits)

    def with_minimum_commission(self, minimum_cny: Decimal) -> RuleBook:
        """Return this book with another smallest commission.

        Parameters
        ----------
        minimum_cny : Decimal
            Smallest commission of an order [CNY].

        Returns
        -------
        RuleBook
            The same rates, all commissions with this minimum.

        Raises
        ------
        NonFiniteError
            If the amount is not a number, or negative.
        """
        minimum_fen = cny_to_fen(minimum_cny)
        if minimum_fen < 0:
            raise NonFiniteError("A minimum commission is negative.", found=minimum_cny)
        fees = tuple(
            replace(rule, minimum_fen=minimum_fen, source=_WORKSPACE)
            if rule.item in {"buy_commission", "sell_commission"}
            else rule
            for rule in self.fees
        )
        return replace(self, fees=fees)

    def _board_fees(self, board: str, day: date) -> FeeSchedule:
        buy = self._fee_rule("buy_commission", board, day)
        sell = self._fee_rule("sell_commission", board, day)
        return FeeSchedule(
            buy_commission_e8=buy.rate_e8,
            sell_commission_e8=sell.rate_e8,
            minimum_commission_fen=buy.minimum_fen,
            stamp_duty_e8=self._fee_rule("stamp_duty", board, day).rate_e8,
            transfer_e8=self._fee_rule("transfer", board, day).rate_e8,
        )

    def _fee_rule(self, item: FeeItem, board: str, day: date) -> FeeRule:
        rules = tuple(rule for rule in self.fees if rule.item == item)
        own = tuple(rule for rule in rules if rule.board == board)
        return _in_force(own or rules, board if own else EVERY_BOARD, day)


def _in_force(rules: tuple[DatedRule, ...], board: str, day: date) -> DatedRule:
    of_board = sorted((r for r in rules if r.board == board), key=lambda rule: rule.effective)
    if not of_board:
        raise DataError(
            "The rule book has no rule for a board.",
            where=board or "every board",
            hint="Add the rule to the table that the workspace replaced.",
        )
    in_force = [rule for rule in of_board if rule.effective <= day]
    return in_force[-1] if in_force else of_board[0]


def _ratio_bps(rule: LimitRule, *, is_st: bool, sessions_listed: int) -> int:
    if sessions_listed <= rule.free_sessions:
        return 0
    return rule.st_ratio_bps if is_st else rule.ratio_bps

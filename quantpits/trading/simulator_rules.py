"""What a simulation is told and what it answers: values for callers, in front of the kernels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from quantpits.errors import NonFiniteError, ShapeError
from quantpits.trading.selection import DecisionRule

if TYPE_CHECKING:
    from quantpits.trading.kernels import FloatArray, IntArray
    from quantpits.trading.simulator_schedule import DateArray

__all__ = ["Execution", "Opening", "SimulationResult", "SimulationRules"]

Execution: TypeAlias = Literal["next_session", "qlib"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationRules:
    """The strategy of a simulation.

    Attributes
    ----------
    topk, n_drop : int
        Names to hold, and to replace at most.
    strategy : {"topk_dropout", "topk_buffer"}
        Which rule decides.
    buy_suggestion_factor : int
        Width of the buffer, and candidates named for each purchase.
    only_tradable : bool
        Whether untradable names are passed over when choosing.
    corrected : bool
        False repeats Qlib's quirks; see `quantpits.trading.decision`.
    hold_thresh : int
        Sessions (or steps) a position must have been held before its sale.
    risk_degree : float
        Share of the funds that purchases may spend [fraction].
    is_replacing : bool
        Whether alternates take the places of purchases that could not be traded; only in
        ``next_session``.
    """

    topk: int
    n_drop: int
    strategy: Literal["topk_dropout", "topk_buffer"] = "topk_dropout"
    buy_suggestion_factor: int = 1
    only_tradable: bool = True
    corrected: bool = True
    hold_thresh: int = 1
    risk_degree: float = 0.95
    is_replacing: bool = False

    def decision_rule(self) -> DecisionRule:
        """Return the parameters of the decision, as kernels read them.

        Returns
        -------
        DecisionRule
            The parameters.

        Raises
        ------
        ShapeError
            If a parameter is out of range, or the buffer rule is asked for Qlib's quirks.
        NonFiniteError
            If the risk degree is not a fraction above 0.
        """
        if (
            self.topk < 1
            or self.n_drop < 0
            or self.buy_suggestion_factor < 1
            or self.hold_thresh < 0
        ):
            raise ShapeError(
                "A parameter of the strategy is out of range.",
                expected="topk ≥ 1, n_drop ≥ 0, buy_suggestion_factor ≥ 1, hold_thresh ≥ 0",
                found=(self.topk, self.n_drop, self.buy_suggestion_factor, self.hold_thresh),
            )
        if self.strategy == "topk_buffer" and not self.corrected:
            raise ShapeError(
                "The buffer rule has no parity mode: Qlib has no such rule.",
                expected="corrected: true",
                found="corrected: false",
            )
        if not 0 < self.risk_degree <= 1:
            raise NonFiniteError(
                "The risk degree is not a fraction.",
                expected="above 0 and at most 1",
                found=self.risk_degree,
            )
        return DecisionRule(
            topk=self.topk,
            n_drop=self.n_drop,
            buy_suggestion_factor=self.buy_suggestion_factor,
            is_only_tradable=self.only_tradable,
            is_corrected=self.corrected,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Opening:
    """The account before the first session.

    Attributes
    ----------
    cash : int or float
        Cash: whole fen in ``next_session``, CNY in ``qlib``.
    shares : float64 or int64 [N], optional
        Shares held, raw in ``next_session`` and adjusted in ``qlib``; none by default.
    held_steps : int64 [N], optional
        Sessions (or steps) each position has been held; 0 by default, which Qlib counts as too
        short for any `hold_thresh` above 0.
    """

    cash: float
    shares: FloatArray | IntArray | None = None
    held_steps: IntArray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SimulationResult:
    """The path of an account, net of costs, one row a session (in ``qlib`` a step).

    Attributes
    ----------
    execution : {"next_session", "qlib"}
        The timing.
    unit : {"fen", "cny"}
        Unit of the amounts: whole fen as int64, or CNY as float64.
    dates : datetime64[D] [T]
        Sessions, or first sessions of the steps.
    opening : int or float
        Value of the account before the first row.
    nav, cash : int64 or float64 [T]
        Account value and cash at the end of the row.
    turnover, cost : int64 or float64 [T]
        Notional traded, both sides, and costs paid within the row.
    n_held : int64 [T]
        Positions at the end of the row.
    shares : int64 or float64 [T, N] or None
        Shares at the end of the row, if they were kept.
    """

    execution: Execution
    unit: Literal["fen", "cny"]
    dates: DateArray
    opening: float
    nav: IntArray | FloatArray
    cash: IntArray | FloatArray
    turnover: IntArray | FloatArray
    cost: IntArray | FloatArray
    n_held: IntArray
    shares: IntArray | FloatArray | None

    @property
    def nav_cny(self) -> FloatArray:
        """Account value [CNY]."""
        return self.nav / 100.0 if self.unit == "fen" else np.asarray(self.nav, dtype=np.float64)

    @property
    def returns(self) -> FloatArray:
        """Simple return of each row, net of costs [fraction]; deposits would count as returns."""
        path = np.concatenate([[self.opening], self.nav]).astype(np.float64)
        return path[1:] / path[:-1] - 1.0

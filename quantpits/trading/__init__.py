"""The decision rule, the rule book, order sizing and filling: one of each, for research and live.

What this room is for: what to sell and buy, how many shares that is, what a session makes of it and
what it costs - by board and date, in whole fen and whole lots.

What may be imported from it: the names below, by steps and by the routine. The simulator to come
lives here and calls the kernels (``*_nb``) in its day loop.

What must never be here: files, clocks, environment, logging, randomness, configuration objects,
Qlib. Arrays and values come in, arrays and values go out.
"""

from __future__ import annotations

from quantpits.trading.buffer import topk_buffer_nb
from quantpits.trading.decision import Decision, topk_buffer, topk_dropout
from quantpits.trading.dropout import topk_dropout_nb
from quantpits.trading.fees import FeeRule, Fees, FeeSchedule, Side, fee_fen_nb, trade_fees
from quantpits.trading.filling import (
    Fill,
    FillBuffers,
    FillReason,
    Order,
    Role,
    SessionFills,
    SessionMarket,
    fill_buys_nb,
    fill_sales_nb,
    fill_session,
)
from quantpits.trading.kernels import kernel
from quantpits.trading.limits import (
    LimitRule,
    PriceLimits,
    ex_reference_fen,
    limit_prices,
    worst_prices,
)
from quantpits.trading.lots import LotRule, is_whole_lots, is_whole_lots_sale
from quantpits.trading.metrics import (
    PERIODS_PER_YEAR,
    RISK_FREE_ANNUAL,
    PathMetrics,
    drawdowns,
    path_metrics,
)
from quantpits.trading.money import cny_to_fen, fen_to_cny, prices_to_fen, rate_to_e8
from quantpits.trading.regions import CN_RULES, US_RULES, rule_book
from quantpits.trading.rulebook import RuleBook, SessionRules
from quantpits.trading.selection import DecisionBuffers, DecisionRule, decision_buffers
from quantpits.trading.simulator import simulate_sessions
from quantpits.trading.simulator_combos import (
    COMBO_COLUMNS,
    ComboPanel,
    ComboResults,
    ComboSimulation,
    ComboTerms,
    combo_simulation,
)
from quantpits.trading.simulator_market import RawBars, RawBefore, SessionInputs, session_inputs
from quantpits.trading.simulator_rules import (
    Execution,
    Opening,
    SimulationResult,
    SimulationRules,
)
from quantpits.trading.simulator_schedule import Frequency, QlibSteps, qlib_steps, signal_rows
from quantpits.trading.simulator_steps import (
    AdjustedBars,
    QlibExchange,
    QlibInputs,
    qlib_inputs,
    simulate_qlib,
    step_scores,
)
from quantpits.trading.sizing import (
    Sizing,
    affordable_shares_nb,
    purchase_cost_fen_nb,
    sale_net_fen_nb,
    size_buys_nb,
    size_orders,
)

__all__ = [
    "CN_RULES",
    "COMBO_COLUMNS",
    "PERIODS_PER_YEAR",
    "RISK_FREE_ANNUAL",
    "US_RULES",
    "AdjustedBars",
    "ComboPanel",
    "ComboResults",
    "ComboSimulation",
    "ComboTerms",
    "Decision",
    "DecisionBuffers",
    "DecisionRule",
    "Execution",
    "FeeRule",
    "FeeSchedule",
    "Fees",
    "Fill",
    "FillBuffers",
    "FillReason",
    "Frequency",
    "LimitRule",
    "LotRule",
    "Opening",
    "Order",
    "PathMetrics",
    "PriceLimits",
    "QlibExchange",
    "QlibInputs",
    "QlibSteps",
    "RawBars",
    "RawBefore",
    "Role",
    "RuleBook",
    "SessionFills",
    "SessionInputs",
    "SessionMarket",
    "SessionRules",
    "Side",
    "SimulationResult",
    "SimulationRules",
    "Sizing",
    "affordable_shares_nb",
    "cny_to_fen",
    "combo_simulation",
    "decision_buffers",
    "drawdowns",
    "ex_reference_fen",
    "fee_fen_nb",
    "fen_to_cny",
    "fill_buys_nb",
    "fill_sales_nb",
    "fill_session",
    "is_whole_lots",
    "is_whole_lots_sale",
    "kernel",
    "limit_prices",
    "path_metrics",
    "prices_to_fen",
    "purchase_cost_fen_nb",
    "qlib_inputs",
    "qlib_steps",
    "rate_to_e8",
    "rule_book",
    "sale_net_fen_nb",
    "session_inputs",
    "signal_rows",
    "simulate_qlib",
    "simulate_sessions",
    "size_buys_nb",
    "size_orders",
    "step_scores",
    "topk_buffer",
    "topk_buffer_nb",
    "topk_dropout",
    "topk_dropout_nb",
    "trade_fees",
    "worst_prices",
]

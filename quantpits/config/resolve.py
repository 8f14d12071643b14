"""One strategy out of three files that may each name parameters.

Precedence: ``strategy_config.yaml``, then ``prod_config.json`` for orders or ``model_config.json``
for backtests, then the other, then the default. Where two files disagree, the result says so in a
finding.
"""

from dataclasses import dataclass
from decimal import Decimal

from quantpits.config.model import ModelConfig
from quantpits.config.prod import ProdConfig
from quantpits.config.strategy import (
    DealPrice,
    Execution,
    StrategyConfig,
    StrategyName,
    StrategyParams,
)
from quantpits.errors import Finding

__all__ = ["StrategySettings", "resolve_strategy"]

_DEFAULT_TOPK = 20
_DEFAULT_N_DROP = 3
_DEFAULT_FACTOR = 2


@dataclass(frozen=True, slots=True)
class StrategySettings:
    """The decision rule and market rules, resolved.

    Attributes
    ----------
    name : {"topk_dropout", "topk_buffer"}
        The decision rule.
    topk, n_drop : int
        Names to hold, and names exchanged per rebalancing [count].
    buy_suggestion_factor : int
        Suggested buys per wanted buy [ratio].
    only_tradable : bool
        Whether names that cannot be traded are skipped.
    hold_thresh : int
        Shortest holding [sessions].
    risk_degree : float
        Share of the cash that is invested [fraction in (0, 1]].
    corrected : bool
        Whether the holdings never exceed `topk` and blocked budgets are redistributed.
    execution : {"next_session", "qlib"}
        When a signal is traded.
    deal_price : {"open", "close", "vwap"}
        Price that is traded.
    account_cny : Decimal
        Starting cash of a backtest [CNY].
    limit_threshold : float or None
        One price limit for every board [fraction]; None follows the rule book.
    open_cost, close_cost : Decimal or None
        Cost of purchases and sales [fraction of the notional]; None follows the fee schedule.
    min_cost_cny : Decimal or None
        Smallest fee of a trade [CNY]; None follows the fee schedule.
    """

    name: StrategyName = "topk_dropout"
    topk: int = _DEFAULT_TOPK
    n_drop: int = _DEFAULT_N_DROP
    buy_suggestion_factor: int = _DEFAULT_FACTOR
    only_tradable: bool = True
    hold_thresh: int = 1
    risk_degree: float = 0.95
    corrected: bool = True
    execution: Execution = "next_session"
    deal_price: DealPrice = "close"
    account_cny: Decimal = Decimal(100_000_000)
    limit_threshold: float | None = None
    open_cost: Decimal | None = None
    close_cost: Decimal | None = None
    min_cost_cny: Decimal | None = None


def resolve_strategy(
    strategy_config: StrategyConfig | None,
    model_config: ModelConfig,
    prod_config: ProdConfig | None = None,
) -> tuple[StrategySettings, tuple[Finding, ...]]:
    """Return the strategy of a workspace, and where its files disagree.

    Parameters
    ----------
    strategy_config : StrategyConfig or None
        None when the workspace has no such file.
    model_config : ModelConfig
        Read for backtests, and for orders after `prod_config`.
    prod_config : ProdConfig or None
        Given for orders; None for backtests.

    Returns
    -------
    settings : StrategySettings
        Resolved values.
    findings : tuple of Finding
        CFG001 TopK, CFG002 DropN, CFG003 buy_suggestion_factor, CFG004 market and CFG005 benchmark
        differ between files; CFG006 more names exchanged than held. All are warnings.
    """
    config = strategy_config if strategy_config is not None else StrategyConfig()
    params = config.strategy.params
    exchange = config.backtest.exchange_kwargs
    topk, findings = _pick(
        "CFG001", "TopK", _DEFAULT_TOPK, _sources("topk", params, prod_config, model_config)
    )
    n_drop, more = _pick(
        "CFG002", "DropN", _DEFAULT_N_DROP, _sources("n_drop", params, prod_config, model_config)
    )
    findings += more
    factor, more = _pick(
        "CFG003",
        "buy_suggestion_factor",
        _DEFAULT_FACTOR,
        _sources("buy_suggestion_factor", params, prod_config, None),
    )
    findings += more
    if prod_config is not None:
        findings += _market_findings(model_config, prod_config)
    if n_drop > topk:
        message = (
            f"DropN {n_drop} is larger than TopK {topk}; every holding may be exchanged at once"
        )
        findings += (Finding("CFG006", "warning", message, "strategy", "DropN"),)
    settings = StrategySettings(
        name=config.strategy.name,
        topk=topk,
        n_drop=n_drop,
        buy_suggestion_factor=factor,
        only_tradable=params.only_tradable,
        hold_thresh=params.hold_thresh,
        risk_degree=params.risk_degree,
        corrected=params.corrected,
        execution=config.backtest.execution,
        deal_price=exchange.deal_price,
        account_cny=config.backtest.account,
        limit_threshold=exchange.limit_threshold,
        open_cost=exchange.open_cost,
        close_cost=exchange.close_cost,
        min_cost_cny=exchange.min_cost,
    )
    return settings, findings


def _sources(
    field: str,
    params: StrategyParams,
    prod_config: ProdConfig | None,
    model_config: ModelConfig | None,
) -> list[tuple[str, int]]:
    """Return (file, value) for each file that sets the field, first wins."""
    files = (
        ("strategy_config.yaml", params),
        ("prod_config.json", prod_config),
        ("model_config.json", model_config),
    )
    # A model's default is not the user's wish, so only keys that the file has count.
    return [
        (name, getattr(model, field))
        for name, model in files
        if model is not None
        and field in model.model_fields_set
        and getattr(model, field) is not None
    ]


def _pick(
    code: str, key: str, default: int, sources: list[tuple[str, int]]
) -> tuple[int, tuple[Finding, ...]]:
    if not sources:
        return default, ()
    winner, value = sources[0]
    findings = tuple(
        Finding(
            code, "warning", f"{key} is {other} here but {value} in {winner}, which wins", name, key
        )
        for name, other in sources[1:]
        if other != value
    )
    return value, findings


def _market_findings(model_config: ModelConfig, prod_config: ProdConfig) -> tuple[Finding, ...]:
    pairs = (
        ("CFG004", "market", prod_config.market, model_config.market),
        ("CFG005", "benchmark", prod_config.benchmark, model_config.benchmark),
    )
    return tuple(
        Finding(
            code,
            "warning",
            f"{key} is {orders!r} for orders but {training!r} for training in model_config.json",
            "prod_config.json",
            key,
        )
        for code, key, orders, training in pairs
        if orders != training
    )

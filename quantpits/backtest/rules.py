"""A workspace's strategy and market rules, as the two simulators read them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from quantpits.trading import QlibExchange, SimulationRules, rule_book

if TYPE_CHECKING:
    from quantpits.config import StrategySettings
    from quantpits.market import MarketSource
    from quantpits.trading import Execution, QlibInputs, RuleBook

__all__ = ["CURRENCIES", "exchange_words", "qlib_exchange", "simulation_rules", "workspace_rules"]

CURRENCIES: Final = {"cn": "CNY", "us": "USD"}
"""What the amounts of a region are in, whatever the fields are called."""


# What Qlib's exchange has where a workspace sets nothing; see FORMATS of strategy_config.yaml.
_QLIB_EXCHANGES: Final = {
    "cn": QlibExchange(),
    "us": QlibExchange(
        open_cost=0.0, close_cost=0.0, min_cost=0.0, trade_unit=1, limit_threshold=None
    ),
}


def workspace_rules(market: MarketSource, settings: StrategySettings) -> RuleBook:
    """Return the rule book of a workspace: that of its market's region, with what it sets itself.

    Parameters
    ----------
    market : MarketSource
        Whose region.
    settings : StrategySettings
        Whose costs and flat limit.

    Returns
    -------
    RuleBook
        The same that orders are sized and paper sessions are settled with.

    Raises
    ------
    DataError
        If only one of the two flat costs is set.
    """
    book = rule_book(
        market.region,
        open_cost=settings.open_cost,
        close_cost=settings.close_cost,
        min_cost_cny=settings.min_cost_cny,
    )
    flat = settings.limit_threshold
    return book if flat is None else book.with_flat_limit(flat)


def simulation_rules(settings: StrategySettings, execution: Execution) -> SimulationRules:
    """Return a workspace's strategy as the simulator reads it.

    Parameters
    ----------
    settings : StrategySettings
        The strategy.
    execution : {"next_session", "qlib"}
        The timing. In ``qlib`` the dropout rule is Qlib's own, never corrected.

    Returns
    -------
    SimulationRules
        The strategy.
    """
    # Qlib's timing is there to equal Qlib, quirks included; the buffer rule has no such twin.
    is_parity = execution == "qlib" and settings.name == "topk_dropout"
    return SimulationRules(
        topk=settings.topk,
        n_drop=settings.n_drop,
        strategy=settings.name,
        buy_suggestion_factor=settings.buy_suggestion_factor,
        only_tradable=settings.only_tradable,
        corrected=settings.corrected and not is_parity,
        hold_thresh=settings.hold_thresh,
        risk_degree=settings.risk_degree,
    )


def qlib_exchange(market: MarketSource, settings: StrategySettings) -> QlibExchange:
    """Return a workspace's settings of Qlib's exchange.

    Parameters
    ----------
    market : MarketSource
        Whose region decides what is not set.
    settings : StrategySettings
        Costs and limit.

    Returns
    -------
    QlibExchange
        Flat costs, lots and limit.
    """
    exchange = _QLIB_EXCHANGES[market.region]
    given = {
        "open_cost": settings.open_cost,
        "close_cost": settings.close_cost,
        "min_cost": settings.min_cost_cny,
        "limit_threshold": settings.limit_threshold,
    }
    changes = {name: float(value) for name, value in given.items() if value is not None}
    return replace(exchange, **changes)  # type: ignore[arg-type]  # all of them are numbers


def exchange_words(
    market: MarketSource, settings: StrategySettings, *, qlib: QlibInputs | None
) -> str:
    """Return costs, lots and limits in words.

    Parameters
    ----------
    market : MarketSource
        Whose region.
    settings : StrategySettings
        What the workspace sets itself.
    qlib : QlibInputs or None
        The market in Qlib's timing; None in live timing.

    Returns
    -------
    str
        For the head of a report.
    """
    currency = CURRENCIES[market.region]
    if qlib is not None:
        flat = qlib.exchange
        limit = "none" if flat.limit_threshold is None else f"{flat.limit_threshold:.2%}"
        return (
            f"flat costs {flat.open_cost:.3%} / {flat.close_cost:.3%}, at least {flat.min_cost:g} "
            f"{currency}; limit {limit}; lots of {flat.trade_unit or 1}"
        )
    words = [f"rule book {market.region} by board and date"]
    if settings.open_cost is not None and settings.close_cost is not None:
        words.append(f"flat costs {settings.open_cost:.3%} / {settings.close_cost:.3%}")
    if settings.min_cost_cny is not None:
        words.append(f"smallest fee {settings.min_cost_cny} {currency}")
    if settings.limit_threshold is not None:
        words.append(f"limit {settings.limit_threshold:.2%} for every board")
    return ", ".join(words)

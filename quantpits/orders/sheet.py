"""The order sheet: what a person needs to place the orders, in the order of placing them.

Sales first, since they pay for the purchases; then the purchases, best first; then the alternates,
which are placed only where a purchase cannot be. `sheet_html` and `sheet_xlsx` draw the same sheet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantpits.orders.basket import exchange_of, styled_code
from quantpits.trading import fen_to_cny

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from decimal import Decimal
    from pathlib import Path

    from quantpits.orders.planned import PlannedOrder
    from quantpits.orders.request import OrderReport

__all__ = ["OrderSheet", "SheetLine", "SheetPart", "order_sheet", "sheet_path"]

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SYNTHETIC = "SYNTHETIC MARKET: these orders must not be placed."


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One order.

    Attributes
    ----------
    number : int
        Counted through the sheet.
    code : str
        As a terminal wants it typed: ``"000001"``.
    exchange : str
        ``"SH"``, ``"SZ"`` or ``"BJ"``; empty elsewhere.
    name : str
        Display name, where the market has it.
    shares : int
        How many.
    limit, close, amount : Decimal
        Worst price reckoned with, last close, and what it costs or brings at the limit [CNY].
    reason : str
        Why.
    """

    number: int
    code: str
    exchange: str
    name: str
    shares: int
    limit: Decimal
    close: Decimal
    amount: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class SheetPart:
    """Sales, purchases or alternates.

    Attributes
    ----------
    title : str
        What they are.
    note : str
        What to know when placing them.
    lines : tuple of SheetLine
        In the order of placing.
    total : Decimal or None
        What they come to at their limits [CNY]; None for alternates, which must not be summed.
    amount_title : str
        What the amounts are.
    """

    title: str
    note: str
    lines: tuple[SheetLine, ...]
    total: Decimal | None
    amount_title: str


@dataclass(frozen=True, slots=True)
class OrderSheet:
    """A session's orders on paper.

    Attributes
    ----------
    title : str
        The session.
    banner : str
        What must not be overlooked, or nothing.
    facts : tuple of (str, str)
        Where the orders come from, and what they come to.
    warnings : tuple of str
        What a person should know before placing them.
    parts : tuple of SheetPart
        Sales, purchases, alternates; those without a line are there too, so that nobody wonders.
    footer : str
        How the limit is meant.
    """

    title: str
    banner: str
    facts: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    parts: tuple[SheetPart, ...]
    footer: str


def sheet_path(folder: Path, suffix: str, *, label: str, trade_date: date) -> Path:
    """Return where the sheet lies.

    Parameters
    ----------
    folder : Path
        The output folder.
    suffix : {".xlsx", ".html"}
        Which of the two.
    label : str
        Whose scores the orders follow.
    trade_date : date
        The session they are for.

    Returns
    -------
    Path
        It may not exist.
    """
    return folder / f"order_sheet_{label}_{trade_date.isoformat()}{suffix}"


def order_sheet(report: OrderReport, *, is_synthetic: bool) -> OrderSheet:
    """Return the sheet of a session.

    Parameters
    ----------
    report : OrderReport
        The orders.
    is_synthetic : bool
        Whether the market is made up.

    Returns
    -------
    OrderSheet
        Numbered through, sales first.
    """
    totals = report.totals
    sales = [order for order in report.orders if order.side == "sell"]
    primaries = [o for o in report.orders if o.side == "buy" and o.role == "primary"]
    alternates = [order for order in report.orders if order.role == "alternate"]
    parts = (
        SheetPart(
            f"Sell ({len(sales)})",
            "Place these first; what they bring pays for the purchases. Whole positions.",
            _lines(sales, report, first=1),
            fen_to_cny(totals.proceeds_fen),
            "brings at least",
        ),
        SheetPart(
            f"Buy ({len(primaries)})",
            "In this order. Whole lots, payable at their limits with all fees.",
            _lines(primaries, report, first=len(sales) + 1),
            fen_to_cny(totals.purchases_fen),
            "costs at most",
        ),
        SheetPart(
            f"Alternates ({len(alternates)})",
            "Only in the place of a purchase above that cannot be had, one for one.",
            _lines(alternates, report, first=len(sales) + len(primaries) + 1),
            None,
            "costs at most",
        ),
    )
    weekday = _WEEKDAYS[report.trade_date.weekday()]
    return OrderSheet(
        title=f"Orders for {weekday}, {report.trade_date.isoformat()}",
        banner=_SYNTHETIC if is_synthetic else "",
        facts=_facts(report),
        warnings=tuple(
            f"{finding.code}: {finding.message}"
            for finding in report.findings
            if finding.severity != "info"
        ),
        parts=parts,
        footer=(
            "Limit: the worst price the session allows, for which the order is payable. Placed at "
            "it, an order is filled at the market's better price; in continuous trading an "
            "exchange may refuse prices far from the last one - then place nearer to it, never "
            "beyond the limit."
        ),
    )


def _lines(
    orders: Sequence[PlannedOrder], report: OrderReport, *, first: int
) -> tuple[SheetLine, ...]:
    return tuple(
        SheetLine(
            number=number,
            code=styled_code(order.instrument, "600000"),
            exchange=exchange_of(order.instrument),
            name=report.names.get(order.instrument, ""),
            shares=order.shares,
            limit=fen_to_cny(order.limit_price_fen),
            close=fen_to_cny(order.close_fen),
            amount=fen_to_cny(order.amount_fen),
            reason=order.reason,
        )
        for number, order in enumerate(orders, start=first)
    )


def _facts(report: OrderReport) -> tuple[tuple[str, str], ...]:
    provenance, totals = report.provenance, report.totals
    trained = sorted({str(day or "unknown") for day in provenance.trained_at.values()})
    source = f"combo {provenance.combo}" if provenance.combo else provenance.label
    method = f", {provenance.method}" if provenance.method else ""
    left = f"at least {fen_to_cny(totals.reserve_fen):,} CNY left"
    facts = [
        ("Workspace", report.workspace),
        ("Decided", f"after the close of {report.anchor_date}"),
        ("Market", f"{report.market_label}, universe {report.market}"),
        ("Scores", f"{source}{method}; of {provenance.last_date}"),
        ("Models", ", ".join(provenance.models) or "not told"),
        ("Trained through", ", ".join(trained) or "not told"),
        ("Prediction", f"{provenance.path.name}, sha256 {provenance.csv_sha256[:12]}"),
        ("Rule", report.strategy),
        ("Cash", f"{fen_to_cny(totals.cash_fen):,} CNY"),
        ("Afterwards", f"{totals.n_hold + totals.n_buy} positions, {left}"),
    ]
    if totals.deposits_fen:
        facts.insert(-1, ("Deposits due", f"{fen_to_cny(totals.deposits_fen):,} CNY"))
    return tuple(facts)

"""The files of a session's orders.

``sell_suggestion_{label}_{trade_date}.csv`` and ``buy_suggestion_{label}_{trade_date}.csv`` have
the columns of the earlier system, then what it lacked: ``role``, ``rank``, ``limit_price``,
``reason``. An empty side is a file with its header alone, so that nobody trades on one of an
earlier run. For a person there is ``order_sheet_{label}_{trade_date}``, as a workbook and as a page
to print; for a broker's terminal ``order_basket_{label}_{trade_date}.csv``; and the opinions of all
combos and models. ``order_plan_{label}_{trade_date}.json`` is written last and names the sha256 of
all of them, so a file that is not of this run, or was edited, can be told.

In words of money: ``limit_price`` is the worst price the session allows, ``estimated_amount`` what
the line costs at that price with fees, or brings after fees. Alternates each show what one purchase
in the place of a primary could take: their amounts must not be summed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from quantpits.orders.basket import basket_bytes, basket_path
from quantpits.orders.opinion_files import write_opinions
from quantpits.orders.sheet import order_sheet, sheet_path
from quantpits.orders.sheet_html import sheet_html
from quantpits.orders.sheet_xlsx import sheet_xlsx
from quantpits.trading import fen_to_cny
from quantpits.workspace.atomic import sha256_file, write_bytes, write_csv, write_json, write_text
from quantpits.workspace.manifest import to_jsonable

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from quantpits.config import BasketConfig
    from quantpits.orders.planned import PlannedOrder
    from quantpits.orders.request import OrderReport
    from quantpits.trading import DecisionRule

__all__ = ["ORDER_COLUMNS", "WrittenOrders", "order_path", "plan_path", "write_orders"]

SCHEMA_VERSION = 1

ORDER_COLUMNS = (
    "instrument",
    "datetime",
    "value",
    "estimated_amount",
    "score",
    "current_close",
    "role",
    "rank",
    "limit_price",
    "reason",
)
"""Columns of both files; amounts and prices in CNY with two decimals, the score with six."""


@dataclass(frozen=True, slots=True)
class WrittenOrders:
    """What lies where.

    Attributes
    ----------
    paths : tuple of Path
        Sales, purchases, sheet as workbook and page, basket, opinions and their twin, plan.
    changed : bool
        Whether any byte is new.
    """

    paths: tuple[Path, ...]
    changed: bool


def order_path(folder: Path, side: str, *, label: str, trade_date: date) -> Path:
    """Return where the orders of one side lie.

    Parameters
    ----------
    folder : Path
        The output folder.
    side : {"buy", "sell"}
        Which of the two files.
    label : str
        Whose scores they follow.
    trade_date : date
        The session they are for.

    Returns
    -------
    Path
        It may not exist.
    """
    return folder / f"{side}_suggestion_{label}_{trade_date.isoformat()}.csv"


def plan_path(folder: Path, *, label: str, trade_date: date) -> Path:
    """Return where the plan lies; parameters as for `order_path`."""
    return folder / f"order_plan_{label}_{trade_date.isoformat()}.json"


def write_orders(
    folder: Path,
    report: OrderReport,
    *,
    template: BasketConfig,
    rule: DecisionRule,
    is_synthetic: bool,
) -> WrittenOrders:
    """Write a session's orders.

    Parameters
    ----------
    folder : Path
        The output folder.
    report : OrderReport
        The orders; `outputs` and `changed` are not read.
    template : BasketConfig
        What the basket looks like.
    rule : DecisionRule
        What the orders and opinions were decided with.
    is_synthetic : bool
        Whether the market is made up, which the sheet must say.

    Returns
    -------
    WrittenOrders
        Where they lie, and whether anything is new.

    Raises
    ------
    OrderError
        If the basket cannot be written in the encoding of its template.
    ArtifactError
        If a file cannot be written.
    """
    label, trade_date = report.provenance.label, report.trade_date
    basket = basket_bytes(report, template)  # before the first write, since it can fail
    sheet = order_sheet(report, is_synthetic=is_synthetic)
    changed = False
    paths = []
    for side in ("sell", "buy"):
        path = order_path(folder, side, label=label, trade_date=trade_date)
        rows = [_row(order, trade_date) for order in report.orders if order.side == side]
        changed |= write_csv(path, ORDER_COLUMNS, rows)
        paths.append(path)
    book = sheet_path(folder, ".xlsx", label=label, trade_date=trade_date)
    changed |= write_bytes(book, sheet_xlsx(sheet))
    page = sheet_path(folder, ".html", label=label, trade_date=trade_date)
    changed |= write_text(page, sheet_html(sheet))
    basket_file = basket_path(folder, label=label, trade_date=trade_date)
    changed |= write_bytes(basket_file, basket)
    paths += [book, page, basket_file]
    if report.opinions is not None:
        opinions, is_new = write_opinions(folder, report.opinions, rule=rule)
        changed |= is_new
        paths += opinions
    plan = plan_path(folder, label=label, trade_date=trade_date)
    changed |= write_json(plan, _plan(report, {path.name: sha256_file(path) for path in paths}))
    return WrittenOrders((*paths, plan), changed)


def _row(order: PlannedOrder, trade_date: date) -> tuple[str, ...]:
    return (
        order.instrument,
        trade_date.isoformat(),
        str(order.shares),
        str(fen_to_cny(order.amount_fen)),
        "" if order.score is None else f"{order.score:.6f}",
        str(fen_to_cny(order.close_fen)),
        order.role,
        "" if order.rank is None else str(order.rank),
        str(fen_to_cny(order.limit_price_fen)),
        order.reason,
    )


def _plan(report: OrderReport, files: dict[str, str]) -> dict[str, Any]:
    # The prediction's name, not its place: the same orders have the same bytes in any workspace.
    provenance = {**asdict(report.provenance), "path": report.provenance.path.name}
    plan: dict[str, Any] = to_jsonable(
        {
            "schema_version": SCHEMA_VERSION,
            "anchor_date": report.anchor_date,
            "trade_date": report.trade_date,
            "market": report.market,
            "market_label": report.market_label,
            "strategy": report.strategy,
            "provenance": provenance,
            "totals": {
                **asdict(report.totals),
                "funds_fen": report.totals.funds_fen,
                "reserve_fen": report.totals.reserve_fen,
            },
            "orders": [asdict(order) for order in report.orders],
            "holds": list(report.holds),
            "checks": [asdict(check) for check in report.checks],
            "findings": [asdict(finding) for finding in report.findings],
            "files": files,
        }
    )
    return plan

"""Builders for the tests of the books: lines, workbooks, quotes."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from openpyxl import Workbook

from quantpits.market import Quotes
from quantpits.market.binary import encode_field, encode_sessions, feature_file
from quantpits.post_trade import PostTradeReport, PostTradeRequest
from quantpits.post_trade.brokers.contract import BrokerLine, Effect, LineKey, content_digest
from quantpits.post_trade.entries import (
    Position,
    adjustment_entry,
    cashflow_entry,
    line_entry,
    opening_entry,
)
from quantpits.post_trade.journal import (
    AppliedFlow,
    FlowKind,
    Journal,
    Mark,
    Session,
    Source,
    Transaction,
    TransactionKind,
)
from quantpits.post_trade.step import run
from quantpits.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

HEADER = (
    "交收日期",
    "证券代码",
    "证券名称",
    "交易类别",
    "成交价格",
    "成交数量",
    "成交金额",
    "资金发生数",
    "费用合计",
    "净佣金",
    "印花税",
    "过户费",
    "资金余额",
    "合同号",
)
DAY = date(2026, 1, 5)

LineMaker = Callable[..., BrokerLine]
TableMaker = Callable[..., bytes]


@pytest.fixture(scope="session")
def make_line() -> LineMaker:
    """Build one line: effect, instrument, shares and price decide the amounts."""

    def build(
        effect: Effect,
        instrument: str = "",
        shares: int = 0,
        price: str = "0",
        *,
        net: int | None = None,
        fee: int = 0,
        row: int = 7,
        day: date = DAY,
        same_day: bool = False,
        cash_balance: int | None = None,
        position_balance: int | None = None,
        ordinal: int = 1,
        sha: str = "a" * 64,
    ) -> BrokerLine:
        gross = int(Decimal(price) * shares * 100)
        if net is None:
            net = {Effect.BUY: -gross - fee, Effect.SELL: gross - fee}.get(effect, 0)
        facts = (day, instrument, effect.value, price, shares, gross, net)
        return BrokerLine(
            key=LineKey(sha, "Sheet1", row, ordinal),
            source_name=f"{day}-table.xlsx",
            settle_date=day,
            trade_type=effect.value,
            effect=effect,
            is_same_day=same_day,
            instrument=instrument,
            name="",
            price=Decimal(price),
            shares=shares,
            gross_fen=gross,
            net_cash_fen=net,
            fee_fen=fee,
            cash_balance_fen=cash_balance,
            position_balance=position_balance,
            content_sha256=content_digest(*facts),
            cells=(day.strftime("%Y%m%d"), instrument[2:], effect.value),
        )

    return build


@pytest.fixture(scope="session")
def make_table() -> TableMaker:
    """Build an export: rows as mappings of column to cell, under a preamble."""

    def build(
        rows: Sequence[Mapping[str, Any]],
        *,
        columns: Sequence[str] = HEADER,
        preamble: int = 5,
        sheet: str = "Sheet1",
        other_sheets: Sequence[str] = (),
    ) -> bytes:
        book = Workbook()
        table = book.active
        table.title = sheet
        for name in other_sheets:
            book.create_sheet(name, 0)
        for number in range(preamble):
            table.append([f"preamble {number}"])
        table.append(list(columns))
        for row in rows:
            table.append([row.get(column) for column in columns])
        for cells in table.iter_rows():
            for cell in cells:
                if cell.data_type == "f":  # text such as ="600000" is no formula here
                    cell.data_type = "s"
        written = io.BytesIO()
        book.save(written)
        return written.getvalue()

    return build


@pytest.fixture(scope="session")
def buy_row() -> dict[str, Any]:
    """One purchase: 1,000 shares at 10.25, fee 5.10."""
    return {
        "交收日期": "20260105",
        "证券代码": "600000",
        "证券名称": "浦发银行",
        "交易类别": "上海A股普通股票竞价买入",
        "成交价格": 10.25,
        "成交数量": 1000,
        "成交金额": 10250.0,
        "资金发生数": -10255.1,
        "费用合计": 5.1,
        "资金余额": 89744.9,
        "合同号": "C1",
    }


@pytest.fixture(scope="session")
def make_quotes() -> Callable[..., Quotes]:
    """Build raw prices by instrument; days without a value are NaN."""

    def build(
        days: Sequence[date],
        closes: Mapping[str, Sequence[float]],
        *,
        dividend: Mapping[str, Sequence[float]] | None = None,
        bonus: Mapping[str, Sequence[float]] | None = None,
        factor: Mapping[str, Sequence[float]] | None = None,
    ) -> Quotes:
        def table(values: Mapping[str, Sequence[float]], default: float = 0.0) -> np.ndarray:
            columns = [values.get(name, [default] * len(days)) for name in closes]
            return np.array(columns, dtype=np.float64).reshape(len(closes), len(days)).T.copy()

        return Quotes(
            dates=np.array(days, dtype="datetime64[D]"),
            instruments=tuple(closes),
            values={
                "close": table(closes),
                "dividend": table(dividend or {}),
                "bonus": table(bonus or {}),
                "factor": table(factor or {}, 1.0),
            },
        )

    return build


@pytest.fixture
def journal(make_line: LineMaker) -> Journal:
    """Two sessions by hand: a purchase with a suspended holding, then an adopted difference."""
    first, second = date(2026, 1, 5), date(2026, 1, 6)
    line = make_line(Effect.BUY, "SH600000", 100, "10.25", fee=510)
    opening = Transaction(
        kind=TransactionKind.OPENING,
        settle_date=date(2026, 1, 2),
        entries=(opening_entry(1_000_000, {"SZ000001": Position(30, 10_000)}),),
    )
    traded = Transaction(
        kind=TransactionKind.SESSION,
        settle_date=first,
        session=Session("equal", "SH000300", Decimal("3500.10"), is_assumed_empty=False),
        source=Source(
            "2026-01-05-table.xlsx",
            "a" * 64,
            "Sheet1",
            ("交收日期", "证券代码", "交易类别"),
            b"raw",
        ),
        lines=(line,),
        entries=(cashflow_entry(5_000), line_entry(line, Position())),
        marks=(
            Mark("SH600000", Decimal("10.50"), first, is_suspended=False),
            Mark("SZ000001", Decimal("3.333"), date(2026, 1, 2), is_suspended=True),
        ),
        flows=(AppliedFlow(date(2026, 1, 3), FlowKind.DATED, 5_000),),
    )
    quiet = Transaction(
        kind=TransactionKind.SESSION,
        settle_date=second,
        session=Session("other", "SH000300", None, is_assumed_empty=True),
        marks=(
            Mark("SH600000", Decimal("10.00"), second, is_suspended=False),
            Mark("SZ000001", Decimal("3.50"), second, is_suspended=False),
        ),
    )
    adopted = Transaction(
        kind=TransactionKind.ADJUSTMENT,
        settle_date=second,
        entries=(adjustment_entry(-100, {"SZ000001": Position(-30, -10_000)}),),
    )
    result = Journal()
    for transaction in (opening, traded, quiet, adopted):
        result = result.extended(transaction)
    return result


SESSIONS = tuple(date(2026, 1, day) for day in (5, 6, 7, 8, 9))
_PAST = (date(2025, 12, 30), date(2025, 12, 31))
_FUTURE = tuple(date(2026, 1, day) for day in (12, 13))
_NAN = float("nan")
# Raw closes of the past two and the five sessions; SZ000001 is suspended on 6 and 7 January,
# SZ300750 has not traded since 30 December, SH601398 has no price at all. On 6 January SH600104
# pays a dividend that the market data know, and the factor of SZ000002 jumps without a reason; an
# ETF is priced to 0.001, and the new share SH601138 trades from 8 January on.
_CLOSES = {
    "SH600000": (9.9, 10.0, 10.25, 10.5, 10.0, 9.8, 9.99),
    "SZ000001": (12.0, 12.1, 12.2, _NAN, _NAN, 12.5, 12.6),
    "SZ300750": (200.0, _NAN, _NAN, _NAN, _NAN, _NAN, _NAN),
    "SH601398": (_NAN,) * 7,
    "SH600104": (14.0, 14.0, 14.0, 13.5, 13.5, 13.5, 13.5),
    "SZ000002": (10.0, 10.0, 10.0, 8.0, 8.0, 8.0, 8.0),
    "SH510300": (4.111, 4.112, 4.123, 4.137, 4.119, 4.121, 4.125),
    "SH601138": (_NAN, _NAN, _NAN, _NAN, _NAN, 19.8, 21.78),
    "SH000300": (3490.0, 3500.0, 3510.1, 3520.2, 3530.3, 3540.4, 3550.5),
}
_FACTOR = {"SZ000001": (2.0,) * 7, "SZ000002": (1.0,) * 3 + (1.25,) * 4}
_DIVIDEND = {"SH600104": (0, 0, 0, 0.5, 0, 0, 0)}


def _write_market(folder: Path) -> None:
    """Write a market in Qlib's format: seven sessions with data and two known to come."""
    days = (*_PAST, *SESSIONS)
    calendars = folder / "calendars"
    calendars.mkdir(parents=True)
    (calendars / "day.txt").write_bytes(encode_sessions(np.array(days, "datetime64[D]")))
    whole = np.array((*days, *_FUTURE), "datetime64[D]")
    (calendars / "day_future.txt").write_bytes(encode_sessions(whole))
    for name, closes in _CLOSES.items():
        factor = np.array(_FACTOR.get(name, (1.0,) * len(days)))
        fields = {
            "close": np.array(closes) * factor,
            "factor": factor,
            "dividend": np.array(_DIVIDEND.get(name, (0.0,) * len(days))),
        }
        for field, values in fields.items():
            path = folder / feature_file(name, field)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encode_field(0, values))


class Account:
    """A workspace with a small market, and the broker who fills its data folder."""

    def __init__(self, root: Path, make_table: TableMaker) -> None:
        self._make_table = make_table
        self.workspace = Workspace(root)
        self.data = root / "data"
        if root.exists():
            return
        (root / "config").mkdir(parents=True)
        self.data.mkdir()
        _write_market(root / "market")
        self.write("market.yaml", "provider: qlib\nprovider_uri: market\nregion: cn\n")
        self.state(100_000)
        self.write("cashflow.json", {"cashflows": {}, "processed": {}})

    def twin(self) -> Account:
        """Return another account whose every file is the same."""
        root = self.workspace.root.with_name("Twin")
        shutil.copytree(self.workspace.root, root)
        return Account(root, self._make_table)

    def write(self, name: str, content: object) -> None:
        """Write a config file: text, or an object as JSON."""
        text = content if isinstance(content, str) else json.dumps(content, indent=4)
        (self.workspace.config_dir / name).write_text(text, encoding="utf-8")

    def state(self, cash: float, holdings: Sequence[tuple[str, int, float]] = ()) -> None:
        """Write the state that the user starts from, after 31 December."""
        self.write(
            "prod_config.json",
            {
                "model": "equal",
                "market": "csi300",
                "current_date": "2025-12-31",
                "initial_cash": 100000,
                "current_cash": cash,
                "TopK": 20,
                "current_holding": [
                    {"instrument": name, "value": str(shares), "amount": str(cost)}
                    for name, shares, cost in holdings
                ],
            },
        )

    def price(self, name: str, close: float) -> None:
        """Add an instrument of one price to the market."""
        n_days = len(_PAST) + len(SESSIONS)
        for field, value in (("close", close), ("factor", 1.0)):
            path = self.workspace.root / "market" / feature_file(name, field)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encode_field(0, np.full(n_days, value)))

    def settle(self, day: date, rows: Sequence[Mapping[str, Any]] = ()) -> Path:
        """Write the settlement file of a session."""
        dated = [{"交收日期": day.strftime("%Y%m%d"), **row} for row in rows]
        path = self.data / f"{day}-table.xlsx"
        path.write_bytes(self._make_table(dated))
        return path

    def settle_all(self, days: Sequence[date] = SESSIONS) -> None:
        """Write empty settlement files where there are none."""
        for day in days:
            if not (self.data / f"{day}-table.xlsx").exists():
                self.settle(day)

    def run(self, **request: Any) -> PostTradeReport:
        """Run post-trade."""
        return run(self.workspace, PostTradeRequest(**request))

    @property
    def config(self) -> dict[str, Any]:
        """The live state as the file shows it."""
        text = self.workspace.prod_config_path.read_text(encoding="utf-8")
        result: dict[str, Any] = json.loads(text)
        return result

    @property
    def cashflow(self) -> dict[str, Any]:
        """The cashflow file."""
        result: dict[str, Any] = json.loads(
            self.workspace.cashflow_path.read_text(encoding="utf-8")
        )
        return result

    def files(self) -> dict[str, bytes]:
        """Every file of the workspace except the lock, by name."""
        root = self.workspace.root
        return {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file() and not path.name.startswith(".lock")
        }


@pytest.fixture
def account(tmp_path: Path, make_table: TableMaker) -> Account:
    """A workspace with 100,000 CNY and no holdings."""
    return Account(tmp_path / "Account", make_table)


@pytest.fixture(scope="session")
def trade() -> Callable[..., dict[str, Any]]:
    """Build a row of a purchase or sale, with a fee of 5."""

    def build(side: str, instrument: str, shares: int, price: float) -> dict[str, Any]:
        fee = 5
        word = {"buy": "竞价买入", "sell": "竞价卖出"}[side]
        exchange = {"SH": "上海A股普通股票", "SZ": "深圳A股普通股票"}[instrument[:2]]
        gross = round(price * shares, 2)
        return {
            "证券代码": instrument[2:],
            "交易类别": f"{exchange}{word}",
            "成交价格": price,
            "成交数量": shares,
            "成交金额": gross,
            "资金发生数": round(-gross - fee if side == "buy" else gross - fee, 2),
            "费用合计": fee,
        }

    return build

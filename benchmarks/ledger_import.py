"""Ten years of weekly trading for 50 positions, about 26,000 fills: import and `ledger check`.

Run with ``python benchmarks/ledger_import.py [--sessions N]``; it makes its own market and account
in a temporary folder. Budgets: import in under 20 seconds, check in under 3.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from openpyxl import Workbook

from quantpits.market.binary import encode_field, encode_sessions, feature_file
from quantpits.post_trade import PostTradeRequest
from quantpits.post_trade.check import check_ledger
from quantpits.post_trade.rebuild import run as rebuild
from quantpits.post_trade.request import RebuildRequest
from quantpits.post_trade.step import run
from quantpits.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable

POSITIONS = 50
HEADER = ("交收日期", "证券代码", "交易类别", "成交价格", "成交数量", "成交金额", "资金发生数")
BUY, SELL = "上海A股普通股票竞价买入", "上海A股普通股票竞价卖出"


def write_market(folder: Path, days: list[date], names: list[str]) -> None:
    """Write constant closes of 10.00 in Qlib's format."""
    (folder / "calendars").mkdir(parents=True)
    content = encode_sessions(np.array(days, "datetime64[D]"))
    for name in ("day.txt", "day_future.txt"):
        (folder / "calendars" / name).write_bytes(content)
    for name in (*names, "SH000300"):
        for field, value in (("close", 10.0), ("factor", 1.0)):
            path = folder / feature_file(name, field)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encode_field(0, np.full(len(days), value)))


def write_account(root: Path, days: list[date], names: list[str]) -> int:
    """Write a workspace with a settlement file a week; return the number of fills."""
    (root / "config").mkdir(parents=True)
    (root / "data").mkdir()
    state: dict[str, Any] = {
        "model": "equal",
        "market": "all",
        "current_date": days[0].isoformat(),
        "current_cash": 10_000_000,
        "current_holding": [],
    }
    (root / "config" / "prod_config.json").write_text(json.dumps(state), encoding="utf-8")
    (root / "config" / "cashflow.json").write_text('{"cashflows": {}}', encoding="utf-8")
    text = "provider: qlib\nprovider_uri: market\nregion: cn\n"
    (root / "config" / "market.yaml").write_text(text, encoding="utf-8")
    n_fills = 0
    for number, day in enumerate(days[1:]):
        book = Workbook()
        table = book.active
        assert table is not None  # a new workbook has a sheet
        table.title = "Sheet1"
        for _ in range(5):
            table.append(["preamble"])
        table.append(HEADER)
        word, sign = (BUY, -1) if number % 2 == 0 else (SELL, 1)
        for name in names:
            amount = 1000.0
            row = (f"{day:%Y%m%d}", name[2:], word, 10.0, 100, amount, sign * amount - 5)
            table.append(row)
            n_fills += 1
        book.save(root / "data" / f"{day}-table.xlsx")
    return n_fills


def main() -> None:
    """Make the account, book it, check it, make it again; print the seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=520)
    sessions = parser.parse_args().sessions
    days = [date(2016, 1, 1) + timedelta(days=7 * week) for week in range(sessions + 1)]
    names = [f"SH6{number:05d}" for number in range(POSITIONS)]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "Account"
        n_fills = write_account(root, days, names)
        write_market(root / "market", days, names)
        workspace = Workspace(root)
        print(f"fills: {n_fills}")
        measured("import", lambda: run(workspace, PostTradeRequest()))
        measured("check", lambda: check_ledger(workspace))
        measured("nothing to do", lambda: run(workspace, PostTradeRequest()))
        workspace.ledger_path.unlink()
        measured("rebuild", lambda: rebuild(workspace, RebuildRequest()))


def measured(name: str, work: Callable[[], object]) -> None:
    """Print the seconds that something takes, and those of the processor."""
    start, spent = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - start, time.process_time() - spent
    print(f"{name}: {wall:.2f} s ({cpu:.2f} s of processor time)")


if __name__ == "__main__":
    main()

"""``ledger open`` as a step: from an earlier system's state and logs to books that are open.

The opening balances are those of ``prod_config.json``. The CSV logs of the earlier system are read
only to report what is wrong with them: rows that stand twice, sessions that are missing, and last
balances that are not those of the state. They are kept in ``data/history/``; the logs begin anew.
"""

from __future__ import annotations

import contextlib
import csv
import io
from collections import Counter
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from quantpits.errors import Finding, UsageError, name_list
from quantpits.market import load_calendar, resolve_market
from quantpits.post_trade import files
from quantpits.post_trade.broker_files import load_broker_files
from quantpits.post_trade.fold import books_at
from quantpits.post_trade.intact import load_intact
from quantpits.post_trade.journal import Journal
from quantpits.post_trade.money import cny_text, round_fen
from quantpits.post_trade.posting import Postings, post
from quantpits.post_trade.projections import DAILY_LOG, HOLDING_LOG, TRADE_LOG
from quantpits.post_trade.request import BooksReport
from quantpits.post_trade.state import (
    check_stated,
    config_books,
    opening_findings,
    opening_transaction,
)
from quantpits.workspace.lock import writer_lock
from quantpits.workspace.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from quantpits.config import ProdConfig
    from quantpits.market import TradingCalendar
    from quantpits.post_trade.request import OpenRequest
    from quantpits.workspace import Workspace
    from quantpits.workspace.progress import Progress

__all__ = ["log_findings", "run"]

_DATE, _CODE, _SHARES = "成交日期", "证券代码", "持仓数量"
_ENCODINGS = ("utf-8-sig", "gb18030")
# What each row of a log must be the only one of; a trade log may hold equal fills, which only the
# broker's files can tell from rows that were appended twice.
_KEYS = {DAILY_LOG: (_DATE,), HOLDING_LOG: (_DATE, _CODE)}

Row = dict[str, str]


def run(workspace: Workspace, request: OpenRequest, *, progress: Progress = SILENT) -> BooksReport:
    """Open the books with the state that the user starts from.

    Parameters
    ----------
    workspace : Workspace
        Whose books.
    request : OpenRequest
        Whether to write.
    progress : Progress
        Is told about the posting.

    Returns
    -------
    BooksReport
        The findings say what is wrong with the earlier logs; they do not stop the opening.

    Raises
    ------
    UsageError
        If the books are open already.
    NegativePositionError
        If the state has cash below zero.
    MissingArtifactError
        If there was a ledger and it is gone.
    WorkspaceLockedError
        If another command is writing to the workspace.
    """
    lock = contextlib.nullcontext() if request.dry_run else writer_lock(workspace, "ledger open")
    with lock:
        config, _, _ = load_broker_files(workspace)
        journal = load_intact(workspace)
        if journal.is_open:
            raise UsageError(
                "The books are open already.",
                where=workspace.relative(workspace.ledger_path),
                found=f"books from {journal.opening_date} to {journal.last_date}",
                hint="quantpits ledger adopt posts a difference; ledger correct takes entries back",
            )
        check_stated(config)
        logs = {name: _rows(workspace.data_dir / name) for name in (TRADE_LOG, *_KEYS)}
        calendar = load_calendar(resolve_market(workspace))
        findings = [*opening_findings(config), *log_findings(logs, config, calendar)]
        opened = Journal().extended(opening_transaction(config))
        written: list[Path] = []
        if not request.dry_run:
            findings += files.back_up_before_opening(workspace)
            written = post(
                workspace, journal, postings=Postings(opened), config=config, progress=progress
            )
        books = books_at(opened)
        return BooksReport(
            workspace=str(workspace.root),
            outputs=tuple(written),
            findings=tuple(findings),
            changed=True,
            is_dry_run=request.dry_run,
            lines=(
                (
                    f"The books open after {opened.last_date} with cash {cny_text(books.cash_fen)} "
                    f"and {len(books.positions)} positions that cost {cny_text(books.cost_fen)}."
                ),
            ),
            digest=opened.head,
        )


def log_findings(
    logs: Mapping[str, Sequence[Row]], config: ProdConfig, calendar: TradingCalendar
) -> tuple[Finding, ...]:
    """Return what is wrong with the logs of an earlier system.

    Parameters
    ----------
    logs : mapping of str to sequence of dict
        File name to its rows; no rows where there is no file.
    config : ProdConfig
        The state that the books open with.
    calendar : TradingCalendar
        The sessions of the market.

    Returns
    -------
    tuple of Finding
        PTR020 rows that stand twice, PTR021 sessions that are missing, PTR022 last balances that
        are not those of the state.
    """
    return (
        *_duplicates(logs),
        *_gaps(logs.get(DAILY_LOG, ()), config, calendar),
        *_differences(logs.get(HOLDING_LOG, ()), config),
    )


def _rows(path: Path) -> list[Row]:
    if not path.is_file():
        return []
    content = path.read_bytes()
    for encoding in _ENCODINGS:
        with contextlib.suppress(UnicodeDecodeError):
            text = content.decode(encoding)
            return [
                {key: value or "" for key, value in row.items() if isinstance(key, str)}
                for row in csv.DictReader(io.StringIO(text))
            ]
    return []


def _duplicates(logs: Mapping[str, Sequence[Row]]) -> list[Finding]:
    findings = []
    for name, rows in logs.items():
        keys = _KEYS.get(name)
        counts = Counter(
            tuple(row.get(key, "") for key in keys) if keys else tuple(row.values()) for row in rows
        )
        repeated = [key for key, count in counts.items() if count > 1]
        if repeated:
            surplus = sum(counts[key] - 1 for key in repeated)
            shown = name_list([" ".join(key[:4]) for key in repeated])
            what = "are equal to another; fills or repeats" if keys is None else "stand twice"
            text = f"{surplus} rows of {name} {what}: {shown}."
            findings.append(_finding("PTR020", text, name))
    return findings


def _gaps(rows: Iterable[Row], config: ProdConfig, calendar: TradingCalendar) -> list[Finding]:
    days = {day for row in rows if (day := _day(row.get(_DATE, ""))) is not None}
    if not days:
        return []
    findings = []
    first = max(min(days), calendar.first_session)
    last = min(max(days), calendar.last_session)
    wanted = set(calendar.sessions_in(first, last)) if first <= last else set()
    missing = sorted(wanted - days)
    if missing:
        text = f"{len(missing)} sessions are not in {DAILY_LOG}: {name_list(missing)}."
        findings.append(_finding("PTR021", text, missing[0].isoformat()))
    if max(days) != config.cursor:
        text = (
            f"{DAILY_LOG} ends on {max(days)}, and prod_config.json was processed through "
            f"{config.cursor}."
        )
        findings.append(_finding("PTR021", text, config.cursor.isoformat()))
    return findings


def _differences(rows: Iterable[Row], config: ProdConfig) -> list[Finding]:
    dated = [(day, row) for row in rows if (day := _day(row.get(_DATE, ""))) is not None]
    if not dated:
        return []
    last = max(day for day, _ in dated)
    logged = {
        row.get(_CODE, ""): _number(row.get(_SHARES, "")) for day, row in dated if day == last
    }
    cash = logged.pop("CASH", None)
    books = config_books(config)
    held = {name: Decimal(each.shares) for name, each in books.positions.items()}
    wrong = sorted(name for name in {*held, *logged} if held.get(name) != logged.get(name))
    findings = []
    if wrong:
        text = (
            f"The holdings of {last} in {HOLDING_LOG} are not those of prod_config.json: "
            f"{name_list(wrong)}."
        )
        findings.append(_finding("PTR022", text, wrong[0]))
    if cash is not None and round_fen(cash) != books.cash_fen:
        text = (
            f"The cash of {last} in {HOLDING_LOG} is {cny_text(round_fen(cash))}, and "
            f"{cny_text(books.cash_fen)} in prod_config.json."
        )
        findings.append(_finding("PTR022", text, "CASH"))
    return findings


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _finding(code: str, message: str, subject: str) -> Finding:
    return Finding(code, "warning", message, "data", subject)

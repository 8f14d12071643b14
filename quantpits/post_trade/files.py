"""The files post-trade reads and writes in a workspace, besides the ledger itself.

Settlement files are ``data/{date}-table.xlsx``, or ``data/order_history/{date}-table.xlsx`` once
they are archived. A missing one is never taken for a day without trades, and no template stands in
for it. A file that was imported must stay as it was.

Projections are written atomically and only where their content differs, in an order in which a kill
between any two leaves nothing that the next run does not write again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quantpits.config.text import parse_json_text
from quantpits.errors import (
    BooksMismatchError,
    BrokerFileError,
    Finding,
    MissingArtifactError,
    UsageError,
    name_list,
)
from quantpits.post_trade.batch import SettlementFile
from quantpits.post_trade.brokers.files import LARGEST_FILE_BYTES
from quantpits.post_trade.cashflow import archived_form
from quantpits.post_trade.daybook import check_settle_dates
from quantpits.post_trade.fold import books_at
from quantpits.post_trade.projections import (
    DAILY_LOG,
    HOLDING_LOG,
    TRADE_LOG,
    log_texts,
    trade_detail_name,
    trade_detail_text,
    updated_config,
)
from quantpits.post_trade.state import config_books, differences, is_shown
from quantpits.workspace.atomic import sha256_file, write_json, write_text
from quantpits.workspace.history import backup
from quantpits.workspace.paths import decode_config

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from quantpits.config import ProdConfig
    from quantpits.post_trade.brokers.contract import Adapter, TradeRule
    from quantpits.post_trade.journal import AppliedFlow, Journal
    from quantpits.workspace import Workspace

__all__ = [
    "back_up_before_opening",
    "check_imported_files",
    "differing_projections",
    "load_settlements",
    "projected_texts",
    "settlement_name",
    "settlement_path",
    "write_cashflow",
    "write_logs",
    "write_state",
]

_LOGS = (TRADE_LOG, HOLDING_LOG, DAILY_LOG)


def settlement_name(day: date) -> str:
    """Return the file name of a session's settlement export.

    Parameters
    ----------
    day : date
        The session.

    Returns
    -------
    str
        For example ``"2026-01-05-table.xlsx"``.
    """
    return f"{day.isoformat()}-table.xlsx"


def settlement_path(workspace: Workspace, day: date) -> Path | None:
    """Return the settlement export of a session.

    Parameters
    ----------
    workspace : Workspace
        Where to look.
    day : date
        The session.

    Returns
    -------
    Path or None
        In ``data/``, or in ``data/order_history/`` if it was archived; None if there is none.
    """
    folders = (workspace.data_dir, workspace.order_history_dir)
    candidates = (folder / settlement_name(day) for folder in folders)
    return next((path for path in candidates if path.is_file()), None)


def load_settlements(
    workspace: Workspace,
    sessions: Sequence[date],
    *,
    adapter: Adapter,
    rules: Mapping[str, TradeRule],
    assume_empty: Iterable[date],
) -> dict[date, SettlementFile | None]:
    """Read the settlement exports of some sessions.

    Parameters
    ----------
    workspace : Workspace
        Where they lie.
    sessions : sequence of date
        Which sessions, oldest first.
    adapter : Adapter
        What reads them.
    rules : mapping of str to TradeRule
        The effect of every trade type.
    assume_empty : iterable of date
        Sessions without a file on which nothing happened.

    Returns
    -------
    dict of date to SettlementFile or None
        One item for each session, in order; None where it is assumed empty.

    Raises
    ------
    MissingArtifactError
        If a session has no file and is not assumed empty; it names all of them.
    UsageError
        If a session that is to be assumed empty has a file.
    """
    empty = set(assume_empty)
    paths = {day: settlement_path(workspace, day) for day in sessions}
    for day in sorted(empty):
        path = paths.get(day)
        if path is not None:
            raise UsageError(
                f"{day} is to be assumed empty, and there is a settlement file for it.",
                where=workspace.relative(path),
                hint="leave --assume-empty out, or move the file away",
            )
    missing = [day for day in sessions if paths[day] is None and day not in empty]
    if missing:
        raise MissingArtifactError(
            "Settlement files are missing; a missing file does not mean that nothing happened.",
            where=workspace.relative(workspace.data_dir),
            expected=name_list([settlement_name(day) for day in missing], shown=20),
            found="none of them",
            hint=(
                "export them from the broker's terminal, also for days without trades; if nothing "
                f"happened: {' '.join(f'--assume-empty {day}' for day in missing[:5])}"
            ),
        )
    return {
        day: None if path is None else _read_settlement(path, day, adapter=adapter, rules=rules)
        for day, path in paths.items()
    }


def check_imported_files(
    workspace: Workspace, journal: Journal, *, adapter: Adapter, rules: Mapping[str, TradeRule]
) -> None:
    """Refuse a settlement file that is not what was imported for its session.

    Parameters
    ----------
    workspace : Workspace
        Where the files lie.
    journal : Journal
        What was imported.
    adapter : Adapter
        What reads a file that came late.
    rules : mapping of str to TradeRule
        The effect of every trade type.

    Raises
    ------
    BooksMismatchError
        If a file was changed after its import, or one came for a session that was assumed empty.

    Notes
    -----
    A file that is no longer there is fine: the ledger keeps its bytes. So is a late file without
    lines.
    """
    for transaction in journal.sessions:
        day = transaction.settle_date
        path = settlement_path(workspace, day)
        if path is None:
            continue
        if transaction.source is not None:
            found = sha256_file(path)
            if found != transaction.source.sha256:
                raise BooksMismatchError(
                    "A settlement file was changed after it was imported.",
                    where=workspace.relative(path),
                    expected=f"sha256 {transaction.source.sha256}, {len(transaction.lines)} lines",
                    found=f"sha256 {found}",
                    hint=(
                        "put the imported file back (the ledger keeps it); to book a correction of "
                        "the broker, set prod_config.json right and run with --adopt"
                    ),
                )
        else:
            late = _read_settlement(path, day, adapter=adapter, rules=rules)
            if late.statement.lines:
                raise BooksMismatchError(
                    f"A settlement file came for {day}, which was processed as empty.",
                    where=workspace.relative(path),
                    expected="a file without lines, or none",
                    found=f"{len(late.statement.lines)} lines",
                    hint=(
                        "move the file out of data/, set prod_config.json to what the broker shows "
                        "and run with --adopt"
                    ),
                )


def projected_texts(journal: Journal) -> Iterator[tuple[str, str]]:
    """Yield the name and whole text of every log and trade detail.

    Parameters
    ----------
    journal : Journal
        The ledger.

    Yields
    ------
    (str, str)
        File name in ``data/`` and content.
    """
    yield from log_texts(journal).items()
    for transaction in journal.sessions:
        yield trade_detail_name(transaction.settle_date), trade_detail_text(transaction)


def differing_projections(workspace: Workspace, journal: Journal) -> list[tuple[str, str]]:
    """Return which files of the workspace do not show the books.

    Parameters
    ----------
    workspace : Workspace
        Where they lie.
    journal : Journal
        An open ledger.

    Returns
    -------
    list of (str, str)
        File and what is wrong with it.
    """
    found = []
    for name, text in projected_texts(journal):
        path = workspace.data_dir / name
        archived = workspace.order_history_dir / name
        path = archived if archived.exists() and not path.exists() else path
        if not path.exists():
            found.append((name, f"{name} is missing; run post-trade again to write it."))
        elif path.read_bytes() != text.encode():
            found.append((name, f"{name} does not show the books."))
    config = workspace.prod_config()
    if not is_shown(journal, config):
        name = workspace.prod_config_path.name
        wrong = differences(books_at(journal), config_books(config))
        found.append((name, f"{name} does not show the books: {'; '.join(wrong) or 'its dates'}."))
    return found


def write_logs(workspace: Workspace, journal: Journal) -> list[Path]:
    """Write the logs and trade details that are not as the ledger says.

    Parameters
    ----------
    workspace : Workspace
        Where to write.
    journal : Journal
        The ledger.

    Returns
    -------
    list of Path
        What was written; a trade detail that was archived stays where it is.
    """
    written = []
    for name, text in projected_texts(journal):
        path = workspace.data_dir / name
        is_archived = not path.exists() and (workspace.order_history_dir / name).exists()
        if not is_archived and write_text(path, text):
            written.append(path)
    return written


def write_state(workspace: Workspace, journal: Journal, *, config: ProdConfig) -> list[Path]:
    """Write the state keys of ``prod_config.json``, if they are not those of the books.

    Parameters
    ----------
    workspace : Workspace
        Where to write.
    journal : Journal
        The ledger.
    config : ProdConfig
        The file as it was read.

    Returns
    -------
    list of Path
        The file, if it was written; an older name that was read stays as it is.
    """
    path = workspace.prod_config_path
    if is_shown(journal, config) and path.exists():
        return []
    data = _plain(_parsed(workspace.config_path(type(config)) or path, workspace))
    changed = write_json(path, updated_config(data, books_at(journal), last_date=journal.last_date))
    return [path] if changed else []


def write_cashflow(workspace: Workspace, moved: Sequence[AppliedFlow]) -> list[Path]:
    """Move flows that are in the books from ``cashflows`` to ``processed``.

    Parameters
    ----------
    workspace : Workspace
        Where to write.
    moved : sequence of AppliedFlow
        What is in the books and still listed.

    Returns
    -------
    list of Path
        The file, if it was written.
    """
    path = workspace.cashflow_path
    if not moved:
        return []
    data = _plain(_parsed(path, workspace))
    return [path] if write_json(path, archived_form(data, moved)) else []


def back_up_before_opening(workspace: Workspace) -> tuple[Finding, ...]:
    """Keep what an earlier system wrote, before the ledger takes its place.

    Parameters
    ----------
    workspace : Workspace
        Whose files.

    Returns
    -------
    tuple of Finding
        One for each log that was kept; its rows are not in the ledger.
    """
    backup(workspace, workspace.prod_config_path, "prod_config")
    findings = []
    for name in _LOGS:
        path = workspace.data_dir / name
        copy = backup(workspace, path, path.stem)
        if copy is not None:
            findings.append(
                Finding(
                    "PTR009",
                    "warning",
                    f"{name} was written before the ledger; it is kept as "
                    f"{workspace.relative(copy)}, and the log begins anew with the ledger.",
                    workspace.relative(path),
                    name,
                )
            )
    return tuple(findings)


def _read_settlement(
    path: Path, day: date, *, adapter: Adapter, rules: Mapping[str, TradeRule]
) -> SettlementFile:
    size = path.stat().st_size
    if size > LARGEST_FILE_BYTES:
        raise BrokerFileError(
            "The broker's file is larger than an export can be.",
            where=path.name,
            expected=f"at most {LARGEST_FILE_BYTES} bytes",
            found=f"{size} bytes",
        )
    content = path.read_bytes()
    statement = adapter.parse(content, source=path.name, rules=rules)
    check_settle_dates(statement, day)
    return SettlementFile(statement, content)


def _parsed(path: Path, workspace: Workspace) -> dict[str, Any]:
    source = workspace.relative(path)
    data: dict[str, Any] = parse_json_text(decode_config(path.read_bytes(), source), source)
    return data


def _plain(data: Any) -> Any:
    """Return parsed JSON with its exact decimals as numbers that JSON writes the same way."""
    if isinstance(data, dict):
        return {key: _plain(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_plain(value) for value in data]
    return data if isinstance(data, (str, int, type(None))) else float(data)

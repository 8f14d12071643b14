"""The files that show the books: how they are compared, written and kept.

Projections are written atomically and only where their content differs, in an order in which a kill
between any two leaves nothing that the next run does not write again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quantpits.config.text import parse_json_text
from quantpits.errors import Finding
from quantpits.post_trade.cashflow import archived_form
from quantpits.post_trade.fold import books_at
from quantpits.post_trade.live import session_lines
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
from quantpits.workspace.atomic import write_json, write_text
from quantpits.workspace.history import backup
from quantpits.workspace.paths import decode_config

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from quantpits.config import ProdConfig
    from quantpits.post_trade.journal import AppliedFlow, Journal
    from quantpits.workspace import Workspace

__all__ = [
    "back_up_before_opening",
    "differing_projections",
    "projected_texts",
    "write_cashflow",
    "write_logs",
    "write_state",
]

_LOGS = (TRADE_LOG, HOLDING_LOG, DAILY_LOG)


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
    for session in session_lines(journal):
        yield trade_detail_name(session.settle_date), trade_detail_text(session)


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

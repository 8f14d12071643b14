"""``ledger rebuild`` as a step: the ledger and every file of it, from the raw exports again.

What is needed lies in the workspace: the chronicle (`data/ledger_chronicle.jsonl`) and the raw
exports in ``data/``, ``data/order_history/`` or ``data/imported/``, found by their hash. So a copy
of the workspace without its ledger, on another machine, gives the same books byte for byte. Where
the ledger still can be read, what it archived stands in for an export that is gone.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from quantpits.errors import ArtifactError, MissingArtifactError, name_list
from quantpits.post_trade import ledger
from quantpits.post_trade.batch import SettlementFile
from quantpits.post_trade.broker_files import broker_adapter, load_broker_files
from quantpits.post_trade.chronicle import chronicle_text, parse_chronicle
from quantpits.post_trade.fold import books_at
from quantpits.post_trade.intact import chronicle_path
from quantpits.post_trade.journal import FlowKind, Journal
from quantpits.post_trade.money import round_fen
from quantpits.post_trade.posting import KEPT_FOLDER, write_projections
from quantpits.post_trade.replay import replayed
from quantpits.post_trade.request import BooksReport
from quantpits.workspace.atomic import sha256_bytes
from quantpits.workspace.durable import sync_folder
from quantpits.workspace.history import backup
from quantpits.workspace.lock import writer_lock
from quantpits.workspace.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from quantpits.config import CashflowConfig
    from quantpits.post_trade.brokers.contract import Adapter, Statement, TradeRule
    from quantpits.post_trade.chronicle import Record, SourceName
    from quantpits.post_trade.journal import AppliedFlow
    from quantpits.post_trade.request import RebuildRequest
    from quantpits.workspace import Workspace
    from quantpits.workspace.progress import Progress

__all__ = ["run"]


def run(
    workspace: Workspace, request: RebuildRequest, *, progress: Progress = SILENT
) -> BooksReport:
    """Make the ledger and its files again.

    Parameters
    ----------
    workspace : Workspace
        Whose books.
    request : RebuildRequest
        Whether to write.
    progress : Progress
        Is told about the transactions.

    Returns
    -------
    BooksReport
        `changed` is False where ledger and files were so already.

    Raises
    ------
    MissingArtifactError
        If there is no chronicle, or a raw export is gone; it names all of them.
    BooksMismatchError
        If what follows from the exports is not what was posted.
    CorruptArtifactError
        If the chronicle cannot be read.
    WorkspaceLockedError
        If another command is writing to the workspace.
    """
    lock = contextlib.nullcontext() if request.dry_run else writer_lock(workspace, "ledger rebuild")
    with lock:
        config, cashflow, settlements = load_broker_files(workspace)
        present = _present(workspace)
        text = chronicle_text(present) if present.is_open else _chronicle(workspace)
        where = workspace.relative(chronicle_path(workspace))
        records = parse_chronicle(text, where)
        contents = _contents(workspace, records, present)
        names = {each.source.broker for each in records if each.source is not None}
        adapters = {name: broker_adapter(workspace, name) for name in sorted(names)}
        exports = _Exports(settlements.rules, contents, adapters=adapters)
        with progress.stage("Making the books again", total=len(records)) as advance:
            journal = replayed(records, exports.read, where=where)
            advance(len(records))
        is_new = present.digests != journal.digests
        written: list[Path] = []
        if not request.dry_run:
            if is_new:
                _write_ledger(workspace, journal)
                written.append(workspace.ledger_path)
            moved = _still_listed(cashflow, journal)
            written += write_projections(workspace, journal, config=config, moved_flows=moved)
        verdict = "was made again" if is_new else "is what its raw exports make"
        return BooksReport(
            workspace=str(workspace.root),
            outputs=tuple(written),
            findings=(),
            changed=bool(written) or (request.dry_run and is_new),
            is_dry_run=request.dry_run,
            lines=(
                (
                    f"The ledger {verdict}: {len(journal.transactions)} transactions through "
                    f"{journal.last_date}, {len(books_at(journal).positions)} positions."
                ),
            ),
            digest=journal.head,
        )


class _Exports:
    """The raw exports by hash, each read at most once."""

    def __init__(
        self,
        rules: Mapping[str, TradeRule],
        contents: Mapping[str, bytes],
        *,
        adapters: Mapping[str, Adapter],
    ) -> None:
        self._rules = rules
        self._adapters = adapters
        self._contents = contents
        self._statements: dict[tuple[str, str], Statement] = {}

    def read(self, source: SourceName, day: date) -> SettlementFile:
        """Return what an export says of a day."""
        content = self._contents[source.sha256]
        key = (source.sha256, source.name)
        if key not in self._statements:
            adapter = self._adapters[source.broker]
            self._statements[key] = adapter.parse(content, source=source.name, rules=self._rules)
        whole = self._statements[key]
        lines = tuple(line for line in whole.lines if line.settle_date == day)
        return SettlementFile(replace(whole, lines=lines), content, source.broker)


def _present(workspace: Workspace) -> Journal:
    """Return the ledger that is there, if it is whole; otherwise none."""
    try:
        journal = ledger.load_journal(workspace.ledger_path)
    except ArtifactError:
        return Journal()
    return journal if journal.first_altered() is None else Journal()


def _chronicle(workspace: Workspace) -> str:
    path = chronicle_path(workspace)
    if not path.is_file():
        raise MissingArtifactError(
            "There is nothing to make the books from.",
            where=workspace.relative(path),
            expected="the chronicle that post-trade writes beside the ledger",
            hint=(
                "restore it from a backup; without one, set prod_config.json to what the broker "
                "shows and run quantpits ledger open"
            ),
        )
    return path.read_text(encoding="utf-8")


def _contents(
    workspace: Workspace, records: Sequence[Record], present: Journal
) -> dict[str, bytes]:
    """Return the bytes of every export that the records name, by hash."""
    wanted = {each.source.sha256: each.source.name for each in records if each.source is not None}
    archived = {each.source.sha256 for each in present.transactions if each.source is not None}
    found: dict[str, bytes] = {}
    folders = (workspace.data_dir, workspace.order_history_dir, workspace.data_dir / KEPT_FOLDER)
    for folder in folders:
        for path in sorted(folder.glob("*-table.*")) if folder.is_dir() else ():
            content = path.read_bytes()
            sha256 = sha256_bytes(content)
            if sha256 in wanted:
                found.setdefault(sha256, content)
    for sha256 in wanted:
        if sha256 not in found and sha256 in archived:
            found[sha256] = ledger.load_content(workspace.ledger_path, sha256)
    missing = [f"{name} ({sha256[:12]})" for sha256, name in wanted.items() if sha256 not in found]
    if missing:
        raise MissingArtifactError(
            "Raw exports that the books were made from are gone.",
            where=workspace.relative(workspace.data_dir),
            expected=name_list(missing, shown=20),
            found="no file with that content in data/, data/order_history/ or data/imported/",
            hint="restore them from a backup; a new export of the day may have other bytes",
        )
    return found


def _write_ledger(workspace: Workspace, journal: Journal) -> None:
    """Write the ledger beside its place and put it there at once."""
    path = workspace.ledger_path
    new = path.with_name(f".{path.name}.rebuilt")
    for leftover in _files_of(new):
        leftover.unlink(missing_ok=True)
    with ledger.writing(new) as connection:
        head = ""
        for number, transaction in enumerate(journal.transactions, start=1):
            head = ledger.append(connection, transaction, head=head)
            if number in journal.run_ends:
                ledger.mark_projected(connection)
    backup(workspace, path, "ledger")
    for leftover in _files_of(path)[1:]:
        leftover.unlink(missing_ok=True)
    new.replace(path)
    sync_folder(path.parent)


def _files_of(path: Path) -> tuple[Path, ...]:
    return tuple(path.with_name(path.name + suffix) for suffix in ("", "-wal", "-shm"))


def _still_listed(cashflow: CashflowConfig, journal: Journal) -> tuple[AppliedFlow, ...]:
    """Return the flows that are in the books and that the file has not moved on."""
    return tuple(
        flow
        for transaction in journal.transactions
        for flow in transaction.flows
        if flow.kind is FlowKind.DATED
        and flow.listed_date in cashflow.cashflows
        and round_fen(cashflow.cashflows[flow.listed_date]) == flow.fen
        and flow.listed_date not in cashflow.processed
    )

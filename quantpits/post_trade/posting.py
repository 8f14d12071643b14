"""Writing: transactions into the ledger first, then every file that shows it.

The order is such that a kill between any two writes leaves nothing that the next run does not
write again: the ledger is the truth, and it says how far the files have followed.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantpits.post_trade import files, ledger
from quantpits.post_trade.chronicle import chronicle_text
from quantpits.post_trade.classification import write_classification
from quantpits.post_trade.intact import chronicle_path
from quantpits.workspace.atomic import write_bytes, write_text
from quantpits.workspace.manifest import write_manifest
from quantpits.workspace.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from quantpits.config import ProdConfig
    from quantpits.post_trade.journal import AppliedFlow, Journal, Transaction
    from quantpits.workspace import Workspace
    from quantpits.workspace.progress import Progress

__all__ = ["KEPT_FOLDER", "Postings", "keep_sources", "post", "write_projections"]

KEPT_FOLDER = "imported"
"""Folder in ``data/`` for raw exports that no longer lie where they were imported from."""


@dataclass(frozen=True, slots=True)
class Postings:
    """What is to be written.

    Attributes
    ----------
    journal : Journal
        The ledger with everything that is to be posted.
    moved_flows : tuple of AppliedFlow
        What ``cashflow.json`` lists and the books then have.
    displaced : tuple of str
        Hashes of raw exports that must be kept aside.
    """

    journal: Journal
    moved_flows: tuple[AppliedFlow, ...] = ()
    displaced: tuple[str, ...] = ()


def post(
    workspace: Workspace,
    before: Journal,
    *,
    postings: Postings,
    config: ProdConfig,
    progress: Progress = SILENT,
) -> list[Path]:
    """Post what is new, then bring every file of the workspace up to the ledger.

    Parameters
    ----------
    workspace : Workspace
        Whose books.
    before : Journal
        The ledger as it is.
    postings : Postings
        What it becomes.
    config : ProdConfig
        The state as it was read.
    progress : Progress
        Is told about the transactions.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    BooksMismatchError
        If the books changed in between.
    ArtifactError
        If a file cannot be written.
    """
    after = postings.journal
    transactions = after.transactions[len(before.transactions) :]
    is_unfinished = bool(transactions or before.unfinished)
    written: list[Path] = []
    with contextlib.ExitStack() as stack:
        connection = (
            stack.enter_context(ledger.writing(workspace.ledger_path)) if is_unfinished else None
        )
        advance = stack.enter_context(progress.stage("Posting", total=len(transactions)))
        head = before.head
        for transaction in transactions:
            assert connection is not None  # there is something to post
            head = ledger.append(connection, transaction, head=head)
            advance(note=transaction.settle_date.isoformat())
        if transactions:
            written.append(workspace.ledger_path)
        written += keep_sources(workspace, after, displaced=postings.displaced)
        written += write_projections(
            workspace, after, config=config, moved_flows=postings.moved_flows
        )
        if connection is not None:
            posted = after.transactions[before.n_projected :]
            written.append(
                _write_manifest(workspace, after, posted, config=config, outputs=written)
            )
            ledger.mark_projected(connection)
    return written


def write_projections(
    workspace: Workspace,
    journal: Journal,
    *,
    config: ProdConfig,
    moved_flows: Sequence[AppliedFlow] = (),
) -> list[Path]:
    """Write every file that shows the books and is not as they say.

    Parameters
    ----------
    workspace : Workspace
        Whose books.
    journal : Journal
        An open ledger.
    config : ProdConfig
        The state as it was read.
    moved_flows : sequence of AppliedFlow
        What ``cashflow.json`` lists and the books have.

    Returns
    -------
    list of Path
        What was written.
    """
    written = files.write_logs(workspace, journal)
    factor = config.buy_suggestion_factor
    written += write_classification(workspace, journal, buy_factor=factor)
    chronicle = chronicle_path(workspace)
    if write_text(chronicle, chronicle_text(journal)):
        written.append(chronicle)
    written += files.write_state(workspace, journal, config=config)
    written += files.write_cashflow(workspace, moved_flows)
    return written


def keep_sources(workspace: Workspace, journal: Journal, *, displaced: Sequence[str]) -> list[Path]:
    """Write raw exports aside that no longer lie where they were imported from.

    Parameters
    ----------
    workspace : Workspace
        Whose books.
    journal : Journal
        The ledger, with the files' names.
    displaced : sequence of str
        Their hashes.

    Returns
    -------
    list of Path
        What was written.
    """
    names = {each.source.sha256: each.source.name for each in journal.transactions if each.source}
    written = []
    for sha256 in displaced:
        path = workspace.data_dir / KEPT_FOLDER / f"{sha256[:12]}-{names[sha256]}"
        if not path.exists():
            write_bytes(path, ledger.load_content(workspace.ledger_path, sha256))
            written.append(path)
    return written


def _write_manifest(
    workspace: Workspace,
    journal: Journal,
    posted: Sequence[Transaction],
    *,
    config: ProdConfig,
    outputs: Sequence[Path],
) -> Path:
    """Record what was posted since the last run that finished."""
    return write_manifest(
        workspace,
        f"post_trade_{journal.last_date.isoformat()}",
        inputs={each.source.name: each.source.sha256 for each in posted if each.source is not None},
        # The ledger file is no function of the books alone; its digest stands below.
        outputs=[path for path in outputs if path != workspace.ledger_path],
        config={"model": config.model, "benchmark": config.benchmark},
        extra={
            "ledger_digest": journal.head,
            "transactions": [f"{each.kind.value} {each.settle_date}" for each in posted],
        },
    )

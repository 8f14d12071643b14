"""The ledger as it must be before anything is posted: there, and written by this program alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantpits.errors import BooksMismatchError, MissingArtifactError
from quantpits.post_trade.chronicle import CHRONICLE
from quantpits.post_trade.ledger import load_journal

if TYPE_CHECKING:
    from pathlib import Path

    from quantpits.post_trade.journal import Journal
    from quantpits.workspace import Workspace

__all__ = ["chronicle_path", "load_intact", "open_journal"]


def chronicle_path(workspace: Workspace) -> Path:
    """Return where the chronicle of the ledger lies.

    Parameters
    ----------
    workspace : Workspace
        Whose books.

    Returns
    -------
    Path
        It may not exist.
    """
    return workspace.data_dir / CHRONICLE


def load_intact(workspace: Workspace) -> Journal:
    """Read the ledger; refuse one that is gone or altered.

    Parameters
    ----------
    workspace : Workspace
        Whose books.

    Returns
    -------
    Journal
        Not open where there never was a ledger.

    Raises
    ------
    MissingArtifactError
        If there was a ledger and it is gone.
    BooksMismatchError
        If something else than this program wrote to it.
    """
    journal = load_journal(workspace.ledger_path)
    if not journal.is_open:
        traces = _traces(workspace)
        if traces:
            raise MissingArtifactError(
                "The ledger is gone, and what was made from it is still there.",
                where=workspace.relative(workspace.ledger_path),
                expected=f"the ledger that wrote {workspace.relative(traces[0])}",
                found="no entry",
                hint=(
                    "quantpits ledger rebuild makes it again from the raw exports; to begin new "
                    "books, move data/ledger_chronicle.jsonl and output/manifests/post_trade_* away"
                ),
            )
    altered = journal.first_altered()
    if altered is not None:
        raise BooksMismatchError(
            "The ledger was altered by something else than this program.",
            where=f"{workspace.relative(workspace.ledger_path)}, {altered.settle_date}",
            expected="content that its digest was made of",
            hint="quantpits ledger rebuild makes it again from the raw exports",
        )
    return journal


def open_journal(workspace: Workspace) -> Journal:
    """Read a ledger that must be open, with every run finished.

    Parameters
    ----------
    workspace : Workspace
        Whose books.

    Returns
    -------
    Journal
        At least the opening.

    Raises
    ------
    MissingArtifactError
        If the books are not open.
    BooksMismatchError
        If a run was interrupted.
    """
    journal = load_intact(workspace)
    if not journal.is_open:
        raise MissingArtifactError(
            "The books are not open yet.",
            where=workspace.relative(workspace.ledger_path),
            hint="quantpits ledger open, or post-trade with its first session, opens them",
        )
    if journal.unfinished:
        raise BooksMismatchError(
            "A run was interrupted, and the files of the workspace do not show the books yet.",
            where=workspace.relative(workspace.ledger_path),
            hint="run post-trade once to finish it",
        )
    return journal


def _traces(workspace: Workspace) -> list[Path]:
    chronicle = chronicle_path(workspace)
    manifests = sorted(workspace.manifests_dir.glob("post_trade_*.json"))
    return [chronicle, *manifests] if chronicle.is_file() else manifests

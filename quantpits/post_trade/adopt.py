"""``ledger adopt`` as a step: what ``prod_config.json`` states becomes the books, no day is added.

The difference is posted as an adjustment against equity, dated on the last day in the books.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantpits.post_trade import step
from quantpits.post_trade.intact import load_intact, open_journal
from quantpits.post_trade.request import PostTradeReport, PostTradeRequest
from quantpits.workspace.progress import SILENT

if TYPE_CHECKING:
    from quantpits.workspace import Workspace
    from quantpits.workspace.progress import Progress

__all__ = ["run"]


def run(
    workspace: Workspace, request: PostTradeRequest, *, progress: Progress = SILENT
) -> PostTradeReport:
    """Adopt a hand edit of cash or holdings.

    Parameters
    ----------
    workspace : Workspace
        Whose books.
    request : PostTradeRequest
        Only `dry_run` counts.
    progress : Progress
        Is told about the posting.

    Returns
    -------
    PostTradeReport
        `adjustment` says what was adopted; `changed` is False where nothing differs.

    Raises
    ------
    MissingArtifactError
        If the books are not open.
    BooksMismatchError
        If the file states balances of another day than the last one.
    """
    journal = load_intact(workspace)
    if not journal.is_open:
        journal = open_journal(workspace)  # which says so
    adopting = PostTradeRequest(
        end_date=journal.last_date, adopt=True, dry_run=request.dry_run, verbose=request.verbose
    )
    return step.run(workspace, adopting, progress=progress)

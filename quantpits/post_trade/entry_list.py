"""Every entry of the books by number, each traced to the file, hash and row it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantpits.post_trade.live import live_entries

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from quantpits.errors import Finding
    from quantpits.post_trade.journal import Journal

__all__ = ["EntryLine", "EntryReport", "entry_lines"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryLine:
    """One entry and where it came from.

    Attributes
    ----------
    number : int
        Its number, which `quantpits ledger correct` takes.
    day : date
        The day it counts for.
    kind, instrument : str
        What happened, to what.
    postings : tuple of str
        Account, amount [fen] and shares of each side.
    source : str
        File, hash and row; ``""`` where it follows from no file.
    reason : str
        Why, for an entry of a correction.
    is_counted : bool
        Whether no correction has taken it back.
    reverses : int
        The entry that it takes back; 0 for none.
    """

    number: int
    day: date
    kind: str
    instrument: str
    postings: tuple[str, ...]
    source: str
    reason: str
    is_counted: bool
    reverses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryReport:
    """Every entry of the books.

    Attributes
    ----------
    workspace : str
        Its folder.
    entries : tuple of EntryLine
        In the order they were posted.
    outputs : tuple of Path
        Always empty.
    findings : tuple of Finding
        Always empty.
    changed : bool
        Always False.
    """

    workspace: str
    entries: tuple[EntryLine, ...]
    outputs: tuple[Path, ...] = ()
    findings: tuple[Finding, ...] = ()
    changed: bool = False

    def summary(self) -> list[str]:
        """Return one line for each entry."""
        lines = []
        for each in self.entries:
            state = "" if each.is_counted or each.reverses else " (taken back)"
            target = f" of entry {each.reverses}" if each.reverses else ""
            origin = f" [{each.source or each.reason}]" if each.source or each.reason else ""
            lines.append(
                f"{each.number} {each.day} {each.kind}{target} {each.instrument}"
                f"{state}: {', '.join(each.postings) or 'moves nothing'}{origin}"
            )
        return lines or ["The books are not open yet."]


def entry_lines(journal: Journal) -> tuple[EntryLine, ...]:
    """Return every entry with its origin.

    Parameters
    ----------
    journal : Journal
        The ledger.

    Returns
    -------
    tuple of EntryLine
        In the order they were posted.
    """
    live = live_entries(journal)
    names = {line.key: line.where for each in journal.transactions for line in each.lines}
    posted = [
        (transaction, entry)
        for transaction in journal.transactions
        for entry in transaction.entries
    ]
    found = []
    for number, (transaction, entry) in enumerate(posted, start=1):
        source = ""
        if entry.line is not None:
            source = f"{names[entry.line]} sha256 {entry.line.source_sha256}"
        found.append(
            EntryLine(
                number=number,
                day=entry.day or transaction.settle_date,
                kind=entry.kind,
                instrument=entry.instrument,
                postings=tuple(
                    f"{each.account} {each.fen} fen {each.shares} shares" for each in entry.postings
                ),
                source=source,
                reason=transaction.reason,
                is_counted=number in live,
                reverses=entry.reverses,
            )
        )
    return tuple(found)

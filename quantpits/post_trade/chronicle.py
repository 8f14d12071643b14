"""The chronicle: everything in the ledger that no raw export says, as text beside it.

``data/ledger_chronicle.jsonl`` has one line for each transaction: the opening balances; for a
session its file by name and hash, closes, flows and tags; the amounts of an adjustment; reason and
changes of a correction; and the digest. Lines and entries are not in it: they follow from the raw
exports. With both the ledger can be made again anywhere (see `rebuild`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from quantpits.errors import CorruptArtifactError
from quantpits.post_trade.brokers.contract import LineKey
from quantpits.post_trade.correction import Change, change_of
from quantpits.post_trade.entries import CASH, SECURITIES, Position
from quantpits.post_trade.journal import (
    AppliedFlow,
    FlowKind,
    Mark,
    Session,
    Transaction,
    TransactionKind,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantpits.post_trade.journal import Entry, Journal

__all__ = ["CHRONICLE", "Record", "SourceName", "chronicle_text", "parse_chronicle"]

CHRONICLE = "ledger_chronicle.jsonl"
"""Name of the file in ``data/``."""


@dataclass(frozen=True, slots=True)
class SourceName:
    """A raw export by name.

    Attributes
    ----------
    name, sha256, broker : str
        File, hash of its bytes, adapter that read it.
    """

    name: str
    sha256: str
    broker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One transaction without what follows from its file.

    Attributes
    ----------
    kind : TransactionKind
        What it posts.
    settle_date : date
        Its day.
    digest : str
        What making it again must give.
    is_run_end : bool
        Whether a run finished with it.
    session : Session or None
        For a session.
    source : SourceName or None
        Its file.
    cash_fen : int
        Of an opening or adjustment: what it does to the cash [fen].
    holdings : mapping of str to Position
        Likewise to the positions.
    marks : tuple of Mark
        Closes.
    flows : tuple of AppliedFlow
        From ``cashflow.json``.
    reason : str
        Of a correction.
    drops : tuple of int
        Of a correction: entries it takes back, without those that follow.
    revived : tuple of LineKey
        Of a correction: lines that count again.
    """

    kind: TransactionKind
    settle_date: date
    digest: str
    is_run_end: bool = False
    session: Session | None = None
    source: SourceName | None = None
    cash_fen: int = 0
    holdings: Mapping[str, Position]
    marks: tuple[Mark, ...] = ()
    flows: tuple[AppliedFlow, ...] = ()
    reason: str = ""
    drops: tuple[int, ...] = ()
    revived: tuple[LineKey, ...] = ()


def chronicle_text(journal: Journal) -> str:
    """Return the chronicle of a ledger.

    Parameters
    ----------
    journal : Journal
        The ledger; its last transaction counts as the end of a run.

    Returns
    -------
    str
        One JSON object a line.
    """
    ends = {*journal.run_ends, len(journal.transactions)}
    lines = []
    for position, (transaction, digest) in enumerate(
        zip(journal.transactions, journal.digests, strict=True)
    ):
        change = None
        if transaction.kind is TransactionKind.CORRECTION:
            change = change_of(journal, position)
        plain = _plain(transaction, change) | {"run_end": position + 1 in ends, "digest": digest}
        lines.append(json.dumps(plain, ensure_ascii=False, separators=(",", ":")) + "\n")
    return "".join(lines)


def parse_chronicle(text: str, where: str) -> tuple[Record, ...]:
    """Return the records of a chronicle.

    Parameters
    ----------
    text : str
        The whole file.
    where : str
        Its place, for messages.

    Returns
    -------
    tuple of Record
        In the order they were posted.

    Raises
    ------
    CorruptArtifactError
        If a line was not written by this program.
    """
    records = []
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            records.append(_record(json.loads(line)))
        except (ValueError, ArithmeticError, KeyError, TypeError, AttributeError) as error:
            raise CorruptArtifactError(
                "A line of the chronicle of the ledger cannot be read.",
                where=f"{where}:{number}",
                found=repr(error),
                hint="restore the file from a backup",
            ) from error
    return tuple(records)


def _plain(transaction: Transaction, change: Change | None) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "kind": transaction.kind.value,
        "day": transaction.settle_date.isoformat(),
    }
    session, source = transaction.session, transaction.source
    if session is not None:
        close = session.benchmark_close
        plain["session"] = [
            session.model,
            session.benchmark,
            None if close is None else str(close),
            session.is_assumed_empty,
            *((session.cost_basis,) if session.cost_basis != "average" else ()),
        ]
    if source is not None:
        plain["source"] = [source.name, source.sha256, source.broker]
    if transaction.kind in (TransactionKind.OPENING, TransactionKind.ADJUSTMENT):
        plain["cash_fen"], plain["holdings"] = _balances(transaction.entries)
    plain["marks"] = [
        [
            each.instrument,
            str(each.close),
            each.priced_on.isoformat(),
            each.is_suspended,
            None if each.day is None else each.day.isoformat(),
        ]
        for each in transaction.marks
    ]
    plain["flows"] = [
        [each.listed_date.isoformat(), each.kind.value, each.fen, each.is_in_export]
        for each in transaction.flows
    ]
    if change is not None:
        plain["reason"] = transaction.reason
        plain["drops"] = sorted(change.drops)
        plain["revived"] = [list(key) for key in change.revived]
    return plain


def _balances(entries: tuple[Entry, ...]) -> tuple[int, dict[str, list[int]]]:
    cash = 0
    holdings: dict[str, list[int]] = {}
    for entry in entries:
        for posting in entry.postings:
            if posting.account == CASH:
                cash += posting.fen
            elif posting.account == SECURITIES:
                holdings[posting.instrument] = [posting.shares, posting.fen]
    return cash, holdings


def _record(data: Mapping[str, Any]) -> Record:
    session = data.get("session")
    source = data.get("source")
    return Record(
        kind=TransactionKind(data["kind"]),
        settle_date=date.fromisoformat(data["day"]),
        digest=data["digest"],
        is_run_end=data["run_end"],
        session=None if session is None else _session(*session),
        source=None if source is None else SourceName(*source),
        cash_fen=data.get("cash_fen", 0),
        holdings={name: Position(*each) for name, each in data.get("holdings", {}).items()},
        marks=tuple(_mark(*each) for each in data["marks"]),
        flows=tuple(_flow(*each) for each in data["flows"]),
        reason=data.get("reason", ""),
        drops=tuple(data.get("drops", ())),
        revived=tuple(LineKey(*each) for each in data.get("revived", ())),
    )


def _session(model: str, benchmark: str, close: str | None, *facts: Any) -> Session:
    is_assumed_empty, cost_basis = facts if len(facts) > 1 else (*facts, "average")
    return Session(
        model,
        benchmark,
        None if close is None else Decimal(close),
        is_assumed_empty,
        cost_basis,
    )


def _mark(instrument: str, close: str, priced_on: str, *facts: Any) -> Mark:
    is_suspended, day = facts
    return Mark(
        instrument,
        Decimal(close),
        date.fromisoformat(priced_on),
        is_suspended,
        None if day is None else date.fromisoformat(day),
    )


def _flow(listed_date: str, kind: str, fen: int, *facts: bool) -> AppliedFlow:
    (is_in_export,) = facts
    return AppliedFlow(date.fromisoformat(listed_date), FlowKind(kind), fen, is_in_export)

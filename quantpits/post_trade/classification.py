"""Whether a trade followed the orders: ``data/trade_classification.csv``.

A trade of a session is a signal (``S``) if a suggestion file of that date and side has it among the
orders, a substitute (``A``) if only among the alternates, manual (``M``) if no file of that date
and side has it. Files count under every label, in ``output/`` and in ``data/order_history/``; where
several have the instrument the best class counts, then the best rank, then the label by name.

Which rows are orders says the column ``role``; in files of the earlier system the first
``ceil(rows / buy_suggestion_factor)`` purchases are, and every sale. One row stands for all fills
of an instrument on one side of a day. A row whose suggestion file is gone stays as it was written.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from quantpits.post_trade.brokers.contract import Effect
from quantpits.post_trade.live import session_lines
from quantpits.post_trade.projections import csv_text
from quantpits.workspace.atomic import write_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from quantpits.post_trade.journal import Journal
    from quantpits.workspace import Workspace

__all__ = [
    "CLASSIFICATION",
    "Suggestion",
    "classification_text",
    "classified",
    "suggestions_of",
    "write_classification",
]

CLASSIFICATION = "trade_classification.csv"
"""Name of the file in ``data/``."""

HEADER = (
    "trade_date",
    "instrument",
    "trade_type",
    "trade_class",
    "suggestion_date",
    "suggestion_rank",
    "signal_count",
)
_NAME = re.compile(
    r"(?P<side>buy|sell)_suggestion_(?:(?P<label>.+)_)?(?P<day>\d{4}-\d{2}-\d{2})\.csv"
)
_SIDES = {Effect.BUY: "BUY", Effect.SELL: "SELL"}
_DEFAULT_FACTOR = 3
_KEY_COLUMNS = 3
_DATE_COLUMN = 4

Key = tuple[str, str]
"""Side (``"BUY"`` or ``"SELL"``) and ISO date."""


class Suggestion(NamedTuple):
    """One instrument in one suggestion file; the smaller, the better.

    Attributes
    ----------
    trade_class : {"S", "A"}
        Whether it was to be traded or to stand in.
    rank : int
        Its row, from 0.
    label : str
        Of the file.
    signal_count : int
        Orders in the file.
    """

    trade_class: str
    rank: int
    label: str
    signal_count: int


def suggestions_of(
    texts: Mapping[tuple[str, str, str], str], *, buy_factor: int
) -> dict[Key, dict[str, Suggestion]]:
    """Return the best suggestion of every instrument by side and date.

    Parameters
    ----------
    texts : mapping of (str, str, str) to str
        Side, date and label to the text of the file.
    buy_factor : int
        Candidates a purchase in files that do not say which rows are orders.

    Returns
    -------
    dict of (str, str) to dict of str to Suggestion
        By side and date, then by instrument; a file without rows is there too.
    """
    found: defaultdict[Key, dict[str, Suggestion]] = defaultdict(dict)
    for (side, day, label), text in sorted(texts.items()):
        rows = list(csv.DictReader(io.StringIO(text)))
        best = found[side.upper(), day]
        is_order = _orders(rows, side=side, buy_factor=buy_factor)
        for rank, row in enumerate(rows):
            trade_class = "S" if is_order[rank] else "A"
            suggestion = Suggestion(trade_class, rank, label, sum(is_order))
            instrument = row.get("instrument") or ""
            known = best.get(instrument)
            if known is None or _preference(suggestion) < _preference(known):
                best[instrument] = suggestion
    return dict(found)


def classified(
    journal: Journal,
    suggestions: Mapping[Key, Mapping[str, Suggestion]],
    *,
    written: Iterable[Sequence[str]] = (),
) -> list[tuple[str, ...]]:
    """Return the rows of the classification.

    Parameters
    ----------
    journal : Journal
        The ledger.
    suggestions : mapping
        From `suggestions_of`.
    written : iterable of sequence of str
        The rows of the file as it is.

    Returns
    -------
    list of tuple of str
        By date, instrument and side.
    """
    kept = {tuple(row[:_KEY_COLUMNS]): tuple(row) for row in written if len(row) == len(HEADER)}
    trades = {
        (session.settle_date.isoformat(), line.instrument, _SIDES[line.effect])
        for session in session_lines(journal)
        for _, line in session.lines
        if line.effect in _SIDES
    }
    rows = []
    for day, instrument, side in sorted(trades):
        before = kept.get((day, instrument, side))
        of_day = suggestions.get((side, day))
        if of_day is None and before is not None and before[_DATE_COLUMN]:
            rows.append(before)
            continue
        suggestion = (of_day or {}).get(instrument)
        if suggestion is not None:
            facts = (suggestion.trade_class, day, str(suggestion.rank))
            rows.append((day, instrument, side, *facts, str(suggestion.signal_count)))
        else:
            count = max((each.signal_count for each in (of_day or {}).values()), default=0)
            shown = (day, "", str(count)) if of_day is not None else ("", "", "")
            rows.append((day, instrument, side, "M", *shown))
    return rows


def classification_text(
    workspace: Workspace, journal: Journal, *, buy_factor: int | None
) -> str | None:
    """Return the classification as it must be.

    Parameters
    ----------
    workspace : Workspace
        Whose orders and trades.
    journal : Journal
        The ledger.
    buy_factor : int or None
        ``buy_suggestion_factor`` of ``prod_config.json``; 3 by default.

    Returns
    -------
    str or None
        The whole text of the file; None where there is neither a trade nor a file.
    """
    path = workspace.data_dir / CLASSIFICATION
    written: list[list[str]] = []
    if path.is_file():
        written = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))[1:]
    suggestions = suggestions_of(_texts(workspace), buy_factor=buy_factor or _DEFAULT_FACTOR)
    rows = classified(journal, suggestions, written=written)
    if not rows and not path.exists():
        return None
    return csv_text(HEADER, rows)


def write_classification(
    workspace: Workspace, journal: Journal, *, buy_factor: int | None
) -> list[Path]:
    """Write the classification, if it is not so already.

    Parameters
    ----------
    workspace : Workspace
        Whose orders and trades.
    journal : Journal
        The ledger.
    buy_factor : int or None
        As in `classification_text`.

    Returns
    -------
    list of Path
        The file, if it was written; none before the first trade.
    """
    path = workspace.data_dir / CLASSIFICATION
    text = classification_text(workspace, journal, buy_factor=buy_factor)
    return [path] if text is not None and write_text(path, text) else []


def _texts(workspace: Workspace) -> dict[tuple[str, str, str], str]:
    texts: dict[tuple[str, str, str], str] = {}
    for folder in (workspace.output_dir, workspace.order_history_dir):
        for path in sorted(folder.glob("*_suggestion_*.csv")) if folder.is_dir() else ():
            match = _NAME.fullmatch(path.name)
            if match is not None:
                key = (match["side"], match["day"], match["label"] or "")
                texts.setdefault(key, path.read_text(encoding="utf-8-sig"))
    return texts


def _orders(rows: Sequence[Mapping[str, str]], *, side: str, buy_factor: int) -> list[bool]:
    """Return which rows are to be traded."""
    if rows and "role" in rows[0]:
        return [row["role"] != "alternate" for row in rows]
    n_orders = len(rows) if side == "sell" else -(-len(rows) // buy_factor)
    return [rank < n_orders for rank in range(len(rows))]


def _preference(suggestion: Suggestion) -> tuple[bool, int, str]:
    return suggestion.trade_class != "S", suggestion.rank, suggestion.label

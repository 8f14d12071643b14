"""The broker's files in a workspace: which days they cover, and what they say of each.

A file is ``data/{day}-table.xlsx``, or ``data/{first}_{last}-table.xlsx`` for several days; the
ending may be ``.xls``, ``.csv`` or ``.txt`` too. Once archived it lies in ``data/order_history/``.
A file covers every day in its name completely. Where several cover one day they must say the same
of it, so it does not matter how the days are cut into files, nor in which order they come.

A missing file is never taken for a day without trades. A file whose lines changed after they were
booked is refused with the difference.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from quantpits.errors import (
    BooksMismatchError,
    BrokerFileError,
    MissingArtifactError,
    UsageError,
    name_list,
)
from quantpits.post_trade.batch import SettlementFile
from quantpits.post_trade.brokers.files import LARGEST_FILE_BYTES, parse_settlement_name
from quantpits.post_trade.daybook import check_settle_dates
from quantpits.post_trade.live import current_sources, line_identity, line_words, session_lines
from quantpits.workspace.atomic import sha256_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from quantpits.post_trade.brokers.contract import Adapter, BrokerLine, Statement, TradeRule
    from quantpits.post_trade.journal import Journal
    from quantpits.workspace import Workspace

__all__ = [
    "SettlementFiles",
    "check_imported_files",
    "find_settlements",
    "line_differences",
    "load_settlements",
    "settlement_name",
]

_DIFFERENCES_SHOWN = 20


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


@dataclass(frozen=True, slots=True)
class _Named:
    """A file and the days in its name."""

    path: Path
    first: date
    last: date


@dataclass(slots=True)
class SettlementFiles:
    """The settlement files of a workspace; each is read at most once.

    Attributes
    ----------
    adapter : Adapter
        What reads them.
    rules : mapping of str to TradeRule
        The effect of every trade type.
    """

    adapter: Adapter
    rules: Mapping[str, TradeRule]
    _named: tuple[_Named, ...]
    _contents: dict[Path, bytes] = field(default_factory=dict)
    _statements: dict[Path, Statement] = field(default_factory=dict)

    def covering(self, day: date) -> tuple[Path, ...]:
        """Return the files that cover a day: that of the day alone first, then by name.

        Parameters
        ----------
        day : date
            A session.

        Returns
        -------
        tuple of Path
            Empty if there is none.
        """
        found = [each for each in self._named if each.first <= day <= each.last]
        return tuple(
            each.path
            for each in sorted(found, key=lambda each: (each.last - each.first, each.path.name))
        )

    def content(self, path: Path) -> bytes:
        """Return the bytes of a file.

        Parameters
        ----------
        path : Path
            One of `covering`.

        Returns
        -------
        bytes
            The whole file.

        Raises
        ------
        BrokerFileError
            If it is larger than an export can be.
        """
        if path not in self._contents:
            size = path.stat().st_size
            if size > LARGEST_FILE_BYTES:
                raise BrokerFileError(
                    "The broker's file is larger than an export can be.",
                    where=path.name,
                    expected=f"at most {LARGEST_FILE_BYTES} bytes",
                    found=f"{size} bytes",
                )
            self._contents[path] = path.read_bytes()
        return self._contents[path]

    def statement(self, path: Path, day: date) -> SettlementFile:
        """Return what a file says of one day.

        Parameters
        ----------
        path : Path
            One of `covering`.
        day : date
            A day that it covers.

        Returns
        -------
        SettlementFile
            The lines of the day, with the bytes of the whole file.

        Raises
        ------
        BrokerFileError, UnknownTradeTypeError
            If it cannot be booked, or a line lies outside the days in its name.
        """
        if path not in self._statements:
            named = next(each for each in self._named if each.path == path)
            content = self.content(path)
            statement = self.adapter.parse(content, source=path.name, rules=self.rules)
            check_settle_dates(statement, first=named.first, last=named.last)
            self._statements[path] = statement
        whole = self._statements[path]
        lines = tuple(line for line in whole.lines if line.settle_date == day)
        return SettlementFile(replace(whole, lines=lines), self.content(path), self.adapter.NAME)

    def settlement(self, day: date) -> SettlementFile | None:
        """Return what the files say of a day.

        Parameters
        ----------
        day : date
            A session.

        Returns
        -------
        SettlementFile or None
            From the first of `covering`; None where there is no file.

        Raises
        ------
        BooksMismatchError
            If two files say different things of it.
        """
        paths = self.covering(day)
        if not paths:
            return None
        first = self.statement(paths[0], day)
        for path in paths[1:]:
            other = self.statement(path, day)
            found = line_differences(first.statement.lines, other.statement.lines)
            if found:
                raise BooksMismatchError(
                    f"Two settlement files say different things of {day}.",
                    where=f"{paths[0].name} and {path.name}",
                    expected="the same lines of every day that both cover",
                    found="\n  ".join(("", *found)),
                    hint="export the days again, and keep the right file only",
                )
        return first

    def check_days(self, sessions: Sequence[date]) -> None:
        """Refuse a line on a day that is no session, which would never be booked.

        Parameters
        ----------
        sessions : sequence of date
            The sessions to process, oldest first.

        Raises
        ------
        BrokerFileError
            If a file of these sessions has such a line.
        """
        wanted = set(sessions)
        for path, statement in self._statements.items():
            for line in statement.lines:
                if (
                    sessions[0] <= line.settle_date <= sessions[-1]
                    and line.settle_date not in wanted
                ):
                    raise BrokerFileError(
                        "A line settles on a day that is no session.",
                        where=f"{path.name}:{line.key.row}",
                        expected="a session of the market",
                        found=line.settle_date,
                    )


def find_settlements(
    workspace: Workspace, *, adapter: Adapter, rules: Mapping[str, TradeRule]
) -> SettlementFiles:
    """Find the settlement files of a workspace; read none of them.

    Parameters
    ----------
    workspace : Workspace
        Where they lie.
    adapter : Adapter
        What reads them.
    rules : mapping of str to TradeRule
        The effect of every trade type.

    Returns
    -------
    SettlementFiles
        A file in ``data/`` stands before one of the same name in the archive.

    Raises
    ------
    BrokerFileError
        If the days in a name are none.
    """
    found: dict[str, _Named] = {}
    for folder in (workspace.data_dir, workspace.order_history_dir):
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            named = parse_settlement_name(path.name) if path.is_file() else None
            if named is not None and path.name not in found:
                found[path.name] = _Named(path, named.start, named.end)
    return SettlementFiles(adapter, rules, tuple(found.values()))


def load_settlements(
    settlements: SettlementFiles,
    sessions: Sequence[date],
    *,
    place: str,
    assume_empty: Iterable[date],
) -> dict[date, SettlementFile | None]:
    """Read the settlement exports of some sessions.

    Parameters
    ----------
    settlements : SettlementFiles
        Where they lie.
    sessions : sequence of date
        Which sessions, oldest first.
    place : str
        The folder, for messages.
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
    BooksMismatchError
        If two files say different things of a session.
    """
    empty = set(assume_empty)
    for day in sorted(empty):
        paths = settlements.covering(day)
        if paths:
            raise UsageError(
                f"{day} is to be assumed empty, and there is a settlement file for it.",
                where=f"{place}/{paths[0].name}",
                hint="leave --assume-empty out, or move the file away",
            )
    missing = [day for day in sessions if day not in empty and not settlements.covering(day)]
    if missing:
        raise MissingArtifactError(
            "Settlement files are missing; a missing file does not mean that nothing happened.",
            where=place,
            expected=name_list([settlement_name(day) for day in missing], shown=20),
            found="none of them",
            hint=(
                "export them from the broker's terminal, also for days without trades; if nothing "
                f"happened: {' '.join(f'--assume-empty {day}' for day in missing[:5])}"
            ),
        )
    loaded = {day: settlements.settlement(day) for day in sessions}
    if sessions:
        settlements.check_days(sessions)
    return loaded


def check_imported_files(journal: Journal, settlements: SettlementFiles) -> tuple[str, ...]:
    """Refuse a settlement file that is not what was booked for its sessions.

    Parameters
    ----------
    journal : Journal
        What was booked.
    settlements : SettlementFiles
        The files that are there now.

    Returns
    -------
    tuple of str
        Hashes of the booked files that no longer lie there as they were: removed, or exported again
        with the same lines.

    Raises
    ------
    BooksMismatchError
        If a file says something else of a session than the books, or one with lines came for a
        session that was assumed empty.
    """
    sources = current_sources(journal)
    hashes: dict[Path, str] = {}
    for session in session_lines(journal):
        day = session.settle_date
        source = sources.get(day)
        for path in settlements.covering(day):
            if path not in hashes:
                hashes[path] = sha256_bytes(settlements.content(path))
            if source is not None and source.sha256 == hashes[path]:
                continue
            lines = settlements.statement(path, day).statement.lines
            found = line_differences([line for _, line in session.lines], lines)
            if not found:
                continue
            if source is None:
                what = f"A settlement file came for {day}, which was processed as empty."
            else:
                what = f"A settlement file was changed after it was imported for {day}."
            raise BooksMismatchError(
                what,
                where=path.name,
                expected=f"the {len(session.lines)} lines in the books",
                found="\n  ".join(("", *found)),
                hint=(
                    "put the imported file back (the ledger keeps it); if the new one is right: "
                    f"quantpits ledger correct --date {day} --reason '...'"
                ),
            )
    there = set(hashes.values())
    booked = {each.source.sha256: None for each in journal.transactions if each.source is not None}
    return tuple(sha256 for sha256 in booked if sha256 not in there)


def line_differences(booked: Iterable[BrokerLine], found: Iterable[BrokerLine]) -> tuple[str, ...]:
    """Return where two readings of one session differ, line by line.

    Parameters
    ----------
    booked, found : iterable of BrokerLine
        What is in the books, or in one file; and what is in the other.

    Returns
    -------
    tuple of str
        ``-`` for a line that only the first has, ``+`` for one that only the second has; at most 20
        and how many more.
    """
    sides: defaultdict[str, dict[tuple[str, int], BrokerLine]] = defaultdict(dict)
    for sign, lines in (("-", booked), ("+", found)):
        sides[sign] = {line_identity(line): line for line in lines}
    texts = [
        f"{sign} {line_words(line)}"
        for sign, other in (("-", "+"), ("+", "-"))
        for identity, line in sides[sign].items()
        if identity not in sides[other]
    ]
    more = len(texts) - _DIFFERENCES_SHOWN
    return (*texts[:_DIFFERENCES_SHOWN], *((f"and {more} more",) if more > 0 else ()))

"""Where the results of a run lie, and whether a new start may go on with them.

There is one place per results folder and anchor. What decides the results is compared fact by fact:
predictions by hash, dates, market, rules, configuration, combos, and the code of the simulator.
Nothing that is unfinished is ever dropped unless the user says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from quantpits.errors import (
    Finding,
    MissingArtifactError,
    StaleArtifactError,
    UsageError,
    name_list,
)
from quantpits.search.store import ResultStore, StoredRun, read_run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from quantpits.search.request import SearchRequest

__all__ = ["Slot", "differences", "finished_run", "open_slot", "slot_folder"]

_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Slot:
    """The store of a run, ready to be written.

    Attributes
    ----------
    store : ResultStore
        Closed; open it to append.
    n_done : int
        Combos whose results are there already.
    findings : tuple of Finding
        What became of an earlier run.
    """

    store: ResultStore
    n_done: int
    findings: tuple[Finding, ...] = ()


def slot_folder(output_dir: Path, anchor: date) -> Path:
    """Return the folder of the results of an anchor as they come."""
    return output_dir / f"run_{anchor}"


def open_slot(folder: Path, run: StoredRun, *, request: SearchRequest) -> Slot:
    """Return the store of a run, after deciding what an earlier one in its place means.

    Parameters
    ----------
    folder : Path
        The place.
    run : StoredRun
        What is going to be simulated.
    request : SearchRequest
        Whether to go on or to begin anew.

    Returns
    -------
    Slot
        With a finished run of the same thing nothing is left to simulate.

    Raises
    ------
    UsageError
        If an unfinished run is there and nothing says what to do with it.
    StaleArtifactError
        If the run to go on with was of something else; it names what differs.
    """
    there = None if request.restart else read_run(folder)
    store = ResultStore(folder, run)
    if there is None:
        store.create()
        message = "There was no unfinished run; this one begins at the beginning."
        none_found = (Finding("SEA005", "info", message, "search"),) if request.resume else ()
        return Slot(store, 0, none_found)
    n_done = ResultStore(folder, there).count()
    is_finished = n_done == there.n_combos
    changes = differences(there.identity, run.identity)
    if request.resume and changes:
        raise _other_run(folder, there, n_done=n_done, changes=changes)
    if not is_finished and not request.resume:
        raise _unfinished(folder, there, n_done=n_done, changes=changes)
    if changes:
        store.create()
        return Slot(store, 0)
    return Slot(store, n_done)


def finished_run(folder: Path, anchor: date) -> StoredRun:
    """Return the finished run of an anchor, to be analysed.

    Parameters
    ----------
    folder : Path
        Its place.
    anchor : date
        The anchor, for the message.

    Returns
    -------
    StoredRun
        What it is.

    Raises
    ------
    MissingArtifactError
        If there is none at exactly this anchor, or it is not finished.
    """
    there = read_run(folder)
    if there is None:
        raise MissingArtifactError(
            f"There is no search at the anchor {anchor} to analyse.",
            where=folder,
            hint="run the search without --analysis-only",
        )
    n_done = ResultStore(folder, there).count()
    if n_done < there.n_combos:
        raise MissingArtifactError(
            "The search to analyse is not finished.",
            where=folder,
            expected=f"{there.n_combos:,} combos",
            found=f"{n_done:,}",
            hint="go on with it: the same command with --resume instead of --analysis-only",
        )
    return there


def differences(old: Mapping[str, Any], new: Mapping[str, Any], *, path: str = "") -> list[str]:
    """Return what two identities do not have in common, in words.

    Parameters
    ----------
    old, new : mapping
        Text, numbers and mappings of them.
    path : str
        Where in the whole they stand.

    Returns
    -------
    list of str
        One line a difference; empty if the two are equal.

    Examples
    --------
    >>> differences({"a": 1, "b": {"c": "x"}}, {"a": 1, "b": {"c": "y"}})
    ['b c: x, now y']
    """
    lines: list[str] = []
    for key in dict.fromkeys((*old, *new)):
        place = f"{path} {key}".strip()
        before, after = old.get(key), new.get(key)
        if isinstance(before, dict) and isinstance(after, dict):
            lines += differences(before, after, path=place)
        elif before != after:
            lines.append(f"{place}: {_short(before)}, now {_short(after)}")
    return lines


def _short(value: object) -> str:
    text = "none" if value is None else str(value)
    longest = 24
    return text if len(text) <= longest else f"{text[:12]}…"


def _other_run(
    folder: Path, there: StoredRun, *, n_done: int, changes: list[str]
) -> StaleArtifactError:
    state: Literal["finished", "unfinished"] = (
        "finished" if n_done == there.n_combos else "unfinished"
    )
    return StaleArtifactError(
        f"The {state} run is of another search, so it cannot be resumed.",
        where=folder,
        expected=there.title,
        found="; ".join(changes[:_SHOWN])
        + ("" if len(changes) <= _SHOWN else f" and {len(changes) - _SHOWN} more differences"),
        hint="--restart drops it and begins anew; --output-dir keeps both",
    )


def _unfinished(folder: Path, there: StoredRun, *, n_done: int, changes: list[str]) -> UsageError:
    same = "this search" if not changes else "another search"
    how = "--resume goes on with it, " if not changes else ""
    return UsageError(
        f"There is an unfinished run of {same}: {n_done:,} of {there.n_combos:,} combos are done.",
        where=folder,
        found=there.title + ("" if not changes else f"; differs in {name_list(changes)}"),
        hint=f"{how}--restart drops it and begins anew, --output-dir keeps it",
    )

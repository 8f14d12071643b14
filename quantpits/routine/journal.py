"""What a run of a scenario has finished, so that the next one goes on where it stopped.

Invariants: an entry says which step finished, for which scenario and anchor, from which inputs and
with which output files, by hash; its inputs include the step before it. A step is skipped only
while all of that still holds and every step before it was skipped as well. The journal is a
convenience: without it every step simply runs again and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date  # noqa: TC003 - pydantic looks it up when it reads the journal
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from pydantic import ConfigDict

from quantpits.routine.state_file import StateFile
from quantpits.workspace.atomic import sha256_bytes, sha256_file

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quantpits.workspace import Workspace

__all__ = ["JOURNAL", "Journal", "JournalEntry", "inputs_fingerprint"]

_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """One finished step.

    Attributes
    ----------
    step : str
        Its name in the scenario.
    seconds : float
        How long it took when it last changed something.
    inputs : str
        Fingerprint of the files it reads and of the entry before it, taken when it had finished.
    outputs : dict of str to str
        Every file it wrote, relative to the workspace, with its sha256.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    step: str
    seconds: float
    inputs: str
    outputs: dict[str, str]

    def is_untouched(self, workspace: Workspace) -> bool:
        """Return whether every output is still what the step wrote.

        Parameters
        ----------
        workspace : Workspace
            Where the outputs lie.

        Returns
        -------
        bool
            False as soon as one of them is gone or differs.
        """
        return all(
            (workspace.root / name).is_file() and sha256_file(workspace.root / name) == digest
            for name, digest in self.outputs.items()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """The state of one scenario.

    Attributes
    ----------
    scenario : {"A", "B"}
        Which list of steps.
    anchor_date : date
        Last session of the market when it ran.
    market : str
        Fingerprint of the market snapshot.
    entries : tuple of JournalEntry
        The finished steps, in order.
    failed_step : str or None
        The step that stopped the run.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    scenario: Literal["A", "B"]
    anchor_date: date
    market: str
    entries: tuple[JournalEntry, ...] = ()
    failed_step: str | None = None

    def is_about(self, other: Journal) -> bool:
        """Return whether both are about the same scenario, anchor and market."""
        mine = (self.scenario, self.anchor_date, self.market)
        return mine == (other.scenario, other.anchor_date, other.market)

    def entry(self, step: str) -> JournalEntry | None:
        """Return the entry of a step, or None if it has not finished."""
        return next((entry for entry in self.entries if entry.step == step), None)

    def with_entry(self, entry: JournalEntry) -> Journal:
        """Return the journal with a step finished, in the place of an older entry of it."""
        known = self.entry(entry.step)
        if known is None:
            entries = (*self.entries, entry)
        else:
            entries = tuple(entry if other is known else other for other in self.entries)
        return replace(self, entries=entries, failed_step=None)


JOURNAL: Final = StateFile(
    kind=Journal,
    name="routine_state.json",
    title="The journal of the routine",
    writer="quantpits run",
    remedy="delete the file: every step then runs again, and changes nothing it need not",
)


def inputs_fingerprint(
    workspace: Workspace, patterns: Iterable[str], *, previous: JournalEntry | None
) -> str:
    """Return one hash over what a step starts from.

    Parameters
    ----------
    workspace : Workspace
        Where to look.
    patterns : iterable of str
        Glob patterns of the files it reads, relative to the workspace root.
    previous : JournalEntry or None
        The step before it, whose outputs it reads.

    Returns
    -------
    str
        Changes when a file appears, goes or changes, and when the step before it has new outputs.
    """
    found = sorted({path for pattern in patterns for path in workspace.root.glob(pattern)})
    lines = [f"{path.relative_to(workspace.root)} {sha256_file(path)}" for path in found]
    if previous is not None:
        lines.append(previous.inputs)
        lines += [f"{name} {digest}" for name, digest in sorted(previous.outputs.items())]
    return sha256_bytes("\n".join(lines).encode())

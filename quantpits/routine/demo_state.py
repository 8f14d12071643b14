"""What a demo has finished, so that a demo that was stopped goes on, and one that is done stays.

Invariants: the weeks a demo trades are counted from the anchor it started at, which is recorded
before the market moves; so a demo that is killed while it moves does not move it twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from quantpits.errors import CorruptArtifactError
from quantpits.routine.request import DemoStage  # noqa: TC001 - pydantic looks it up
from quantpits.workspace.atomic import write_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from quantpits.workspace import Workspace

__all__ = ["DemoState", "demo_state_path", "read_demo_state", "week_ends"]

_NAME = "demo_state.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoState:
    """How far a demo has come.

    Attributes
    ----------
    nn : bool
        Whether it trains the neural networks.
    start : date
        Anchor of the first orders.
    finished : dict of str to tuple of DemoStage
        The stages that are done, by key, in order.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", allow_inf_nan=False)

    nn: bool
    start: date
    finished: dict[str, tuple[DemoStage, ...]]

    def with_finished(self, key: str, stages: Sequence[DemoStage]) -> DemoState:
        """Return the state with one more stage done."""
        return replace(self, finished={**self.finished, key: tuple(stages)})

    def write(self, workspace: Workspace) -> None:
        """Store the state.

        Parameters
        ----------
        workspace : Workspace
            The scratch workspace.
        """
        write_json(demo_state_path(workspace), _ADAPTER.dump_python(self, mode="json"))


_ADAPTER = TypeAdapter(DemoState)


def demo_state_path(workspace: Workspace) -> Path:
    """Return where the state of a demo lies; only a scratch workspace has one."""
    return workspace.data_dir / _NAME


def read_demo_state(workspace: Workspace) -> DemoState | None:
    """Return how far the demo in a workspace has come, or None if there is none.

    Parameters
    ----------
    workspace : Workspace
        The scratch workspace.

    Returns
    -------
    DemoState or None
        As written.

    Raises
    ------
    CorruptArtifactError
        If the file is not what this module writes.
    """
    path = demo_state_path(workspace)
    if not path.is_file():
        return None
    try:
        return _ADAPTER.validate_json(path.read_bytes())
    except ValidationError as error:
        raise CorruptArtifactError(
            "The state of the demo cannot be read.",
            where=path,
            expected="the file that `quantpits demo` writes",
            found=f"{error.error_count()} problems, the first: {error.errors()[0]['msg']}",
            hint="start over with --fresh",
        ) from error


def week_ends(sessions: Sequence[date], start: date, *, count: int) -> tuple[date, ...]:
    """Return the last session of each of the ISO weeks after a date that have sessions.

    Parameters
    ----------
    sessions : sequence of date
        Sessions after `start`, ascending.
    start : date
        The first week is the first one with sessions after this date's own.
    count : int
        How many weeks.

    Returns
    -------
    tuple of date
        At most `count`; fewer if the sessions end before.

    Examples
    --------
    >>> days = [date(2026, 11, 6) + timedelta(n) for n in range(20)]
    >>> [str(day) for day in week_ends([d for d in days if d.weekday() < 5], days[0], count=2)]
    ['2026-11-13', '2026-11-20']
    """
    last_of_week: dict[date, date] = {}
    own_monday = start - timedelta(days=start.weekday())
    for session in sessions:
        monday = session - timedelta(days=session.weekday())
        if monday > own_monday:
            last_of_week[monday] = session
    return tuple(last_of_week[monday] for monday in sorted(last_of_week))[:count]

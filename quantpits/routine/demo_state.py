"""What a demo has finished, so that a demo that was stopped goes on, and one that is done stays.

Invariants: the weeks a demo trades are counted from the anchor it started at, which is recorded
before the market moves; so a demo that is killed while it moves does not move it twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, ClassVar, Final

from pydantic import ConfigDict

from quantpits.routine.request import DemoStage  # noqa: TC001 - pydantic looks it up
from quantpits.routine.state_file import StateFile

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["DEMO_STATE", "DemoState", "week_ends"]


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


DEMO_STATE: Final = StateFile(
    kind=DemoState,
    name="demo_state.json",
    title="The state of the demo",
    writer="quantpits demo",
    remedy="start over with --fresh",
)
"""Only a scratch workspace has it."""


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

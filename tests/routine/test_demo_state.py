"""How far a demo has come, and which weeks it trades."""

from datetime import date, timedelta

import pytest

from quantpits.errors import CorruptArtifactError
from quantpits.routine import DemoStage
from quantpits.routine.demo_state import DEMO_STATE, DemoState, week_ends
from quantpits.workspace import Workspace

FRIDAY = date(2026, 11, 6)
STATE = DemoState(nn=False, start=FRIDAY, finished={"market": (DemoStage("market", 1.5),)})


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


def weekdays(first, count):
    days = (first + timedelta(n) for n in range(count))
    return [day for day in days if day.weekday() < 5]


def test_state_reads_back_as_written(workspace):
    state = STATE.with_finished("week 0", [DemoStage("week 0: train", 61.0, ("4 models",))])
    DEMO_STATE.write(workspace, state)
    assert state == DEMO_STATE.read(workspace)


def test_no_state_is_none(workspace):
    assert DEMO_STATE.read(workspace) is None


def test_unreadable_state_is_refused_with_what_to_do(workspace):
    DEMO_STATE.path(workspace).parent.mkdir()
    DEMO_STATE.path(workspace).write_text("{}", encoding="utf-8")
    with pytest.raises(CorruptArtifactError, match="start over with --fresh"):
        DEMO_STATE.read(workspace)


def test_weeks_end_on_their_last_session():
    sessions = weekdays(date(2026, 11, 2), 60)
    assert (date(2026, 11, 13), date(2026, 11, 20)) == week_ends(sessions, FRIDAY, count=2)


def test_weeks_count_from_the_start_wherever_the_market_is():
    sessions = weekdays(date(2026, 11, 2), 60)
    later = [day for day in sessions if day >= date(2026, 11, 12)]
    assert week_ends(sessions, FRIDAY, count=2) == week_ends(later, FRIDAY, count=2)


def test_short_week_ends_early_and_empty_week_does_not_count():
    sessions = [date(2026, 11, 9), date(2026, 11, 10), date(2026, 11, 23)]
    assert (date(2026, 11, 10), date(2026, 11, 23)) == week_ends(sessions, FRIDAY, count=2)


def test_rest_of_the_own_week_is_no_week():
    sessions = weekdays(date(2026, 11, 2), 20)
    assert (date(2026, 11, 13),) == week_ends(sessions, date(2026, 11, 4), count=1)


def test_sessions_that_end_give_fewer_weeks():
    assert (date(2026, 11, 13),) == week_ends(weekdays(date(2026, 11, 9), 5), FRIDAY, count=3)

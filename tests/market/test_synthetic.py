import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from datetime import date

import pytest

from quantpits.errors import DataError, UsageError
from quantpits.market.metadata import read_metadata
from quantpits.market.synthetic import (
    advance_synthetic,
    ensure_synthetic,
    write_synthetic_market,
)
from quantpits.workspace import Workspace

SEED = 20200101
FRIDAY = date(2020, 3, 6)
NEXT_FRIDAY = date(2020, 3, 13)
NO_SUCH_PROCESS = 2**22 + 1  # above the largest process id of Linux

ADVANCE = """
import sys
from datetime import date
from pathlib import Path
from quantpits.market.synthetic import write_synthetic_market
through = date.fromisoformat(sys.argv[2])
print("start", flush=True)
write_synthetic_market(Path(sys.argv[1]), seed=20200101, through=through)
"""


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "config").mkdir()
    text = f"provider: synthetic\nsynthetic:\n  seed: {SEED}\n  through: {FRIDAY}\n"
    (tmp_path / "config" / "market.yaml").write_text(text)
    return Workspace(tmp_path)


def _content(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_writing_reports_what_was_made(tmp_path):
    report = write_synthetic_market(tmp_path / "m", seed=SEED, through=FRIDAY)

    assert report.changed
    assert FRIDAY == report.through
    assert 42 == report.n_sessions
    assert (tmp_path / "m",) == report.outputs
    assert ("synth60", "SH000999") == (report.universe, report.benchmark)
    assert "Synthetic market (seed 20200101) written" in report.summary()[0]
    assert "MKT001" == report.findings[0].code
    assert json.dumps(dataclasses.asdict(report), default=str)


def test_writing_twice_touches_nothing(tmp_path):
    write_synthetic_market(tmp_path / "m", seed=SEED, through=FRIDAY)
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "m").rglob("*")}
    report = write_synthetic_market(tmp_path / "m", seed=SEED, through=FRIDAY)

    assert not report.changed
    assert "unchanged" in report.summary()[0]
    assert before == {p: p.stat().st_mtime_ns for p in (tmp_path / "m").rglob("*")}


def test_a_date_between_sessions_means_the_last_session_before_it(tmp_path):
    report = write_synthetic_market(tmp_path / "m", seed=SEED, through=date(2020, 3, 8))
    assert FRIDAY == report.through


def test_a_dry_run_writes_nothing(tmp_path):
    report = write_synthetic_market(tmp_path / "m", seed=SEED, through=FRIDAY, dry_run=True)
    assert report.changed
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("through", [date(2020, 1, 1), date(2028, 1, 3)])
def test_a_date_outside_the_calendar_is_refused(tmp_path, through):
    with pytest.raises(DataError, match="does not reach this date"):
        write_synthetic_market(tmp_path / "m", seed=SEED, through=through)


def test_a_negative_seed_is_refused(tmp_path):
    with pytest.raises(DataError, match="seed is not valid"):
        write_synthetic_market(tmp_path / "m", seed=-1, through=FRIDAY)


def test_another_seed_replaces_the_market_when_written_on_purpose(tmp_path):
    write_synthetic_market(tmp_path / "m", seed=SEED, through=FRIDAY)
    assert write_synthetic_market(tmp_path / "m", seed=1, through=FRIDAY).changed
    assert 1 == read_metadata(tmp_path / "m").seed


def test_advancing_goes_on_as_if_written_at_once(workspace, tmp_path):
    advance_synthetic(workspace, FRIDAY)
    report = advance_synthetic(workspace, NEXT_FRIDAY)
    write_synthetic_market(tmp_path / "fresh", seed=SEED, through=NEXT_FRIDAY)

    assert report.changed
    assert workspace.name == report.workspace
    assert _content(tmp_path / "fresh") == _content(workspace.market_dir)


def test_advancing_to_where_the_market_is_changes_nothing(workspace):
    advance_synthetic(workspace, FRIDAY)
    assert not advance_synthetic(workspace, date(2020, 3, 8)).changed


def test_advancing_backwards_is_refused(workspace):
    advance_synthetic(workspace, NEXT_FRIDAY)
    before = _content(workspace.market_dir)
    with pytest.raises(UsageError, match="only goes forward"):
        advance_synthetic(workspace, FRIDAY)
    assert before == _content(workspace.market_dir)


def test_advancing_dry_leaves_the_market(workspace):
    advance_synthetic(workspace, FRIDAY)
    assert advance_synthetic(workspace, NEXT_FRIDAY, dry_run=True).changed
    assert FRIDAY == read_metadata(workspace.market_dir).through


def test_advancing_real_data_is_refused(workspace):
    (workspace.config_dir / "market.yaml").write_text("provider: qlib\n")
    with pytest.raises(UsageError, match="Only a synthetic market"):
        advance_synthetic(workspace, FRIDAY)


def test_the_market_is_made_on_first_use_and_then_left_alone(workspace):
    assert ensure_synthetic(workspace.market_dir, seed=SEED, through=FRIDAY)
    assert not ensure_synthetic(workspace.market_dir, seed=SEED, through=FRIDAY)


def test_a_market_that_was_advanced_stays_advanced(workspace):
    advance_synthetic(workspace, NEXT_FRIDAY)
    assert not ensure_synthetic(workspace.market_dir, seed=SEED, through=FRIDAY)
    assert NEXT_FRIDAY == read_metadata(workspace.market_dir).through


def test_a_configuration_that_asks_for_more_extends_the_market(workspace):
    ensure_synthetic(workspace.market_dir, seed=SEED, through=FRIDAY)
    assert ensure_synthetic(workspace.market_dir, seed=SEED, through=NEXT_FRIDAY)


def test_a_market_of_another_seed_is_never_replaced_silently(workspace):
    ensure_synthetic(workspace.market_dir, seed=1, through=FRIDAY)
    with pytest.raises(DataError, match="seed 20200101") as caught:
        advance_synthetic(workspace, NEXT_FRIDAY)
    assert 3 == caught.value.exit_code
    assert 1 == read_metadata(workspace.market_dir).seed


def test_a_market_of_another_generator_is_never_replaced_silently(workspace):
    ensure_synthetic(workspace.market_dir, seed=SEED, through=FRIDAY)
    path = workspace.market_dir / "market.json"
    path.write_text(path.read_text().replace('"generator_version": 1', '"generator_version": 0'))
    with pytest.raises(DataError, match="generator version 0"):
        ensure_synthetic(workspace.market_dir, seed=SEED, through=FRIDAY)


def test_a_market_lost_between_two_renames_comes_back(workspace):
    # The state that a process killed in the middle of the swap leaves behind.
    ensure_synthetic(workspace.market_dir, seed=SEED, through=NEXT_FRIDAY)
    aside = workspace.data_dir / f".market_synthetic.old-{NO_SUCH_PROCESS}-0123abcd"
    workspace.market_dir.rename(aside)

    assert not ensure_synthetic(workspace.market_dir, seed=SEED, through=FRIDAY)
    assert NEXT_FRIDAY == read_metadata(workspace.market_dir).through
    assert not aside.exists()


@pytest.mark.parametrize("delay_s", [0.3, 0.6])
def test_a_killed_process_leaves_the_old_market_or_the_new_one(tmp_path, delay_s):
    target = tmp_path / "m"
    write_synthetic_market(target, seed=SEED, through=FRIDAY)
    markets = [_content(target)]
    write_synthetic_market(tmp_path / "new", seed=SEED, through=date(2022, 3, 4))
    markets.append(_content(tmp_path / "new"))
    command = [sys.executable, "-c", ADVANCE, str(target), "2022-03-04"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
    ) as process:
        process.stdout.readline()
        time.sleep(delay_s)
        process.send_signal(signal.SIGKILL)

    ensure_synthetic(target, seed=SEED, through=FRIDAY)
    assert _content(target) in markets
    assert not write_synthetic_market(tmp_path / "new", seed=SEED, through=date(2022, 3, 4)).changed

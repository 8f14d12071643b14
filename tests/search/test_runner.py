"""The loop: batches, stopping, resuming, and being killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from quantpits.errors import StaleArtifactError, UsageError
from quantpits.search import SearchRequest
from quantpits.search.combos import combos_by_size
from quantpits.search.engine import SessionEngine
from quantpits.search.results import COLUMNS
from quantpits.search.runner import measure_rate, simulate_all, time_left
from quantpits.search.slot import slot_folder
from quantpits.search.step import run
from quantpits.search.store import BatchResults, ResultStore, StoredRun
from tests.search.search_lab import ANCHOR

REPOSITORY = Path(__file__).resolve().parents[2]
COMBOS = combos_by_size("abcd", range(1, 5))
QUICK = SearchRequest(skip_analysis=True, batch_size=4)


class FakeEngine:
    """Figures are the sizes of the combos; may press keys before a batch."""

    dates = np.arange("2026-01-05", "2026-01-09", dtype="datetime64[D]")
    block_rows = 1

    def __init__(self, stop_before=None, times=1):
        self.calls = []
        self.stop_before = stop_before
        self.times = times

    def run(self, _members, starts):
        if self.stop_before == len(self.calls):
            for _ in range(self.times):
                os.kill(os.getpid(), signal.SIGINT)
        self.calls.append(len(starts) - 1)
        sizes = np.diff(starts).astype(float)
        return BatchResults(
            np.zeros((len(sizes), 2), dtype=np.int64),
            np.repeat(sizes[:, None], len(COLUMNS), axis=1),
            np.zeros((len(sizes), 2, 16)),
        )


@pytest.fixture
def store(tmp_path):
    run_ = StoredRun(
        identity={}, asked={}, n_combos=15, n_figures=len(COLUMNS), n_blocks=16, title=""
    )
    store = ResultStore(tmp_path / "run", run_)
    store.create()
    return store


def test_all_batches_are_simulated_and_told(store):
    engine, told = FakeEngine(), []

    class Listener:
        def stage(self, _title, total=None):
            told.append((total, "in all"))
            return nullcontext(lambda n=1, note="": told.append((n, note)))

    outcome = simulate_all(engine, COMBOS, store=store, batch_size=6, progress=Listener())
    assert [6, 6, 3] == engine.calls
    assert (15, 15, False) == (outcome.n_done, outcome.n_simulated, outcome.is_interrupted)
    assert [15, 0, 6, 6, 3] == [n for n, _ in told]
    assert told[-1][1].endswith("a second, 0 s left")
    assert COMBOS.sizes.tolist() == store.load().figures[:, 0].tolist()


def test_ctrl_c_finishes_the_batch_and_the_next_run_goes_on(store):
    first = simulate_all(FakeEngine(stop_before=1), COMBOS, store=store, batch_size=6)
    assert (12, True) == (first.n_done, first.is_interrupted)
    engine = FakeEngine()
    second = simulate_all(engine, COMBOS, store=store, batch_size=6)
    assert (15, 3, False) == (second.n_done, second.n_simulated, second.is_interrupted)
    assert [3] == engine.calls


def test_ctrl_c_during_the_last_batch_is_no_interruption(store):
    assert not simulate_all(
        FakeEngine(stop_before=2), COMBOS, store=store, batch_size=6
    ).is_interrupted


def test_a_second_ctrl_c_stops_at_once_and_keeps_whole_batches(store):
    with pytest.raises(KeyboardInterrupt):
        simulate_all(FakeEngine(stop_before=1, times=2), COMBOS, store=store, batch_size=6)
    assert 6 == store.count()


def test_the_rate_is_measured_on_a_sample_of_the_middle():
    engine = FakeEngine()
    assert measure_rate(engine, COMBOS, n_sample=4) > 0
    assert [1, 4] == engine.calls
    measure_rate(engine, COMBOS, n_sample=100)
    assert 15 == engine.calls[-1]


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (59.4, "59 s"), (60, "1 min 0 s"), (3_660, "1 h 1 min")]
)
def test_time_left_in_words(seconds, words):
    assert words == time_left(seconds)


def interrupted(lab, monkeypatch, after):
    """Run a search and press Ctrl+C in the given batch."""
    simulate, calls = SessionEngine.run, []

    def run_and_press(self, members, starts):
        calls.append(1)
        if len(calls) == after:
            os.kill(os.getpid(), signal.SIGINT)
        return simulate(self, members, starts)

    with monkeypatch.context() as patch:
        patch.setattr(SessionEngine, "run", run_and_press)
        return run(lab.workspace, QUICK)


def test_an_interrupted_and_resumed_search_gives_the_bytes_of_a_whole_one(
    search_lab, tmp_path, monkeypatch
):
    whole = search_lab.copy(tmp_path / "Whole")
    run(whole.workspace, QUICK)
    report = interrupted(search_lab, monkeypatch, after=3)
    assert (130, 12, True) == (report.exit_code, report.n_done, report.is_interrupted)
    assert "Stopped after 12 of 31 combos" in report.summary()[0]
    assert "--resume" in report.summary()[-1]
    assert {} == search_lab.files(), "nothing is written of a part"
    resumed = run(search_lab.workspace, replace(QUICK, resume=True, batch_size=5))
    assert 19 == resumed.n_simulated
    assert whole.files() == search_lab.files()


def test_an_unfinished_run_is_never_dropped_without_being_told_to(search_lab, monkeypatch):
    """Fault 43: the earlier system began anew and truncated what was there."""
    interrupted(search_lab, monkeypatch, after=2)
    folder = slot_folder(search_lab.workspace.output_dir / "brute_force_fast", ANCHOR)
    before = (folder / "results.bin").read_bytes()
    with pytest.raises(UsageError, match="unfinished run of this search: 8 of 31") as caught:
        run(search_lab.workspace, QUICK)
    assert "--resume goes on with it, --restart drops it" in caught.value.hint
    with pytest.raises(UsageError, match="unfinished run of another search") as caught:
        run(search_lab.workspace, replace(QUICK, max_combo_size=2))
    assert "combos count: 31, now 15" in str(caught.value)
    assert before == (folder / "results.bin").read_bytes()
    assert 31 == run(search_lab.workspace, replace(QUICK, restart=True)).n_simulated


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        ({"freq": "day"}, "frequency: week, now day"),
        ({"max_combo_size": 2}, "combos count: 31, now 15"),
        ({"exclude_last_months": 2}, "window end"),
        ({"cost_rate": 0.001}, "cost_rate: none, now 0.001"),
    ],
)
def test_another_search_cannot_be_resumed(search_lab, monkeypatch, change, fact):
    """Fault 43: the earlier resume ignored frequency, dates, TopK and cost."""
    interrupted(search_lab, monkeypatch, after=2)
    with pytest.raises(StaleArtifactError, match="cannot be resumed") as caught:
        run(search_lab.workspace, replace(QUICK, resume=True, **change))
    assert fact in str(caught.value)


def test_other_rules_or_predictions_cannot_be_resumed(search_lab, monkeypatch):
    interrupted(search_lab, monkeypatch, after=2)
    search_lab.strategy(topk=5)
    with pytest.raises(StaleArtifactError, match="market, rules and configuration"):
        run(search_lab.workspace, replace(QUICK, resume=True))
    search_lab.strategy()
    search_lab.add_model("cy", search_lab.scores(50))
    with pytest.raises(StaleArtifactError, match="predictions cy"):
        run(search_lab.workspace, replace(QUICK, resume=True))


def test_nothing_to_resume_begins_at_the_beginning(search_lab):
    report = run(search_lab.workspace, replace(QUICK, resume=True))
    assert 31 == report.n_simulated
    assert "SEA005" in {finding.code for finding in report.findings}


SLOW_SEARCH = """
import sys, time
from pathlib import Path
from quantpits.search import SearchRequest
from quantpits.search.engine import SessionEngine
from quantpits.search.step import run
from quantpits.workspace import Workspace

simulate = SessionEngine.run

def slowly(self, members, starts):
    time.sleep(0.05)
    return simulate(self, members, starts)

SessionEngine.run = slowly
run(Workspace(Path(sys.argv[1])), SearchRequest(skip_analysis=True, batch_size=2))
"""


def test_a_killed_search_loses_one_batch_at_most_and_goes_on_to_the_same_bytes(
    search_lab, tmp_path
):
    whole = search_lab.copy(tmp_path / "Whole")
    run(whole.workspace, QUICK)
    folder = slot_folder(search_lab.workspace.output_dir / "brute_force_fast", ANCHOR)
    results = folder / "results.bin"
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW_SEARCH, str(search_lab.workspace.root)],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (results.exists() and results.stat().st_size > 2_500):
        time.sleep(0.01)
    process.kill()
    process.wait()
    with results.open("ab") as file:  # what a power cut may leave of the batch in flight
        file.write(b"QPSB\x02\x00\x00\x00half of a batch")
    resumed = run(search_lab.workspace, replace(QUICK, resume=True))
    assert 0 < resumed.n_simulated < 31
    assert whole.files() == search_lab.files()

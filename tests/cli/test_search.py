"""These arguments make this request; and whole commands as a user runs them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from quantpits.cli.app import main
from quantpits.market import write_synthetic_market
from quantpits.search import PromoteRequest, SearchRequest
from tests.search.search_lab import ANCHOR, SearchLab

REPOSITORY = Path(__file__).resolve().parents[2]


def test_defaults_of_the_fast_search(ask):
    found = ask("search fast")
    assert SearchRequest(kind="fast") == found.request
    assert "quantpits.search.step:run" == found.target
    assert found.plan.is_writing
    assert "rank combos of 1 to all models" == found.plan.text


def test_defaults_of_the_confirming_search(ask):
    found = ask("search ensemble")
    assert SearchRequest(kind="exact", n_jobs=4, batch_size=50) == found.request
    assert "rank and confirm combos of 1 to all models" == found.plan.text


def test_every_flag_of_the_fast_search(ask):
    line = (
        "search fast --min-models 2 --max-models 4 --groups a,b --group-config g.yaml --freq day "
        "--start-date 2024-01-02 --end-date 2025-06-30 --exclude-last-years 1 "
        "--exclude-last-months 2 --auto-test-top 10 --top-n 20 --resume --n-jobs 3 "
        "--batch-size 64 --cost-rate 0.002 --no-gpu --output-dir out --record-file r.json "
        "--allow-missing --dry-run"
    )
    assert (
        SearchRequest(
            kind="fast",
            min_combo_size=2,
            max_combo_size=4,
            use_groups=True,
            groups=("a", "b"),
            group_config=Path("g.yaml"),
            freq="day",
            start_date=date(2024, 1, 2),
            end_date=date(2025, 6, 30),
            exclude_last_years=1,
            exclude_last_months=2,
            auto_test_top=10,
            top_n=20,
            resume=True,
            n_jobs=3,
            batch_size=64,
            cost_rate=0.002,
            output_dir=Path("out"),
            record_file=Path("r.json"),
            allow_missing=True,
            dry_run=True,
        )
        == ask(line).request
    )


def test_candidates_and_engines(ask):
    line = "search ensemble --candidates output/leaderboard.csv --top 20 --confirm 3 --engine qlib"
    found = ask(line)
    assert (Path("output/leaderboard.csv"), 20, 3, "qlib") == (
        found.request.candidates,
        found.request.top,
        found.request.confirm,
        found.request.engine,
    )
    assert "the candidates of output/leaderboard.csv" in found.plan.text
    assert "analyse the finished run" in ask("search fast --analysis-only").plan.text


def test_both_names_of_a_size_may_not_disagree(ask, capsys):
    assert 2 == ask("search fast --min-combo-size 2 --min-models 3").exit_code


def test_there_is_no_gpu_engine(ask, capsys):
    assert 2 == ask("search fast --use-gpu").exit_code
    assert "There is no GPU engine" in capsys.readouterr().err


def test_promotion(ask, capsys):
    found = ask("search promote --rank 2 --name best --default --results r.csv")
    assert "quantpits.search.promote:run" == found.target
    assert PromoteRequest(rank=2, name="best", default=True, results=Path("r.csv")) == found.request
    assert "row 2 of the search" in found.plan.text
    assert "a, b" in ask("search promote --models a,b").plan.text
    for line in ("search promote", "search promote --rank 1 --models a"):
        assert 2 == ask(line).exit_code
        assert "Exactly one of --rank and --models" in capsys.readouterr().err


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    root = tmp_path_factory.mktemp("cli_search")
    write_synthetic_market(root / "market", seed=20200101, through=ANCHOR)
    lab = SearchLab(root / "Lab", root / "market").add_models()
    lab.combos_file()
    return lab


def command(lab, *arguments, script="brute_force_fast", **given):
    path = REPOSITORY / "engine" / "scripts" / f"{script}.py"
    line = [sys.executable, str(path), *arguments, "--workspace", str(lab.workspace.root)]
    return subprocess.Popen(
        line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **given
    )


def finish(process):
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@pytest.mark.e2e
def test_a_search_as_a_user_runs_it_stopped_and_resumed(lab, tmp_path):
    """Ctrl+C, then a start that must not truncate, then --resume: fault 43."""
    mine = lab.copy(tmp_path / "Lab")
    flags = ("--skip-analysis", "--batch-size", "1", "--n-jobs", "1")
    process = command(mine, *flags, cwd=tmp_path)
    store = mine.workspace.output_dir / "brute_force_fast" / f"run_{ANCHOR}" / "results.bin"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (store.exists() and store.stat().st_size):
        time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    code, out, err = finish(process)
    if code == 0:
        pytest.skip("the search was over before the key was pressed")
    assert 130 == code, err
    assert "Stopping after this batch" in err
    assert "--resume" in out
    size = store.stat().st_size
    code, out, err = finish(command(mine, *flags))
    assert 2 == code
    assert "unfinished run of this search" in err
    assert size == store.stat().st_size
    code, out, err = finish(command(mine, *flags, "--resume", "--json"))
    report = json.loads(out)
    assert (0, 0, 31) == (code, report["exit_code"], report["n_done"])


@pytest.mark.e2e
def test_a_result_is_confirmed_and_promoted_by_the_scripts(lab, tmp_path):
    mine = lab.copy(tmp_path / "Lab")
    code, out, err = finish(command(mine, "--max-models", "2", "--top-n", "5"))
    assert 0 == code, err
    assert "15 combos were tried" in out
    candidates = ("--candidates", "output/brute_force_fast/leaderboard.csv", "--top", "3")
    code, out, err = finish(
        command(mine, *candidates, "--confirm", "1", script="brute_force_ensemble")
    )
    assert 0 == code, err
    assert "Qlib's own backtest against the simulator" in out
    line = ["search", "promote", "--rank", "1", "--workspace", str(mine.workspace.root)]
    assert 0 == main(line)
    assert "search_1" in mine.workspace.ensemble_config().combos

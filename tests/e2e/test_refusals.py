"""Bad input: refused with file, place, what was found and what to do; nothing is written."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook

from quantpits.market import advance_synthetic, load_calendar, resolve_market
from quantpits.workspace import demo_template, init_workspace, open_workspace

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e

SETTLEMENT = "2026-11-23-table.xlsx"


@pytest.fixture
def refuse(command, tree_hashes):
    """Return a function that demands a refusal: exit code, message, nothing written."""

    def demand(line, workspace, *, exit_code, says):
        before = tree_hashes(workspace.root)
        outcome = command(line, workspace)
        assert exit_code == outcome.exit_code, outcome.stderr
        for words in says:
            assert words in outcome.stderr
        assert before == tree_hashes(workspace.root)

    return demand


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def change_settlement(path: Path, *, header: bool, column: str, value: str) -> None:
    """Put another text into a column, in the header or in the first line."""
    book = load_workbook(path)
    sheet = book["Sheet1"]
    place = next(cell.column for cell in sheet[6] if cell.value == column)
    sheet.cell(row=6 if header else 7, column=place).value = value
    book.save(path)


def test_no_workspace(command, monkeypatch):
    monkeypatch.delenv("QLIB_WORKSPACE_DIR", raising=False)
    outcome = command("orders")
    assert 2 == outcome.exit_code
    assert "run_env.sh" in outcome.stderr


def test_workspace_that_does_not_exist(command, tmp_path):
    outcome = command(f"orders --workspace {tmp_path / 'nowhere'}")
    assert 2 == outcome.exit_code
    assert "nowhere" in outcome.stderr
    assert [] == list(tmp_path.iterdir())


def test_unknown_model(demo, refuse):
    says = ["lightgbm_Alpha185", "lightgbm_Alpha158"]
    refuse("predict --models lightgbm_Alpha185", demo.workspace, exit_code=2, says=says)


@pytest.mark.parametrize("line", ["predict --all-enabled", "train", "run B"])
def test_yaml_typo_in_a_key(demo, copy_of, refuse, line):
    workspace = copy_of(demo)
    edit(workspace.config_dir / "model_registry.yaml", "    enabled: true", "    enabeld: true")
    says = ["model_registry.yaml", "linear_Alpha158", "enabeld", "enabled"]
    refuse(line, workspace, exit_code=2, says=says)


def test_yaml_that_is_no_yaml(demo, copy_of, refuse):
    workspace = copy_of(demo)
    edit(workspace.config_dir / "strategy_config.yaml", "strategy:", "strategy: [")
    refuse("orders", workspace, exit_code=2, says=["strategy_config.yaml", "line"])


@pytest.mark.parametrize(
    "line", ["predict --all-enabled", "fuse --from-config-all", "orders", "rank", "run B"]
)
def test_no_trained_model(tmp_path, refuse, line):
    target = tmp_path / "Fresh"
    init_workspace(demo_template(), target)
    workspace = open_workspace(target)
    resolve_market(workspace)  # made on first use, which is not what is asked here
    refuse(line, workspace, exit_code=3, says=["what to do"])


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("orders", "2026-11-20"),
        ("fuse --from-config-all", "2026-11-20"),
        ("rank --all-combos", "'equal'"),
    ],
)
def test_prediction_older_than_the_anchor(next_week, refuse, line, found):
    says = ["2026-11-27", found, "what to do"]
    refuse(line, next_week.workspace, exit_code=3, says=says)


def test_settlement_without_a_column(next_week, copy_of, refuse):
    workspace = copy_of(next_week)
    path = workspace.data_dir / SETTLEMENT
    change_settlement(path, header=True, column="资金发生数", value="别的")
    says = [SETTLEMENT, "row 6", "资金发生数", "what to do"]
    refuse("post-trade", workspace, exit_code=3, says=says)


def test_settlement_with_an_unknown_trade_type(next_week, copy_of, refuse):
    workspace = copy_of(next_week)
    path = workspace.data_dir / SETTLEMENT
    change_settlement(path, header=False, column="交易类别", value="上海债券现券买入")
    says = [f"{SETTLEMENT}:7", "上海债券现券买入", "broker_types.yaml"]
    refuse("post-trade", workspace, exit_code=4, says=says)


def test_settlement_missing_for_a_session(next_week, copy_of, refuse):
    workspace = copy_of(next_week)
    (workspace.data_dir / "2026-11-25-table.xlsx").unlink()
    says = ["2026-11-25-table.xlsx", "--assume-empty 2026-11-25"]
    refuse("post-trade", workspace, exit_code=3, says=says)


def test_settlement_missing_before_there_are_books(first_orders, copy_of, refuse):
    workspace = copy_of(first_orders)
    start = load_calendar(resolve_market(workspace))
    advance_synthetic(workspace, start.next_session(start.last_session))
    refuse("post-trade", workspace, exit_code=3, says=["2026-11-09-table.xlsx"])


def test_books_edited_by_hand(demo, copy_of, refuse):
    workspace = copy_of(demo)
    text = workspace.prod_config_path.read_text(encoding="utf-8")
    cash = re.search(r'"current_cash": ([0-9.]+)', text)
    edit(workspace.prod_config_path, cash[0], '"current_cash": 999999.99')
    refuse("post-trade", workspace, exit_code=4, says=["999999.99", cash[1], "--adopt"])


@pytest.mark.parametrize(
    "line",
    ["train", "predict --all-enabled", "fuse --from-config-all", "post-trade", "orders",
     "rank --all-combos", "run B", "paper"],
)  # fmt: skip
def test_two_processes_at_once(demo, holder, refuse, line):
    says = ["Another command is writing", f"process {holder.pid}", "other-command"]
    refuse(line, demo.workspace, exit_code=3, says=says)


def test_holder_that_was_killed_holds_no_more(demo, holder, command):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait(timeout=30)
    assert 0 == command("orders", demo.workspace).exit_code


@pytest.fixture
def holder(demo, repository):
    """Another process that writes to the demo workspace."""
    code = (
        "import sys, time\n"
        "from quantpits.workspace import open_workspace, writer_lock\n"
        "with writer_lock(open_workspace(sys.argv[1]), 'other-command'):\n"
        "    print('held', flush=True); time.sleep(300)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(demo.workspace.root)],
        env=os.environ | {"PYTHONPATH": str(repository)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert "held\n" == process.stdout.readline()
    yield process
    process.kill()
    process.wait(timeout=30)
    process.stdout.close()

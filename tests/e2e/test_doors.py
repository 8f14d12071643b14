"""The documented commands, as written in the overview, through both script paths."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

ROUTINE = """
source {workspace}/run_env.sh
python {door}/prod_predict_only.py --all-enabled     # Predict
python {door}/ensemble_fusion.py --from-config-all       # Fuse
python {door}/prod_post_trade.py                      # Post-Trade
python {door}/order_gen.py                              # Generate Orders
"""


def type_in(text: str, repository: Path) -> subprocess.CompletedProcess[str]:
    """Run lines of a shell in the repository's root, stopping at the first failure."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path}
    environment.pop("QLIB_WORKSPACE_DIR", None)
    environment.pop("PYTHONPATH", None)
    return subprocess.run(
        ["bash", "-e", "-c", text],
        cwd=repository,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_four_commands_of_the_routine_run_as_written_through_both_paths(
    next_week, copy_of, tree_hashes, repository
):
    workspace = copy_of(next_week)
    place = str(workspace.root)
    first = type_in(ROUTINE.format(workspace=place, door="engine/scripts"), repository)
    assert 0 == first.returncode, first.stderr
    anchor = next_week.report["anchor"]
    assert (workspace.predictions_dir / f"ensemble_{anchor}.csv").is_file()
    assert anchor == workspace.prod_config().cursor.isoformat()
    assert list(workspace.output_dir.glob("buy_suggestion_ensemble_2026-11-30.csv"))
    before = tree_hashes(workspace.root)
    second = type_in(ROUTINE.format(workspace=place, door="quantpits/scripts"), repository)
    assert 0 == second.returncode, second.stderr
    assert before == tree_hashes(workspace.root)


def test_run_stops_at_the_first_failure_and_goes_on_there(next_week, copy_of, command):
    workspace = copy_of(next_week)
    settlement = workspace.data_dir / "2026-11-25-table.xlsx"
    kept = settlement.read_bytes()
    settlement.unlink()
    stopped = command("run B", workspace)
    assert 3 == stopped.exit_code
    assert "Step 3 of 5, post-trade" in stopped.stderr
    assert "2026-11-25-table.xlsx" in stopped.stderr
    assert "it goes on at step 3" in stopped.stderr
    settlement.write_bytes(kept)
    went_on = command("run B --json", workspace)
    assert 0 == went_on.exit_code, went_on.stderr
    statuses = [step["status"] for step in went_on.report["steps"]]
    assert ["done before", "done before", "ran", "ran", "ran"] == statuses


def test_settlement_of_a_real_broker_is_never_overwritten(next_week, copy_of, command, tree_hashes):
    workspace = copy_of(next_week)
    settlement = workspace.data_dir / "2026-11-25-table.xlsx"
    settlement.write_bytes(b"a file that somebody saved here")
    before = tree_hashes(workspace.root)
    outcome = command("paper", workspace)
    assert 3 == outcome.exit_code
    assert "2026-11-25-table.xlsx" in outcome.stderr
    assert before == tree_hashes(workspace.root)


def test_script_from_another_folder_finds_its_engine(demo, tmp_path, run_process, repository):
    script = repository / "quantpits" / "scripts" / "order_gen.py"
    (tmp_path / "signal.py").write_text("raise SystemExit('shadowed')", encoding="utf-8")
    outcome = run_process(str(script), "--json", workspace=demo.workspace.root, cwd=tmp_path)
    assert 0 == outcome.exit_code, outcome.stderr
    assert not outcome.report["changed"]

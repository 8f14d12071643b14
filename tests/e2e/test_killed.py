"""A step that is killed, anywhere, is simply run again, and comes to the same results."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from quantpits.workspace import Workspace

pytestmark = pytest.mark.e2e

KILLER = Path(__file__).with_name("kill_everywhere.py")
# Each step with what comes before it; the first needs nothing but the settled week.
ROUTINE = ("predict --all-enabled", "fuse --from-config-all", "post-trade", "orders")


@pytest.fixture(scope="module")
def before_step(next_week, tmp_path_factory, run_process):
    """Return a function that gives the workspace as it is just before a step."""
    folder = tmp_path_factory.mktemp("before")
    code = "from quantpits.cli.app import main; raise SystemExit(main())"
    known = {ROUTINE[0]: next_week.workspace.root}

    def before(line: str) -> Path:
        for earlier, later in zip(ROUTINE, (*ROUTINE[1:], "rank --all-combos"), strict=True):
            if line in known:
                break
            if later not in known:
                known[later] = shutil.copytree(known[earlier], folder / later.split()[0])
                done = run_process("-c", code, *earlier.split(), workspace=known[later])
                assert 0 == done.exit_code, done.stderr
        return known[line]

    return before


@pytest.fixture
def kill(tmp_path, run_process):
    """Return a function that kills a step at many moments and demands the same results."""

    def demand(pristine, line, *, mode, count):
        arguments = (str(KILLER), str(pristine), str(tmp_path), mode, str(count))
        outcome = run_process(*arguments, *line.split())
        assert 0 == outcome.exit_code, outcome.stderr
        seen = json.loads(outcome.stdout.splitlines()[-1])
        assert {} == seen["failures"]
        assert {} == seen["differences"]
        assert seen["n_killed"] > 0
        return seen

    return demand


@pytest.mark.parametrize(
    "line", ["fuse --from-config-all", "post-trade", "orders", "rank --all-combos"]
)
def test_step_killed_before_any_file_is_put_in_place(before_step, kill, line):
    seen = kill(before_step(line), line, mode="replace", count=40)
    assert seen["n_moments"] == seen["n_killed"]


def test_post_trade_killed_by_the_clock(before_step, kill):
    kill(before_step("post-trade"), "post-trade", mode="timer", count=8)


def test_prediction_killed_while_it_publishes(before_step, kill):
    line = "predict --all-enabled"
    kill(before_step(line), line, mode="replace", count=1)


def test_training_killed_goes_on_with_the_models_that_are_missing(first_orders, tmp_path, kill):
    """A short window and two models, so that the test is about the killing."""
    pristine = tmp_path / "Small"
    shutil.copytree(first_orders.workspace.root, pristine)
    workspace = Workspace(pristine)
    path = workspace.config_dir / "model_config.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    settings |= {"train_set_windows": 0.5, "valid_set_window": 0.25, "test_set_window": 0.25}
    path.write_text(json.dumps(settings), encoding="utf-8")
    registry = workspace.config_dir / "model_registry.yaml"
    models = registry.read_text(encoding="utf-8")
    for name in ("linear", "catboost"):
        head, entry, tail = models.partition(f"  {name}_Alpha158:")
        models = head + entry + tail.replace("enabled: true", "enabled: false", 1)
    registry.write_text(models, encoding="utf-8")
    kill(pristine, "train", mode="replace", count=1)

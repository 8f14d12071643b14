"""Fault 4: every script starts as a file, through the link, as a module, and from any folder."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SCRIPTS = {
    "brute_force_ensemble": "search ensemble",
    "brute_force_fast": "search fast",
    "check_workflow_yaml": "check-workflow",
    "ensemble_fusion": "fuse",
    "incremental_train": "incremental-train",
    "init_workspace": "init",
    "order_gen": "orders",
    "prod_post_trade": "post-trade",
    "prod_predict_only": "predict",
    "prod_train_predict": "train",
    "plot_model_opinions": "opinions",
    "signal_ranking": "rank",
}
CLEAN = {
    name: value
    for name, value in os.environ.items()
    if name not in {"PYTHONPATH", "QLIB_WORKSPACE_DIR"}
}


def start(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command], cwd=cwd, env=CLEAN, capture_output=True, text=True, check=False
    )


def test_every_documented_script_is_there():
    folder = REPOSITORY / "quantpits" / "scripts"
    assert sorted(SCRIPTS) == sorted(
        path.stem for path in folder.glob("*.py") if path.stem != "__init__"
    )


def test_the_engine_holds_links_only():
    links = {path.name: str(path.readlink()) for path in (REPOSITORY / "engine").iterdir()}
    assert {"scripts": "../quantpits/scripts", "docs": "../docs"} == links


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("door", ["engine/scripts", "quantpits/scripts"])
def test_a_script_answers_as_a_file_from_another_folder(script, door, tmp_path):
    process = start(str(REPOSITORY / door / f"{script}.py"), "--help", cwd=tmp_path)
    assert process.stderr == ""
    assert process.returncode == 0
    assert process.stdout.startswith(f"Usage: quantpits {SCRIPTS[script]} ")


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_answers_as_a_module(script):
    process = start("-m", f"quantpits.scripts.{script}", "--help", cwd=REPOSITORY)
    assert process.stderr == ""
    assert process.stdout.startswith(f"Usage: quantpits {SCRIPTS[script]} ")


@pytest.mark.parametrize("door", ["engine/scripts", "quantpits/scripts"])
def test_a_script_answers_by_its_relative_path(door):
    process = start(f"{door}/order_gen.py", "--help", cwd=REPOSITORY)
    assert process.stdout.startswith("Usage: quantpits orders ")


@pytest.mark.parametrize("is_linked", [False, True])
def test_files_beside_a_script_shadow_nothing(is_linked, tmp_path):
    package = tmp_path / "quantpits"
    shutil.copytree(
        REPOSITORY / "quantpits", package, ignore=shutil.ignore_patterns("__pycache__", "template")
    )
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "scripts").symlink_to("../quantpits/scripts")
    for name in ("signal", "select", "typing", "rich", "quantpits"):
        (package / "scripts" / f"{name}.py").write_text("raise RuntimeError('shadowed')\n", "utf-8")
    folder = tmp_path / "engine" / "scripts" if is_linked else package / "scripts"
    process = start(str(folder / "order_gen.py"), "--help", cwd=folder)
    assert process.stderr == ""
    assert process.stdout.startswith("Usage: quantpits orders ")


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_returns_the_exit_code_of_its_command(script, tmp_path, capsys):
    path = REPOSITORY / "quantpits" / "scripts" / f"{script}.py"
    main = runpy.run_path(str(path), run_name=f"quantpits.scripts.{script}")["main"]
    assert main(["--no-such-flag"]) == 2
    assert f"quantpits {SCRIPTS[script]} --help" in capsys.readouterr().err


def test_asking_for_help_does_not_train(tmp_path):
    # The earlier system's script had no parser, so this started a training.
    process = start(
        str(REPOSITORY / "engine/scripts/prod_train_predict.py"), "--help", cwd=tmp_path
    )
    assert "--retrain" in process.stdout
    assert [] == list(tmp_path.iterdir())


def test_a_failure_is_an_exit_code_not_a_friendly_footer(tmp_path):
    process = start(
        str(REPOSITORY / "engine/scripts/prod_predict_only.py"), "--all-enabled", cwd=tmp_path
    )
    assert process.returncode == 2
    assert process.stdout == ""
    assert "QLIB_WORKSPACE_DIR" in process.stderr

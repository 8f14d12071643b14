from __future__ import annotations

import json

import pytest

from quantpits.cli.app import main


@pytest.fixture
def lines(workspace, tmp_path):
    config = {"current_cash": 5, "current_holding": [], "current_date": "2026-02-06"}
    (workspace.config_dir / "prod_config.json").write_text(json.dumps(config), "utf-8")
    return ["init", "--source", str(workspace.root), "--target", str(tmp_path / "New")]


def test_a_new_workspace_starts_without_the_money_of_the_old(lines, tmp_path, capsys):
    assert main(lines) == 0
    made = json.loads((tmp_path / "New/config/prod_config.json").read_text("utf-8"))
    assert made["current_cash"] == 0
    assert "run_env.sh" in capsys.readouterr().out


def test_with_state(lines, tmp_path, capsys):
    assert main([*lines, "--with-state"]) == 0
    made = json.loads((tmp_path / "New/config/prod_config.json").read_text("utf-8"))
    assert made["current_cash"] == 5


def test_a_dry_run_makes_nothing(lines, tmp_path, capsys):
    assert main([*lines, "--dry-run", "--json"]) == 0
    assert not (tmp_path / "New").exists()
    assert json.loads(capsys.readouterr().out)["changed"] is False


def test_a_target_that_exists_is_refused_with_exit_code_two(lines, tmp_path, capsys):
    (tmp_path / "New").mkdir()
    assert main(lines) == 2
    assert "exists already" in capsys.readouterr().err


def test_a_source_that_does_not_exist_is_refused_with_exit_code_two(tmp_path, capsys):
    assert main(["init", "--source", str(tmp_path / "no"), "--target", str(tmp_path / "x")]) == 2
    assert "does not exist" in capsys.readouterr().err

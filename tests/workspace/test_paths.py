"""Finding a workspace, naming its files, reading its configuration."""

import json
from pathlib import Path

import pytest

from quantpits.config import (
    CashflowConfig,
    ConfigFile,
    EnsembleConfig,
    MarketConfig,
    ModelConfig,
    ModelRegistry,
    ProdConfig,
    StrategyConfig,
)
from quantpits.errors import ConfigError, WorkspaceError
from quantpits.workspace.paths import Workspace, decode_config, open_workspace

FILES = {
    "model_config.json": {"market": "csi300", "benchmark": "SH000300"},
    "prod_config.json": {"current_date": "2026-02-06", "current_cash": 1.5, "current_holding": []},
    "cashflow.json": {"cashflows": {"2026-02-06": 5}},
    "ensemble_config.json": {"combos": {"a": {"models": ["gru"], "default": True}}},
    "model_registry.yaml": {"models": {"gru": {"yaml_file": "config/gru.yaml"}}},
    "combo_groups.yaml": {"groups": {"nets": ["gru"]}},
}


@pytest.fixture
def filled(workspace):
    for name, document in FILES.items():
        write(workspace, name, document)
    return workspace


def write(workspace, name, document):
    (workspace.config_dir / name).write_text(json.dumps(document), encoding="utf-8")


PATHS = {
    "config_dir": "config",
    "data_dir": "data",
    "output_dir": "output",
    "predictions_dir": "output/predictions",
    "ensemble_dir": "output/ensemble",
    "ranking_dir": "output/ranking",
    "manifests_dir": "output/manifests",
    "archive_dir": "archive",
    "mlruns_dir": "mlruns",
    "history_dir": "data/history",
    "order_history_dir": "data/order_history",
    "market_dir": "data/market_synthetic",
    "cache_dir": "data/cache",
    "features_dir": "data/features",
    "ledger_path": "data/ledger.db",
    "records_path": "latest_train_records.json",
    "prod_config_path": "config/prod_config.json",
    "cashflow_path": "config/cashflow.json",
    "run_state_path": "data/run_state.json",
}


@pytest.mark.parametrize(("name", "expected"), PATHS.items())
def test_layout(name, expected):
    assert Path("/ws/Live", expected) == getattr(Workspace(Path("/ws/Live")), name)


def test_name_is_that_of_the_folder():
    assert "Live" == Workspace(Path("/ws/Live")).name


def test_relative():
    workspace = Workspace(Path("/ws/Live"))
    assert "data/ledger.db" == workspace.relative(workspace.ledger_path)
    assert "/elsewhere/a" == workspace.relative(Path("/elsewhere/a"))


def test_open_by_argument_wins(workspace, tmp_path):
    other = tmp_path / "Other"
    (other / "config").mkdir(parents=True)
    environ = {"QLIB_WORKSPACE_DIR": str(other)}
    assert workspace == open_workspace(str(workspace.root), environ)
    assert workspace == open_workspace(workspace.root, environ)
    assert other == open_workspace(None, environ).root
    assert other == open_workspace("", environ).root


def test_open_from_any_working_directory(workspace, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    opened = open_workspace("Live", {})
    monkeypatch.chdir("/")
    assert workspace == opened
    assert opened.config_dir.is_dir()


def test_open_expands_the_home_folder(workspace, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert workspace == open_workspace("~/Live", {})


def test_open_reads_the_environment_by_default(workspace, monkeypatch):
    monkeypatch.setenv("QLIB_WORKSPACE_DIR", str(workspace.root))
    assert workspace == open_workspace()


@pytest.mark.parametrize("environ", [{}, {"QLIB_WORKSPACE_DIR": ""}])
def test_no_workspace_says_how_to_get_one(environ):
    with pytest.raises(WorkspaceError, match="No workspace is active") as caught:
        open_workspace(None, environ)
    assert 2 == caught.value.exit_code
    assert "run_env.sh" in caught.value.hint
    assert "init_workspace.py" in caught.value.hint


def test_workspace_that_does_not_exist(tmp_path):
    with pytest.raises(WorkspaceError, match="does not exist") as caught:
        open_workspace(tmp_path / "gone", {})
    assert tmp_path / "gone" == caught.value.where


def test_folder_that_is_no_workspace(tmp_path):
    with pytest.raises(WorkspaceError, match="not a workspace"):
        open_workspace(tmp_path, {})


def test_each_file_by_its_name(filled):
    assert "csi300" == filled.model_config().market
    assert "1.5" == str(filled.prod_config().current_cash)
    assert 1 == len(filled.cashflow().cashflows)
    assert "a" == filled.ensemble_config().default_combo
    assert ["gru"] == list(filled.registry().models)
    assert {"nets": ("gru",)} == filled.combo_groups().groups


def test_optional_files_have_defaults(filled):
    assert StrategyConfig() == filled.strategy_config()
    assert MarketConfig() == filled.market_config()
    assert filled.config_path(MarketConfig) is None


def test_several_files_at_once(filled):
    model, ensemble = filled.read_config(ModelConfig, EnsembleConfig)
    assert (filled.model_config(), filled.ensemble_config()) == (model, ensemble)


def test_problems_of_all_files_are_reported_together(filled):
    write(filled, "model_config.json", {"markt": "csi300", "benchmark": "SH000300"})
    write(filled, "ensemble_config.json", {"combos": {"a": {"models": []}}})
    (filled.config_dir / "prod_config.json").write_text("{", encoding="utf-8")
    (filled.config_dir / "model_registry.yaml").unlink()
    with pytest.raises(ConfigError) as caught:
        filled.read_config(ModelConfig, EnsembleConfig, ProdConfig, ModelRegistry, CashflowConfig)
    assert [
        ("config/model_config.json", "market"),
        ("config/model_config.json", "markt"),
        ("config/ensemble_config.json", "combos.a.models"),
        ("config/ensemble_config.json", "combos"),
        ("config/prod_config.json", ""),
        ("config/model_registry.yaml", ""),
    ] == [(problem.source, problem.key) for problem in caught.value.problems]
    assert str(filled.root) in caught.value.hint
    assert 2 == caught.value.exit_code


def test_older_name_of_the_live_state_is_read_when_the_new_one_is_missing(filled):
    path = filled.prod_config_path
    older = filled.config_dir / "weekly_config.json"
    older.write_text(path.read_text(encoding="utf-8").replace("1.5", "2.5"), encoding="utf-8")
    assert path == filled.config_path(ProdConfig)
    path.unlink()
    assert older == filled.config_path(ProdConfig)
    assert "2.5" == str(filled.prod_config().current_cash)


def test_byte_order_mark_is_dropped(filled):
    path = filled.config_dir / "model_config.json"
    path.write_text(path.read_text(encoding="utf-8"), encoding="utf-8-sig")
    assert "csi300" == filled.model_config().market


def test_file_that_is_not_utf_8_is_a_config_problem(filled):
    (filled.config_dir / "model_config.json").write_bytes('{"market": "沪深"}'.encode("gbk"))
    with pytest.raises(ConfigError, match=r"config/model_config.json: this file is not UTF-8"):
        filled.model_config()


def test_file_that_cannot_be_read_is_a_config_problem(filled, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(ConfigError, match="cannot be read: Permission denied"):
        filled.model_config()


def test_decode_config():
    assert "a: 资金" == decode_config("a: 资金".encode(), "x")


def test_every_config_file_has_a_name():
    assert all(
        model.file_names
        for model in ConfigFile.__subclasses__()
        if model.__module__.startswith("quantpits.config")
    )

"""New workspaces: configuration without the old one's money, all or nothing."""

import errno
import json
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

import quantpits
from quantpits.errors import ArtifactError, ConfigError, WorkspaceError
from quantpits.workspace import open_workspace, scaffold
from quantpits.workspace.scaffold import RUN_ENV, demo_template, init_workspace

PROD = {
    "model": "equal",
    "market": "csi300",
    "current_date": "2026-02-06",
    "last_processed_date": "2026-02-06",
    "initial_cash": 500000.55,
    "initial_holding": [{"instrument": "SH600004", "value": 1, "amount": 1}],
    "current_cash": "8123.45",
    "current_full_cash": 500000,
    "current_holding": [{"instrument": "SH600000", "value": "1600", "amount": "16000.00"}],
    "TopK": 20,
}


@pytest.fixture
def source(tmp_path):
    config = tmp_path / "A" / "config"
    (config / "nested").mkdir(parents=True)
    write(config / "prod_config.json", PROD)
    write(config / "cashflow.json", {"cashflows": {"2026-02-09": 5}, "processed": {}})
    (config / "model_registry.yaml").write_text("models: {}  # 注释\n", encoding="utf-8")
    (config / "nested" / "workflow.yaml").write_text("task:\n", encoding="utf-8")
    (config / ".prod_config.json.tmp-1-0123abcd").touch()
    (tmp_path / "A" / "data").mkdir()
    (tmp_path / "A" / "data" / "ledger.db").touch()
    return tmp_path / "A"


def write(path, document):
    path.write_text(json.dumps(document), encoding="utf-8")


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def tree(root):
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*"))


def test_new_workspace_has_the_documented_layout(source, tmp_path):
    report = init_workspace(source, tmp_path / "B")
    assert [
        "archive",
        "config",
        "config/cashflow.json",
        "config/model_registry.yaml",
        "config/nested",
        "config/nested/workflow.yaml",
        "config/prod_config.json",
        "data",
        "mlruns",
        "output",
        "run_env.sh",
    ] == tree(tmp_path / "B")
    assert report.changed
    assert {path for path in (tmp_path / "B").rglob("*") if path.is_file()} == set(report.outputs)
    assert ["A", "B"] == sorted(path.name for path in tmp_path.iterdir())
    assert open_workspace(tmp_path / "B", {}).prod_config()


def test_files_are_copied_byte_for_byte(source, tmp_path):
    init_workspace(source, tmp_path / "B")
    for name in ("model_registry.yaml", "nested/workflow.yaml"):
        assert (source / "config" / name).read_bytes() == (
            tmp_path / "B" / "config" / name
        ).read_bytes()


def test_money_and_holdings_stay_behind(source, tmp_path):
    # decision 20: two workspaces that hold the same shares would both sell them
    report = init_workspace(source, tmp_path / "B")
    expected = {
        **PROD,
        "initial_holding": [],
        "current_cash": 500000.55,
        "current_holding": [],
    }
    assert expected == read(tmp_path / "B" / "config" / "prod_config.json")
    assert {"cashflows": {}, "processed": {}} == read(tmp_path / "B" / "config" / "cashflow.json")
    assert ["WSP001"] == [finding.code for finding in report.findings]
    assert any("500000.55 CNY" in line for line in report.summary())


def test_state_comes_along_when_asked_for(source, tmp_path):
    report = init_workspace(source, tmp_path / "B", with_state=True)
    for name in ("prod_config.json", "cashflow.json"):
        assert (source / "config" / name).read_bytes() == (
            tmp_path / "B" / "config" / name
        ).read_bytes()
    assert () == report.findings
    assert report.with_state


@pytest.mark.parametrize(
    ("initial", "expected"),
    [
        (None, 0),
        (1000000, 1000000),
        ("250000.10", "250000.10"),
        (12345678901234.567, 12345678901234.567),
    ],
)
def test_new_cash_is_the_initial_cash(source, tmp_path, initial, expected):
    write(source / "config" / "prod_config.json", {**PROD, "initial_cash": initial})
    init_workspace(source, tmp_path / "B")
    assert expected == read(tmp_path / "B" / "config" / "prod_config.json")["current_cash"]


def test_number_that_no_float_holds_becomes_text(source, tmp_path):
    text = json.dumps(PROD).replace("500000.55", "500000.550000000000000001")
    (source / "config" / "prod_config.json").write_text(text, encoding="utf-8")
    init_workspace(source, tmp_path / "B")
    found = read(tmp_path / "B" / "config" / "prod_config.json")
    assert "500000.550000000000000001" == found["current_cash"]


def test_fresh_account_has_nothing_to_leave_behind(source, tmp_path):
    fresh = {"current_date": "2026-02-06", "current_cash": 0, "current_holding": []}
    write(source / "config" / "prod_config.json", fresh)
    report = init_workspace(source, tmp_path / "B")
    assert () == report.findings
    assert fresh == read(tmp_path / "B" / "config" / "prod_config.json")


def test_older_name_of_the_live_state_is_cleared_too(source, tmp_path):
    (source / "config" / "prod_config.json").rename(source / "config" / "weekly_config.json")
    init_workspace(source, tmp_path / "B")
    found = read(tmp_path / "B" / "config" / "weekly_config.json")
    assert (500000.55, []) == (found["current_cash"], found["current_holding"])


def test_state_under_both_names_does_not_slip_through(source, tmp_path):
    write(source / "config" / "weekly_config.json", PROD)
    report = init_workspace(source, tmp_path / "B")
    assert not (tmp_path / "B" / "config" / "weekly_config.json").exists()
    assert ["WSP002", "WSP001"] == [finding.code for finding in report.findings]


def test_source_without_live_state(source, tmp_path):
    (source / "config" / "prod_config.json").unlink()
    (source / "config" / "cashflow.json").unlink()
    assert () == init_workspace(source, tmp_path / "B").findings
    assert {"cashflows": {}, "processed": {}} == read(tmp_path / "B" / "config" / "cashflow.json")


def test_dry_run_writes_nothing(source, tmp_path):
    report = init_workspace(source, tmp_path / "deep" / "B", dry_run=True)
    assert not report.changed
    assert "Would make workspace" in report.summary()[0]
    assert ["A"] == [path.name for path in tmp_path.iterdir()]
    assert tmp_path / "deep" / "B" / "run_env.sh" in report.outputs


def test_target_in_a_new_folder(source, tmp_path):
    init_workspace(source, tmp_path / "new" / "deep" / "B")
    assert (tmp_path / "new" / "deep" / "B" / "run_env.sh").is_file()


def test_paths_relative_to_the_working_directory(source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    report = init_workspace("A", "B")
    assert str(tmp_path / "B") == report.workspace


def refused(source, target, match):
    before = tree(target.parent) if target.parent.exists() else []
    with pytest.raises(WorkspaceError, match=match) as caught:
        init_workspace(source, target)
    assert 2 == caught.value.exit_code
    assert before == (tree(target.parent) if target.parent.exists() else [])


def test_source_that_does_not_exist(tmp_path):
    refused(tmp_path / "gone", tmp_path / "B", "The source does not exist")


def test_source_that_is_no_workspace(tmp_path):
    (tmp_path / "A").mkdir()
    refused(tmp_path / "A", tmp_path / "B", "The source is not a workspace")


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_target_that_exists(source, tmp_path, kind):
    target = tmp_path / "B"
    if kind == "folder":
        target.mkdir()
    elif kind == "file":
        target.touch()
    else:
        target.symlink_to(tmp_path / "nowhere")
    refused(source, target, "The target exists already")


def test_target_inside_the_source(source):
    refused(source, source / "config" / "B", "lies inside the source")


def test_live_state_that_cannot_be_read_is_not_copied(source, tmp_path):
    (source / "config" / "prod_config.json").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"config/prod_config.json: this file is not UTF-8"):
        init_workspace(source, tmp_path / "B")
    (source / "config" / "prod_config.json").write_bytes(b"{}")
    with pytest.raises(ConfigError, match="current_cash: this key is required"):
        init_workspace(source, tmp_path / "B")
    assert not (tmp_path / "B").exists()


def test_file_of_the_source_that_cannot_be_read(source, tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    refused(source, tmp_path / "B", "cannot be read")


def test_full_disk_leaves_nothing(source, tmp_path, monkeypatch):
    def full(path, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ArtifactError, match="Free space"):
        init_workspace(source, tmp_path / "B")
    assert ["A"] == [path.name for path in tmp_path.iterdir()]


def test_half_made_target_is_never_visible(source, tmp_path, killed_at_line):
    target = tmp_path / "B"
    n = 0
    was_killed = True
    while was_killed:
        n += 5  # every fifth line; the writing itself is killed at every line elsewhere
        was_killed = killed_at_line(lambda: init_workspace(source, target), n, scaffold)
        if target.exists():
            assert (target / "run_env.sh").is_file()
            shutil.rmtree(target)
    assert n > 40


def test_linked_folders_are_copied_once(source, tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "extra.yaml").write_text("a: 1\n", encoding="utf-8")
    (source / "config" / "linked").symlink_to(shared)
    (shared / "loop").symlink_to(source / "config")
    init_workspace(source, tmp_path / "B")
    assert (tmp_path / "B" / "config" / "linked" / "extra.yaml").is_file()
    assert not (tmp_path / "B" / "config" / "linked" / "loop" / "linked").exists()


def test_read_only_source_gives_a_workspace_that_can_be_written(source, tmp_path):
    (source / "config" / "prod_config.json").chmod(0o444)
    init_workspace(source, tmp_path / "B")
    mode = (tmp_path / "B" / "config" / "prod_config.json").stat().st_mode
    assert mode & stat.S_IWUSR


SHELLS = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(shutil.which(name) is None, reason=f"{name} is not installed"),
    )
    for name in ("bash", "zsh")
]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", ["B", "with space", "资金$HOME'x"])
def test_run_env_activates_its_own_folder(source, tmp_path, shell, name):
    target = tmp_path / name
    init_workspace(source, target)
    script = target / "run_env.sh"
    assert script.stat().st_mode & stat.S_IXUSR
    environ = {**os.environ, "CDPATH": str(tmp_path), "SCRIPT": str(script)}
    environ.pop("QLIB_WORKSPACE_DIR", None)
    result = subprocess.run(
        [shell, "-c", 'set -eu; . "$SCRIPT"; printf "%s" "$QLIB_WORKSPACE_DIR"'],
        cwd="/",
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"QuantPits workspace: {target}\n{target}" == result.stdout
    assert "" == result.stderr
    assert "# export QLIB_DATA_DIR=" in script.read_text(encoding="utf-8")


@pytest.mark.parametrize("shell", SHELLS)
def test_run_env_that_was_moved_away_says_so(tmp_path, shell):
    (tmp_path / "run_env.sh").write_text(RUN_ENV, encoding="utf-8")
    result = subprocess.run(
        [shell, "-c", '. ./run_env.sh; echo "status $? dir ${QLIB_WORKSPACE_DIR:-none}"'],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "status 2 dir none\n" == result.stdout
    assert f"This is not a workspace: {tmp_path}" in result.stderr


def test_demo_template_of_a_checkout_or_of_the_package(tmp_path, monkeypatch):
    package = tmp_path / "lib" / "quantpits"
    in_package = package / "workspace" / "template" / "Demo_Workspace"
    in_checkout = tmp_path / "lib" / "workspaces" / "Demo_Workspace"
    monkeypatch.setattr(quantpits, "__file__", str(package / "__init__.py"))
    with pytest.raises(WorkspaceError, match="missing from this installation"):
        demo_template()
    (in_package / "config").mkdir(parents=True)
    assert in_package == demo_template()
    (in_checkout / "config").mkdir(parents=True)
    assert in_checkout == demo_template()


def test_demo_workspace_gives_a_workspace_with_its_cash(tmp_path):
    init_workspace(demo_template(), tmp_path / "B")
    prod = open_workspace(tmp_path / "B", {}).prod_config()
    assert prod.initial_cash == prod.current_cash > 0
    assert () == prod.current_holding


def test_the_demo_is_activated_as_every_workspace():
    assert RUN_ENV == (demo_template() / "run_env.sh").read_text(encoding="utf-8")

"""Fault 4 (module paths), 51 (pauses), and commands that run when only asked for help."""

from __future__ import annotations

import ast
import importlib
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from quantpits import __version__
from quantpits.cli.app import COMMANDS, command_line, main, target_of

NAMES = [name for name, _, _ in COMMANDS]
CLI = Path(importlib.import_module("quantpits.cli").__file__).parent
HEAVY = (
    "catboost", "exchange_calendars", "lightgbm", "matplotlib", "mlflow", "numba", "numpy",
    "openpyxl", "pandas", "pyarrow", "pydantic", "qlib", "ruamel", "scipy", "sqlalchemy", "torch",
)  # fmt: skip


def modules_after(*arguments: str) -> tuple[set[str], float]:
    """Return the top-level packages that a fresh process has loaded, and its seconds."""
    code = (
        "import sys\nfrom quantpits.cli.app import main\n"
        f"code = main({list(arguments)!r})\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)\n"
        "raise SystemExit(code)\n"
    )
    started = time.perf_counter()
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    seconds = time.perf_counter() - started
    assert process.stdout.startswith("Usage: quantpits")
    return set(process.stderr.split()), seconds


@pytest.mark.parametrize("name", ["", *NAMES])
def test_help_answers_at_once_and_loads_nothing_heavy(name):
    loaded, seconds = modules_after(*name.split(), "--help")
    assert set() == loaded & set(HEAVY)
    assert seconds < 2.0  # under half a second on a machine with nothing else to do


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_the_flags_that_all_have(name, capsys):
    assert main([*name.split(), "--help"]) == 0
    text = capsys.readouterr().out
    for flag in ("--workspace", "--json", "--quiet", "--verbose"):
        assert flag in text


READING = {"data info", "ledger check", "ledger show", "demo", "mlflow ui"}


@pytest.mark.parametrize("name", [name for name in NAMES if name not in READING])
def test_every_command_that_writes_has_a_dry_run(name, capsys):
    main([*name.split(), "--help"])
    assert "--dry-run" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "first_line"), [(name, text) for name, _, text in COMMANDS])
def test_every_command_exists_and_says_what_the_list_says(name, first_line):
    module, _, function = target_of(name).partition(":")
    command = getattr(importlib.import_module(module), function)
    assert first_line == command.__doc__.splitlines()[0]


def test_the_help_page_lists_every_command(capsys):
    main(["--help"])
    text = capsys.readouterr().out
    assert [] == [name for name in NAMES if name.split()[0] not in text]
    places = [text.index(f"│ {name} ") for name in ("train", "fuse", "orders", "data", "ledger")]
    assert sorted(places) == places


def test_no_command_shows_the_help_page(capsys):
    assert main([]) == 0
    assert capsys.readouterr().out.startswith("Usage: quantpits COMMAND")


def test_version(capsys):
    assert main(["--version"]) == 0
    assert f"{__version__}\n" == capsys.readouterr().out


def test_arguments_are_those_of_the_process_by_default(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["quantpits", "--version"])
    assert main() == 0
    assert f"{__version__}\n" == capsys.readouterr().out


def test_a_script_puts_its_command_first(capsys):
    assert main(["--help"], command="data info") == 0
    assert capsys.readouterr().out.startswith("Usage: quantpits data info")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("fuze", 'Did you mean "fuse"?'),
        ("fuse --modles a", "Did you mean --models?"),
        ("data imprt", 'Did you mean "import"?'),
        ("rank --top-n many", "--top-n"),
        ("rank --top-n 0", "--top-n"),
        ("fuse --method guess --models a", "--method"),
        ("post-trade --end-date soon", "--end-date"),
        ("fuse --models", "--models"),
        ("fuse --from-config --models", "--models"),
        ("train extra", "extra"),
        ("fuse extra", "extra"),
        ("init --source a", "--target"),
    ],
)
def test_wrong_usage_exits_with_two_and_says_what_would_be_right(line, message, capsys):
    assert main(line.split()) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert "--help shows what can be given" in captured.err


def test_wrong_usage_as_json(capsys):
    assert main(["fuse", "--modles", "a", "--json"]) == 2
    content = json.loads(capsys.readouterr().out)
    assert content["error"]["type"] == "UsageError"
    assert content["exit_code"] == 2


@pytest.mark.parametrize("form", ["--workspace {}", "--workspace={}"])
def test_a_missing_workspace_is_told_before_anything_is_loaded(form, tmp_path, capsys):
    place = tmp_path / "nowhere"
    started = time.perf_counter()
    assert main(["train", *form.format(place).split()]) == 2
    assert time.perf_counter() - started < 2.0
    assert str(place) in capsys.readouterr().err


def test_flags_of_every_command_may_stand_before_it(tmp_path, capsys):
    assert main(["--workspace", str(tmp_path / "nowhere"), "--json", "train"]) == 2
    captured = capsys.readouterr()
    assert "nowhere" in captured.err
    assert json.loads(captured.out)["exit_code"] == 2


def test_no_workspace_at_all(monkeypatch, capsys):
    monkeypatch.delenv("QLIB_WORKSPACE_DIR", raising=False)
    assert main(["orders"]) == 2
    assert "--workspace" in capsys.readouterr().err


def test_every_parser_is_a_new_one():
    assert command_line() is not command_line()


def test_no_command_pauses():  # fault 51
    sources = [path.read_text("utf-8") for path in CLI.glob("*.py")]
    assert [] == [source for source in sources if re.search(r"\bsleep\b", source)]


def test_the_cli_catches_broadly_in_one_place_only():
    broad = [
        path.name
        for path in sorted(CLI.glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
    ]
    assert ["boundary.py"] == broad


def step_targets() -> list[str]:
    pattern = re.compile(r'step_of\("([\w.]+:\w+)"')
    return sorted(
        target for path in CLI.glob("*.py") for target in pattern.findall(path.read_text("utf-8"))
    )


@pytest.mark.parametrize("target", step_targets())
def test_every_step_is_where_its_command_looks_for_it(target):
    module, _, name = target.partition(":")
    path = CLI.parents[1].joinpath(*module.split(".")).with_suffix(".py")
    functions = {
        node.name: node
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }
    arguments = functions[name].args
    assert ["workspace", "request"] == [argument.arg for argument in arguments.args]
    assert "progress" in [argument.arg for argument in arguments.kwonlyargs]

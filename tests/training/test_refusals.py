"""What a user does wrong, or a machine lacks, is told on one screen: what, where, what to do.

Each case is a command as the user gives it. None may publish anything, show a traceback, or call
itself a bug.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sqlite3
import sys

import pytest

from quantpits.cli.app import main
from quantpits.records import read_train_records
from quantpits.training.run_state import read_run_state
from quantpits.workspace import writer_lock

_SCREEN = 20
_LINUX_ONLY = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")


@pytest.fixture
def two(make, workflow):
    return make({"a": workflow(), "b": workflow(weights=[0.0, 1.0, 0.5, 0.0])})


@pytest.fixture
def refused(tmp_path):
    """Give a command in a process of its own; check how it is refused; return what it printed."""

    def ask(workspace, *phrases, code=3, args=("train",), before=lambda: None):
        out = tmp_path / "printed"
        with out.open("wb") as file:
            child = os.fork()
            if child == 0:  # pragma: no cover - another process
                os.dup2(file.fileno(), 1)
                os.dup2(file.fileno(), 2)
                sys.stdout, sys.stderr = open(1, "w"), open(2, "w")  # noqa: SIM115
                before()
                os._exit(main(["--workspace", str(workspace.root), *args]))
            found = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        text = out.read_text()
        assert code == found, text
        for phrase in phrases:
            assert phrase in text
        assert "Traceback" not in text
        assert "bug" not in text
        assert len(text.splitlines()) <= _SCREEN
        assert not workspace.records_path.exists()
        return text

    return ask


def put(workspace, name, text):
    (workspace.config_dir / name).write_text(text)


def limited(size):
    """Return what makes every file of this process end at a size, as on a full disk."""

    def limit():  # pragma: no cover - in another process
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


def without_torch():  # pragma: no cover - in another process
    class Blocker:
        def find_spec(self, name, *_):
            if name.partition(".")[0] == "torch":
                raise ModuleNotFoundError("No module named 'torch'", name="torch")

    for name in [name for name in sys.modules if "torch" in name or "modeling.zoo" in name]:
        del sys.modules[name]
    sys.meta_path.insert(0, Blocker())


def without_privileges():  # pragma: no cover - in another process
    """Give up the right of root to write where nobody may."""
    head = (ctypes.c_uint32 * 2)(0x20080522, 0)
    sets = (ctypes.c_uint32 * 6)()
    library = ctypes.CDLL(None)
    library.capget(head, sets)
    sets[0] &= ~0b110
    library.capset(head, sets)


@pytest.mark.parametrize(
    ("file", "text", "phrase"),
    [
        ("workflow_config_b.yaml", "task: [\n  a: b\n c", "this is not usable YAML"),
        ("workflow_config_b.yaml", "", "task: is missing, or not a mapping"),
        ("model_registry.yaml", "models: [\n", "this is not usable YAML"),
        ("model_config.json", '{"market": }', "model_config.json"),
    ],
)
def test_a_file_that_cannot_be_read(two, refused, *, file, text, phrase):
    put(two, file, text)
    refused(two, phrase, file, code=2)


def test_a_registry_that_names_a_missing_workflow(two, refused):
    (two.config_dir / "workflow_config_b.yaml").unlink()
    refused(two, "the workflow of the model 'b' cannot be read: No such file", code=2)


@pytest.mark.parametrize(
    ("changes", "phrases", "code"),
    [
        ({"valid_set_window": 0.01}, ("The valid window is empty", "raise valid_set_window"), 3),
        (
            {"train_date_mode": "current_date", "current_date": "2023-01-05"},
            ("The market data end before current_date", "the last session is 2022-03-31"),
            3,
        ),
        (
            {"train_date_mode": "current_date", "current_date": "2022-02-30"},
            ("is not a day of the calendar",),
            2,
        ),
        ({"market": "csi9"}, ("the market data have no universe 'csi9'",), 2),
    ],
)
def test_dates_and_universes_that_do_not_exist(make, workflow, refused, *, changes, phrases, code):
    refused(make({"a": workflow()}, **changes), *phrases, code=code)


@pytest.mark.parametrize(
    ("model", "phrases"),
    [
        ({"model": "Liner"}, ("loading its class", "did you mean Linear")),
        ({"model": "X", "module": "no.such.module"}, ("module_path no.such.module",)),
        ({"model": "Linear", "nosuch": 1}, ("argument 'nosuch'", "correct the kwargs")),
        ({"model": "LostLoss"}, ("The loss of the model 'b' is not a number", "learning rate")),
        ({"model": "Exploding"}, ("RuntimeError: the weights are gone", "toys.py:")),
        ({"model": "Ends"}, ("SystemExit: 0", "its code ends the program")),
    ],
)
def test_a_model_that_cannot_be_trained(make, workflow, refused, *, model, phrases):
    text = refused(make({"a": workflow(), "b": workflow(**model)}), *phrases)
    assert "1 of 2 models failed, so nothing was published" in text
    assert "or publish the others with --partial" in text


@_LINUX_ONLY
def test_no_torch_installed(make, workflow, refused):
    workspace = make({"a": workflow(), "nn": workflow("DNN", module="quantpits.modeling.zoo")})
    hint = "pip install 'quantpits[nn]'"
    refused(workspace, "'nn' failed while loading its class", hint, before=without_torch)


def damaged(database):
    database.write_bytes(b"garbage" * 1000)


def of_another_version(database):
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")


@pytest.mark.parametrize(
    ("change", "phrases"),
    [
        (damaged, ("MLflow's database is damaged", "restore it from a backup")),
        (of_another_version, ("another version of MLflow", "mlflow db upgrade sqlite:///")),
    ],
)
def test_a_database_that_cannot_be_used(two, refused, *, change, phrases):
    change(two.mlruns_dir / "mlflow.db")
    refused(two, *phrases)


@_LINUX_ONLY
@pytest.mark.parametrize("folder", [".", "mlruns", "data"])
def test_a_workspace_that_is_read_only(two, refused, folder):
    path = two.root / folder
    path.mkdir(exist_ok=True)
    everything = [path, *(path.rglob("*") if folder != "." else ())]
    for each in everything:
        each.chmod(0o555 if each.is_dir() else 0o444)
    try:
        text = refused(two, "where: ", code=2 if folder == "." else 3, before=without_privileges)
    finally:
        for each in everything:
            each.chmod(0o755 if each.is_dir() else 0o644)
    assert "ermission" in text


@_LINUX_ONLY
def test_a_disk_that_is_full_for_the_database(two, refused):
    hint = "free space on its disk and run the command again"
    refused(two, "MLflow's database cannot be written", hint, before=limited(20_000))


@_LINUX_ONLY
def test_a_disk_that_is_full_while_a_model_writes(make, workflow, refused):
    workspace = make({"a": workflow("Hungry"), "b": workflow()})
    refused(workspace, "File too large", "free space", before=limited(20_000_000))


def test_what_could_not_be_published_is_published_by_going_on(two, refused):
    two.predictions_dir.parent.mkdir(exist_ok=True)
    two.predictions_dir.touch()
    refused(two, "This could not be written; nothing of it is half done", "move it away")
    two.predictions_dir.unlink()
    runs = read_run_state(two).finished
    assert 0 == main(["--workspace", str(two.root), "incremental-train", "--resume"])
    assert {name: each.run_id for name, each in runs.items()} == read_train_records(two).models


def test_two_trainings_at_once(two, refused):
    with writer_lock(two, "train"):
        refused(two, "Another command is writing to this workspace", f"process {os.getpid()}")


def test_a_model_that_prints_megabytes_and_starts_processes(make, workflow, capfd):
    workspace = make({"a": workflow("Talkative")})
    assert 0 == main(["--workspace", str(workspace.root), "train", "--json"])
    captured = capfd.readouterr()
    assert captured.out.startswith("{")
    assert "worker" not in captured.out + captured.err
    (log,) = workspace.mlruns_dir.rglob("train.log")
    text = log.read_text()
    assert 2_000_000 < len(text) < 2_200_000
    assert "raw\n" in text
    assert 3 == text.count("worker")

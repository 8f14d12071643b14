"""The database is made whole, and every trouble with it is explained."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
from pathlib import Path

import pytest

from quantpits.errors import ArtifactError, CorruptArtifactError, StaleArtifactError
from quantpits.modeling import run_database
from quantpits.modeling.recorders import open_store, read_run_tags
from quantpits.modeling.run_database import database_address, database_errors, prepare_database
from quantpits.workspace import Workspace


@pytest.fixture
def workspace(tmp_path, migrated):
    """A workspace with a database that has tables."""
    root = tmp_path / "W"
    root.mkdir()
    shutil.copytree(migrated, root / "mlruns")
    return Workspace(root)


@pytest.fixture
def database(workspace):
    return workspace.mlruns_dir / "mlflow.db"


def of_another_version(database):
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")


def turn_to_folder(database):
    database.unlink()
    database.mkdir()


@pytest.mark.parametrize(
    ("damage", "kind", "message"),
    [
        (lambda path: path.write_bytes(b"garbage" * 1000), CorruptArtifactError, "is damaged"),
        (
            lambda path: path.write_bytes(path.read_bytes()[:8192]),
            CorruptArtifactError,
            "restore it from a backup, or move it away",
        ),
        (turn_to_folder, ArtifactError, "see that it is a file"),
        (of_another_version, StaleArtifactError, "another version of MLflow"),
    ],
)
def test_a_database_that_cannot_be_used_says_why_and_what_to_do(
    workspace, database, *, damage, kind, message
):
    damage(database)
    with pytest.raises(kind, match=message) as caught:
        open_store(workspace, "E")
    assert 3 == caught.value.exit_code
    assert str(database) in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 5


def test_the_hint_for_another_version_is_a_command(workspace, database):
    of_another_version(database)
    with pytest.raises(StaleArtifactError, match=f"mlflow db upgrade sqlite:///{database}"):
        open_store(workspace, "E")


def test_a_database_in_use_is_refused_before_anything_is_trained(workspace, database, monkeypatch):
    connect = sqlite3.connect
    other = connect(database, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    monkeypatch.setattr(sqlite3, "connect", lambda path: connect(path, timeout=0.01))
    with pytest.raises(ArtifactError, match="in use by another program"):
        open_store(workspace, "E")
    other.close()
    assert "E" == open_store(workspace, "E").experiment


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (sqlite3.OperationalError("database or disk is full"), "free space on its disk"),
        (sqlite3.OperationalError("disk I/O error"), "free space on its disk"),
        (OSError(28, "No space left on device"), "free space on its disk"),
        (sqlite3.OperationalError("attempt to write a readonly database"), "permission to write"),
        (PermissionError(13, "Permission denied"), "permission to write"),
        (sqlite3.DatabaseError("something\n  new"), "DatabaseError: something new"),
    ],
)
def test_the_causes_that_users_meet_have_their_hint(error, message):
    with pytest.raises(ArtifactError, match=message), database_errors(Path("mlflow.db")):
        raise error


def test_our_own_errors_and_bugs_pass_unchanged():
    with pytest.raises(CorruptArtifactError, match="ours"), database_errors(Path("mlflow.db")):
        raise CorruptArtifactError("ours")
    with pytest.raises(ZeroDivisionError), database_errors(Path("mlflow.db")):
        raise ZeroDivisionError


def test_a_refusal_while_a_run_ends_leaves_the_first_error(workspace):
    store = open_store(workspace, "E")

    def failing(error):
        with store.run("a") as recorder:
            recorder.log_metrics(IC=0.1)
            store.client.set_terminated = lambda *_: (_ for _ in ()).throw(sqlite3.Error("full"))
            if error is not None:
                raise error

    with pytest.raises(ValueError, match="the first"):
        failing(ValueError("the first"))
    with pytest.raises(ArtifactError, match="refused what a run records"):
        failing(None)


def test_a_kill_while_the_tables_are_made_leaves_no_database(tmp_path):
    # MLflow refuses a database whose migrations were interrupted.
    database = tmp_path / "mlruns" / "mlflow.db"
    child = os.fork()
    if child == 0:  # pragma: no cover - dies
        run_database._empty_database = lambda: os.kill(os.getpid(), signal.SIGKILL)
        prepare_database(database, artifacts_root=tmp_path / "mlruns" / "artifacts")
    assert -signal.SIGKILL == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert [tmp_path / "mlruns" / "artifacts"] == list(database.parent.iterdir())


def test_a_missing_database_is_named_when_a_run_is_asked_for(workspace, database):
    database.unlink()
    with pytest.raises(ArtifactError, match="MLflow's database is missing"):
        read_run_tags(workspace, "r1")
    assert not database.exists()


def test_an_address_is_that_of_sqlalchemy():
    assert "sqlite:////w/mlflow.db" == database_address(Path("/w/mlflow.db"))

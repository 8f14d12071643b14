"""MLflow's database of a workspace: made whole or not at all, and every trouble with it explained.

MLflow makes its tables in dozens of migrations. A process that is killed between two of them leaves
a database that MLflow refuses from then on, so an empty one is made elsewhere and put into place
complete. What SQLite and MLflow say about a database that is full, locked, damaged, read-only or of
another version becomes an error that says what to do.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quantpits.errors import (
    ArtifactError,
    CorruptArtifactError,
    QuantPitsError,
    StaleArtifactError,
)
from quantpits.workspace import write_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "database_address",
    "database_errors",
    "mlflow_client",
    "prepare_database",
    "quiet_mlflow",
]

# Read by MLflow when it is imported: no telemetry, bars, search for git or measuring.
_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING": "false",
    "GIT_PYTHON_REFRESH": "quiet",
}
_LOUD = ("mlflow", "alembic", "alembic.runtime.migration")
# Logs the traceback of every refusal, which is reported here in full.
_LOUDEST = "mlflow.store.db.utils"
_LONGEST_CAUSE = 300

_REFUSED = "MLflow's database cannot be written."
_RESTORE = (
    "restore it from a backup, or move it away: an empty one is made, and `quantpits train` trains"
    " the models again"
)
# What the cause says: what is wrong, and what to do about it.
_CAUSES: tuple[tuple[tuple[str, ...], type[ArtifactError], str, str], ...] = (
    (
        ("database or disk is full", "disk i/o error", "no space left", "file too large"),
        ArtifactError,
        _REFUSED,
        "free space on its disk and run the command again; what is finished is not repeated",
    ),
    (
        ("database is locked", "database table is locked"),
        ArtifactError,
        "MLflow's database is in use by another program.",
        "end that program, such as a database viewer, and run the command again",
    ),
    (
        ("readonly", "read-only", "permission denied", "not permitted"),
        ArtifactError,
        _REFUSED,
        "give yourself permission to write to it and to its folder",
    ),
    (
        ("unable to open", "is a directory", "not a directory", "file exists"),
        ArtifactError,
        "MLflow's database cannot be opened.",
        "see that it is a file, and that you may read and write it and its folder",
    ),
    (
        ("not a database", "malformed", "no such table", "no such column", "unsupported file"),
        CorruptArtifactError,
        "MLflow's database is damaged.",
        _RESTORE,
    ),
    (
        ("database schema", "can't locate revision"),
        StaleArtifactError,
        "MLflow's database was made by another version of MLflow.",
        "keep a copy of it, then run: mlflow db upgrade {address}",
    ),
)


def quiet_mlflow() -> None:
    """Tell MLflow to keep to itself; must run before anything imports it, and Qlib does."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)


def database_address(database: Path) -> str:
    """Return the address by which MLflow knows a database.

    Examples
    --------
    >>> database_address(Path("/w/mlruns/mlflow.db"))
    'sqlite:////w/mlruns/mlflow.db'
    """
    return f"sqlite:///{database}"


def mlflow_client(address: str) -> Any:
    """Return MLflow's client of a database, with MLflow kept quiet."""
    quiet_mlflow()
    import mlflow  # noqa: PLC0415 - heavy

    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger(_LOUDEST).setLevel(logging.CRITICAL)
    return mlflow.MlflowClient(tracking_uri=address)


@contextlib.contextmanager
def database_errors(database: Path) -> Iterator[None]:
    """Turn what SQLite, MLflow and the file system raise in the body into an `ArtifactError`.

    Parameters
    ----------
    database : Path
        The database that the body uses.

    Yields
    ------
    None
        While the body runs.

    Raises
    ------
    ArtifactError
        If the disk is full, the database is locked or read-only, or refuses for another reason.
    CorruptArtifactError
        If it is damaged.
    StaleArtifactError
        If it was made by another version of MLflow.
    """
    quiet_mlflow()
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - heavy
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - MLflow's own; heavy

    try:
        yield
    except QuantPitsError:
        raise
    except (sqlite3.Error, SQLAlchemyError, MlflowException, OSError) as error:
        raise _explained(database, error) from error


def prepare_database(database: Path, *, artifacts_root: Path) -> None:
    """Make a database that does not exist, and see that one that does can be used.

    Parameters
    ----------
    database : Path
        Where it lies or will lie; the caller holds the workspace's lock.
    artifacts_root : Path
        The folder of the runs' files; made when missing, and written to the database, which stores
        absolute paths, if the workspace was moved or copied.

    Raises
    ------
    ArtifactError
        If it cannot be made or used, as `database_errors` says.
    """
    with database_errors(database):
        artifacts_root.mkdir(parents=True, exist_ok=True)
        if not database.exists() or (database.is_file() and database.stat().st_size == 0):
            write_bytes(database, _empty_database())
        _rehome(database, artifacts_root)


def _empty_database() -> bytes:
    """Return the content of a database with all tables and no experiment but MLflow's own."""
    with tempfile.TemporaryDirectory(prefix="quantpits-") as scratch:
        path = Path(scratch) / "mlflow.db"
        mlflow_client(database_address(path)).search_experiments()
        return path.read_bytes()


def _rehome(database: Path, artifacts_root: Path) -> None:
    """Point the database at this workspace's artifacts, if the workspace was moved or copied."""
    new = artifacts_root.as_uri()
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        # Asks for the right to write, so that a database that cannot be written is known now.
        connection.execute("BEGIN IMMEDIATE")
        has_table = "SELECT 1 FROM sqlite_master WHERE name = 'experiments'"
        if connection.execute(has_table).fetchone() is None:
            return
        rows = connection.execute(
            "SELECT DISTINCT artifact_location FROM experiments"
            " WHERE artifact_location LIKE '%/mlruns/artifacts' AND artifact_location <> ?",
            (new,),
        ).fetchall()
        for (old,) in rows:
            connection.execute(
                "UPDATE experiments SET artifact_location = ? WHERE artifact_location = ?",
                (new, old),
            )
            connection.execute(
                "UPDATE runs SET artifact_uri = ? || substr(artifact_uri, ?)"
                " WHERE artifact_uri LIKE ? || '/%'",
                (new, len(old) + 1, old),
            )


def _explained(database: Path, error: Exception) -> ArtifactError:
    cause: BaseException = error
    while cause.__cause__ is not None:  # MLflow's and SQLAlchemy's words around those of SQLite
        cause = cause.__cause__
    text = " ".join(str(cause).split())
    for signs, kind, what, hint in _CAUSES:
        if any(sign in text.lower() for sign in signs):
            return kind(
                what,
                where=database,
                found=text[:_LONGEST_CAUSE],
                hint=hint.format(address=database_address(database)),
            )
    return ArtifactError(
        "MLflow's database refused what a run records.",
        where=database,
        found=f"{type(cause).__name__}: {text[:_LONGEST_CAUSE]}",
        hint=_RESTORE,
    )

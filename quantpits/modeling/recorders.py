"""Runs in MLflow, on a SQLite database inside the workspace.

The database is ``mlruns/mlflow.db`` and every artifact lies in
``mlruns/artifacts/{run}/artifacts/``. Nothing is written to the working directory or to the user's
home, nothing is sent anywhere, and the uncommitted source of a repository the user happens to stand
in is not uploaded.

Files are read and written by path and never through MLflow, since MLflow stores absolute paths:
after a workspace was moved or copied they point to the old place. Opening the store mends them.

One command at a time writes (the workspace's lock), because MLflow's first use of a database
migrates it, and two processes doing so at once break each other.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quantpits.errors import CorruptArtifactError, ModelError
from quantpits.modeling.artifacts import database_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from quantpits.modeling.run_recorder import RunRecorder
    from quantpits.workspace import Workspace

__all__ = ["RecorderStore", "open_store", "quiet_mlflow", "read_run_tags"]

# Read by MLflow when it is imported: no telemetry, bars, search for git or measuring.
_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING": "false",
    "GIT_PYTHON_REFRESH": "quiet",
}
_LOUD = ("mlflow", "alembic", "alembic.runtime.migration", "mlflow.store.db.utils")
_FINISHED = "FINISHED"


@dataclass(frozen=True, slots=True)
class RecorderStore:
    """One experiment of a workspace's MLflow database.

    Attributes
    ----------
    experiment : str
        Name of the experiment.
    experiment_id : str
        Its id in the database.
    uri : str
        Address of the database.
    artifacts_root : Path
        Folder of all runs' artifacts.
    client : object
        MLflow's client of the database.
    """

    experiment: str
    experiment_id: str
    uri: str
    artifacts_root: Path
    client: Any

    @contextlib.contextmanager
    def run(self, name: str) -> Iterator[RunRecorder]:
        """Make a run, active for Qlib's ``R`` while the body runs.

        Parameters
        ----------
        name : str
            Name of the run.

        Yields
        ------
        RunRecorder
            Collects metrics, parameters and tags; `folder` takes artifacts.

        Raises
        ------
        ModelError
            If a tag or metric did not arrive in the database.

        Notes
        -----
        A body that raises leaves the run marked as failed.
        """
        from quantpits.modeling.run_recorder import RunRecorder  # noqa: PLC0415 - heavy

        recorder = RunRecorder(
            self.client,
            self.uri,
            experiment_id=self.experiment_id,
            name=name,
            artifacts_root=self.artifacts_root,
        )
        recorder.start_run()
        status = "FAILED"
        try:
            with _active(self, recorder):
                yield recorder
            status = _FINISHED
        finally:
            recorder.end_run(status)
        self._check(recorder)

    def _check(self, recorder: RunRecorder) -> None:
        lost = recorder.lost_names()
        if lost:
            raise ModelError(
                f"The run of {recorder.name!r} lost some of what it recorded.",
                where=self.uri,
                found=f"missing in the database: {', '.join(lost)}",
            )


def open_store(workspace: Workspace, experiment: str) -> RecorderStore:
    """Return an experiment of the workspace's database, made when it does not exist yet.

    Parameters
    ----------
    workspace : Workspace
        Whose database; the caller holds its lock.
    experiment : str
        Name of the experiment.

    Returns
    -------
    RecorderStore
        Ready to make runs.

    Notes
    -----
    ``mlruns/mlflow.db`` is created with MLflow's current schema.
    """
    database = database_path(workspace)
    artifacts_root = database.parent / "artifacts"
    artifacts_root.mkdir(parents=True, exist_ok=True)
    _rehome(database, artifacts_root)
    uri = f"sqlite:///{database}"
    client = _client(uri)
    found = client.get_experiment_by_name(experiment)
    experiment_id = (
        client.create_experiment(experiment, artifact_location=artifacts_root.as_uri())
        if found is None
        else found.experiment_id
    )
    return RecorderStore(experiment, str(experiment_id), uri, artifacts_root, client)


def read_run_tags(workspace: Workspace, run_id: str) -> dict[str, str]:
    """Return the tags of a finished run.

    Parameters
    ----------
    workspace : Workspace
        Whose run.
    run_id : str
        Id of the run.

    Returns
    -------
    dict of str to str
        Tag to value.

    Raises
    ------
    CorruptArtifactError
        If the database does not know the run, or the run did not finish.
    """
    database = database_path(workspace)
    client = _client(f"sqlite:///{database}")
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - heavy

    try:
        run = client.get_run(run_id)
    except MlflowException as error:
        raise CorruptArtifactError(
            f"The run {run_id!r} of the train records does not exist.",
            where=database,
            found=str(error),
            hint="train the model again, with --retrain",
        ) from error
    if run.info.status != _FINISHED:
        raise CorruptArtifactError(
            f"The run {run_id!r} of the train records did not finish.",
            where=database,
            expected=_FINISHED,
            found=run.info.status,
            hint="train the model again, with --retrain",
        )
    return dict(run.data.tags)


def quiet_mlflow() -> None:
    """Tell MLflow to keep to itself; must run before anything imports it, and Qlib does."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)


def _client(uri: str) -> Any:
    """Return MLflow's client, with MLflow kept quiet."""
    quiet_mlflow()
    import mlflow  # noqa: PLC0415 - heavy

    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.WARNING)
    return mlflow.MlflowClient(tracking_uri=uri)


@contextlib.contextmanager
def _active(store: RecorderStore, recorder: RunRecorder) -> Iterator[None]:
    """Make `recorder` the one that models reach through Qlib's global ``R``."""
    from qlib.workflow import QlibRecorder, R  # noqa: PLC0415 - heavy
    from qlib.workflow.exp import MLflowExperiment  # noqa: PLC0415 - heavy
    from qlib.workflow.expm import MLflowExpManager  # noqa: PLC0415 - heavy

    manager = MLflowExpManager(uri=store.uri, default_exp_name=store.experiment)
    R.register(QlibRecorder(manager))
    experiment = MLflowExperiment(store.experiment_id, store.experiment, store.uri)
    experiment.active_recorder = recorder
    manager.active_experiment = experiment
    try:
        yield
    finally:
        manager.active_experiment = None


def _rehome(database: Path, artifacts_root: Path) -> None:
    """Point the database at this workspace's artifacts, if the workspace was moved or copied."""
    if not database.is_file():
        return
    new = artifacts_root.as_uri()
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
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

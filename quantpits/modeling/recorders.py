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
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quantpits.errors import ArtifactError, CorruptArtifactError, MissingArtifactError, ModelError
from quantpits.modeling.artifacts import database_path
from quantpits.modeling.run_database import (
    database_address,
    database_errors,
    mlflow_client,
    prepare_database,
    quiet_mlflow,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from quantpits.modeling.run_recorder import RunRecorder
    from quantpits.workspace import Workspace

__all__ = ["RecorderStore", "open_store", "quiet_mlflow", "read_run_tags"]

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
    database : Path
        The database.
    artifacts_root : Path
        Folder of all runs' artifacts.
    client : object
        MLflow's client of the database.
    """

    experiment: str
    experiment_id: str
    uri: str
    database: Path
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
        ArtifactError
            If the database refuses the run: no space, no permission, damaged, in use.

        Notes
        -----
        A body that raises leaves the run marked as failed, as far as the database allows.
        """
        from quantpits.modeling.run_recorder import RunRecorder  # noqa: PLC0415 - heavy

        recorder = RunRecorder(
            self.client,
            self.uri,
            experiment_id=self.experiment_id,
            name=name,
            artifacts_root=self.artifacts_root,
        )
        with database_errors(self.database):
            recorder.start_run()
        try:
            with _active(self, recorder):
                yield recorder
        except BaseException:
            # What went wrong is more worth knowing than that it could not be noted.
            with contextlib.suppress(ArtifactError), database_errors(self.database):
                recorder.end_run("FAILED")
            raise
        with database_errors(self.database):
            recorder.end_run(_FINISHED)
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

    Raises
    ------
    ArtifactError
        If the database cannot be made or used.

    Notes
    -----
    ``mlruns/mlflow.db`` is created with MLflow's current schema. Runs of the experiment that a kill
    left open are closed as killed.
    """
    database = database_path(workspace)
    artifacts_root = database.parent / "artifacts"
    prepare_database(database, artifacts_root=artifacts_root)
    uri = database_address(database)
    with database_errors(database):
        client = mlflow_client(uri)
        found = client.get_experiment_by_name(experiment)
        experiment_id = (
            client.create_experiment(experiment, artifact_location=artifacts_root.as_uri())
            if found is None
            else found.experiment_id
        )
        _close_dead_runs(client, str(experiment_id))
    return RecorderStore(experiment, str(experiment_id), uri, database, artifacts_root, client)


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
    MissingArtifactError
        If there is no database.
    CorruptArtifactError
        If the database does not know the run, or the run did not finish.
    ArtifactError
        If the database cannot be read.
    """
    database = database_path(workspace)
    again = "train the model again: quantpits train --retrain"
    if not database.is_file():
        raise MissingArtifactError("MLflow's database is missing.", where=database, hint=again)
    with database_errors(database):
        client = mlflow_client(database_address(database))
        from mlflow.exceptions import MlflowException  # noqa: PLC0415 - heavy

        try:
            run = client.get_run(run_id)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            raise CorruptArtifactError(
                f"The run {run_id!r} of the train records does not exist.",
                where=database,
                found=str(error),
                hint=again,
            ) from error
    if run.info.status != _FINISHED:
        raise CorruptArtifactError(
            f"The run {run_id!r} of the train records did not finish.",
            where=database,
            expected=_FINISHED,
            found=run.info.status,
            hint=again,
        )
    return dict(run.data.tags)


def _close_dead_runs(client: Any, experiment_id: str) -> None:
    """Mark the runs of processes that were killed; whoever holds the lock knows they are dead."""
    for run in client.search_runs([experiment_id], "attributes.status = 'RUNNING'"):
        client.set_terminated(run.info.run_id, "KILLED")


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

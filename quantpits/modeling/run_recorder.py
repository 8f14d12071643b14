"""A Qlib recorder that writes each run once, completely, and into its own workspace.

Imported only by `quantpits.modeling.recorders`, inside a function, because it needs Qlib and
MLflow.

Qlib's own recorder queues metrics, parameters and tags to a thread; when one of them is refused the
thread dies, everything after it is lost, and the run still ends as finished. It also pays a
database transaction for each number, uploads the uncommitted source of whatever repository the user
stands in, and stores artifacts where MLflow's database says, which is the old place after a
workspace was moved or copied. This one collects everything and writes it in one batch when the run
ends, and stores artifacts in the workspace it was given.
"""

from __future__ import annotations

import math
import pickle
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow.entities import Metric, Param, RunTag
from qlib.utils.serial import Serializable
from qlib.workflow.recorder import MLflowRecorder, Recorder

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

__all__ = ["RunRecorder"]

# What MLflow allows in names; everything else is written as "_".
_NOT_IN_A_NAME = re.compile(r"[^\w\-. :/]")
_BATCH = 900  # MLflow takes 1,000 entries at a time
_LONGEST_VALUE = 5000


class RunRecorder(MLflowRecorder):  # type: ignore[misc]  # Qlib ships no types
    """One MLflow run.

    Parameters
    ----------
    client : MlflowClient
        Of the workspace's database.
    uri : str
        Address of the database.
    experiment_id, name : str
        Where the run belongs and what it is called.
    artifacts_root : Path
        The workspace's artifact folder.
    """

    def __init__(
        self, client: MlflowClient, uri: str, *, experiment_id: str, name: str, artifacts_root: Path
    ) -> None:
        super().__init__(experiment_id, uri, name)
        self.client = client
        self.artifacts_root = artifacts_root
        self.non_finite: set[str] = set()
        self._metrics: list[Metric] = []
        self._params: dict[str, str] = {}
        self._tags: dict[str, str] = {}

    @property
    def folder(self) -> Path:
        """The folder of the run's artifacts."""
        return self.artifacts_root / str(self.id) / "artifacts"

    def start_run(self) -> None:
        """Create the run."""
        run = self.client.create_run(self.experiment_id, run_name=self.name)
        self.id = run.info.run_id
        self._artifact_uri = self.folder.as_uri()
        self.status = Recorder.STATUS_R
        self.folder.mkdir(parents=True)

    def end_run(self, status: str = Recorder.STATUS_FI) -> None:
        """Write what was collected and close the run."""
        self._flush()
        self.status = status
        self.client.set_terminated(self.id, status)

    def log_metrics(self, step: int | None = None, **kwargs: float) -> None:
        """Collect metrics; a value that is not a finite number is noted by name and left out."""
        now = int(time.time() * 1000)
        for name, value in kwargs.items():
            number = float(value)
            if math.isfinite(number):
                self._metrics.append(Metric(_allowed(name), number, now, step or 0))
            else:
                self.non_finite.add(name)

    def log_params(self, **kwargs: object) -> None:
        """Collect parameters; the first value of a name stays."""
        for name, value in kwargs.items():
            self._params.setdefault(_allowed(name), str(value)[:_LONGEST_VALUE])

    def set_tags(self, **kwargs: object) -> None:
        """Collect tags; the last value of a name stays."""
        self._tags |= {
            _allowed(name): str(value)[:_LONGEST_VALUE] for name, value in kwargs.items()
        }

    def save_objects(
        self, local_path: str | None = None, artifact_path: str | None = None, **kwargs: object
    ) -> None:
        """Store objects, or a local file, among the run's artifacts."""
        folder = self.folder / (artifact_path or "")
        folder.mkdir(parents=True, exist_ok=True)
        if local_path is not None:
            source = Path(local_path)
            (folder / source.name).write_bytes(source.read_bytes())
        for name, value in kwargs.items():
            Serializable.general_dump(value, folder / name)

    def load_object(self, name: str, unpickler: Any = pickle.Unpickler) -> Any:
        """Load one of this run's own artifacts."""
        with (self.folder / name).open("rb") as file:
            return unpickler(file).load()

    def logged_by_step(self) -> dict[str, dict[int, float]]:
        """Return the metrics collected so far: name to step to value, the last of a step."""
        logged: dict[str, dict[int, float]] = {}
        for metric in self._metrics:
            logged.setdefault(metric.key, {})[int(metric.step)] = float(metric.value)
        return logged

    def lost_names(self) -> list[str]:
        """Return the metrics, parameters and tags that did not arrive in the database."""
        data = self.client.get_run(self.id).data
        metrics = {metric.key for metric in self._metrics} - set(data.metrics)
        return sorted(
            metrics | (set(self._params) - set(data.params)) | (set(self._tags) - set(data.tags))
        )

    def _flush(self) -> None:
        params = [Param(name, value) for name, value in self._params.items()]
        tags = [RunTag(name, value) for name, value in self._tags.items()]
        for start in range(0, len(params), 100):  # MLflow takes 100 parameters or tags at a time
            self.client.log_batch(self.id, params=params[start : start + 100])
        for start in range(0, len(tags), 100):
            self.client.log_batch(self.id, tags=tags[start : start + 100])
        for start in range(0, len(self._metrics), _BATCH):
            self.client.log_batch(self.id, metrics=self._metrics[start : start + _BATCH])


def _allowed(name: str) -> str:
    return _NOT_IN_A_NAME.sub("_", name)

"""A run's files: predictions, labels, model, processors, and the daily IC.

Unpickling runs code. A pickle is therefore opened only if it lies in the workspace's own run folder
and its sha256 is the one that was recorded when it was written, and the bytes that were hashed are
the bytes that are unpickled.
"""

from __future__ import annotations

import copy
import io
import json
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np

from quantpits.errors import CorruptArtifactError, MissingArtifactError
from quantpits.workspace import sha256_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from quantpits.records import ModelRecord
    from quantpits.workspace import Workspace

__all__ = [
    "database_path",
    "has_artifact",
    "is_whole",
    "pickled",
    "trained_module",
    "unpickled",
    "verified_bytes",
]

_PROTOCOL = pickle.HIGHEST_PROTOCOL


class _Pickler(pickle.Pickler):
    """Writes equal arrays alike, whatever else shares the object that names their type."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, protocol=_PROTOCOL)
        self._types: dict[str, np.dtype[Any]] = {}

    def reducer_override(self, value: object) -> Any:
        if type(value) is not np.ndarray or value.dtype.hasobject or value.dtype.names is not None:
            return NotImplemented
        name = value.dtype.str
        if name not in self._types:
            self._types[name] = copy.deepcopy(value.dtype)
        return value.view(self._types[name]).__reduce_ex__(_PROTOCOL)


def pickled(value: object) -> bytes:
    """Return the pickle of `value`; Qlib's objects leave out attributes that start with ``_``.

    Parameters
    ----------
    value : object
        Anything that can be pickled.

    Returns
    -------
    bytes
        The same for arrays of the same content, wherever they come from: a file in which features
        were kept gives no other predictions than their computation, not even by their hash.
    """
    file = io.BytesIO()
    _Pickler(file).dump(value)
    return file.getvalue()


def unpickled(content: bytes) -> Any:
    """Return the object of content that `pickled` or `verified_bytes` gave."""
    return pickle.loads(content)  # noqa: S301 - see the module's docstring


def has_artifact(workspace: Workspace, relative: str | None, sha256: str | None) -> bool:
    """Return whether a recorded file is there and is the recorded one.

    Parameters
    ----------
    workspace : Workspace
        Where the record comes from.
    relative, sha256 : str or None
        Path relative to the workspace, and recorded hash.

    Returns
    -------
    bool
        False also when the record names no file.
    """
    if relative is None or sha256 is None:
        return False
    path = workspace.root / relative
    return path.is_file() and sha256_bytes(path.read_bytes()) == sha256


def is_whole(workspace: Workspace, record: ModelRecord) -> bool:
    """Return whether all files of a finished training are there, and unchanged where hashed.

    Parameters
    ----------
    workspace : Workspace
        Where the record comes from.
    record : ModelRecord
        A training.

    Returns
    -------
    bool
        False if the model would have to be trained again.
    """
    if not has_artifact(workspace, record.prediction_path, record.prediction_sha256):
        return False
    if record.model_path is None or not has_artifact(
        workspace, record.model_path, record.model_sha256
    ):
        return False
    others = (
        (workspace.root / record.model_path).with_name("dataset.pkl"),
        database_path(workspace),
    )
    return all(path.is_file() for path in others)


def trained_module(workspace: Workspace, record: ModelRecord) -> str:
    """Return where the class of a trained model lives, which tells the libraries it depends on.

    Parameters
    ----------
    workspace : Workspace
        Where the record comes from.
    record : ModelRecord
        A training, or a prediction with its model.

    Returns
    -------
    str
        Module path from the run's ``task.json``; empty if that cannot be read.
    """
    if record.model_path is None:
        return ""
    path = (workspace.root / record.model_path).with_name("task.json")
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["model"]["module_path"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def database_path(workspace: Workspace) -> Path:
    """Return where the workspace's MLflow database lies."""
    return workspace.mlruns_dir.resolve() / "mlflow.db"


def verified_bytes(workspace: Workspace, relative: str, *, sha256: str, model: str) -> bytes:
    """Return the content of a pickle that may be opened.

    Parameters
    ----------
    workspace : Workspace
        Where the record comes from.
    relative, sha256 : str
        Path relative to the workspace, and recorded hash.
    model : str
        Name in the registry, for messages.

    Returns
    -------
    bytes
        The verified content.

    Raises
    ------
    MissingArtifactError
        If the file does not exist.
    CorruptArtifactError
        If it lies outside the run folder, or is not the recorded one.
    """
    again = f"train it again: quantpits train --models {model} --retrain"
    path: Path = (workspace.root / relative).resolve()
    if not path.is_relative_to(workspace.mlruns_dir.resolve()):
        raise CorruptArtifactError(
            f"The record of the model {model!r} points outside the workspace's runs.",
            where=workspace.records_path,
            expected=f"a path in {workspace.mlruns_dir}",
            found=relative,
            hint=again,
        )
    try:
        content = path.read_bytes()
    except OSError as error:
        raise MissingArtifactError(
            f"A file of the trained model {model!r} cannot be read.",
            where=path,
            found=error.strerror,
            hint=again,
        ) from error
    found = sha256_bytes(content)
    if found != sha256:
        raise CorruptArtifactError(
            f"A file of the trained model {model!r} is not the one that was recorded.",
            where=path,
            expected=f"sha256 {sha256}",
            found=f"sha256 {found}",
            hint=again,
        )
    return content

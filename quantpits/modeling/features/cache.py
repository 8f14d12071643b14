"""Features kept on disk: found again by everything that decided them, and extended by new days.

A folder of `quantpits.modeling.features.files` per loader, group, universe and start, named by
their fingerprint. What was computed is used only while the raw data it was computed from are
unchanged through its last day; then days after it can be added, and a later run reads instead of
computing.
Anything else - other data, another version of a library, a file that is damaged or half written -
is computed anew. Nothing here is needed: the folder may be deleted at any time, and a disk that
cannot be written to costs only time, and a warning.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from quantpits import __version__
from quantpits.errors import ArtifactError, CorruptArtifactError, Finding
from quantpits.modeling.features.files import (
    SCHEMA,
    FeatureMeta,
    is_storable,
    read_meta,
    read_rows,
    sorted_index,
    write_part,
)
from quantpits.workspace import sha256_bytes, write_tree
from quantpits.workspace.durable import remove_path

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from quantpits.config import ModelConfig
    from quantpits.workspace import Workspace

__all__ = ["FeatureCache", "open_feature_cache"]

# The groups of a registry: Alpha158, Alpha360, a few of one's own; of each two starts, because a
# window that slides gets a new one with every training while models of the last one still predict.
_MOST_FOLDERS = 8
_MOST_STARTS = 2
# The cache must not be what fills the disk that the results are to be written to.
_RESERVE_BYTES = 256 * 2**20
_LIBRARIES = ("pyqlib", "numpy", "pandas")


def open_feature_cache(workspace: Workspace, config: ModelConfig) -> FeatureCache | None:
    """Return the features that a workspace keeps on disk.

    Parameters
    ----------
    workspace : Workspace
        Whose; the caller holds its lock.
    config : ModelConfig
        Its ``feature_cache`` says whether any are kept.

    Returns
    -------
    FeatureCache or None
        None if they are not to be kept.
    """
    return FeatureCache(workspace.features_dir) if config.feature_cache else None


class FeatureCache:
    """The groups of features kept in one folder.

    Parameters
    ----------
    root : Path
        The folder; made when something is kept.

    Attributes
    ----------
    findings : list of Finding
        What a person should know about what could not be kept or used.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.findings: list[Finding] = []
        self._is_writable = True

    def find(self, identity: Mapping[str, Any]) -> FeatureMeta | None:
        """Return what is kept of a group.

        Parameters
        ----------
        identity : mapping
            What decides its values beside the market data: plain values.

        Returns
        -------
        FeatureMeta or None
            None if nothing is, or nothing that can be trusted.
        """
        whole = _whole(identity)
        folder = self._folder(whole)
        try:
            meta = read_meta(folder)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except CorruptArtifactError as error:
            self._note_damage(error)
            return None
        if meta.identity != whole:
            self._note_damage(CorruptArtifactError("Stored features are others.", where=folder))
            return None
        return meta

    def read(
        self, meta: FeatureMeta, *, since: pd.Timestamp | None, through: pd.Timestamp
    ) -> pd.DataFrame | None:
        """Return rows of a group that `find` found.

        Parameters
        ----------
        meta : FeatureMeta
            What is kept; the raw data must be those of its digest.
        since, through : Timestamp
            First and last day wanted; from the first row if `since` is None.

        Returns
        -------
        DataFrame, float32 [n_rows, n_columns] or None
            None if a file is gone or damaged.
        """
        folder = self._folder(meta.identity)
        try:
            rows = read_rows(folder, meta, since=since, through=through)
        except FileNotFoundError:
            return None
        except CorruptArtifactError as error:
            self._note_damage(error)
            return None
        with contextlib.suppress(OSError):
            os.utime(folder)  # the folders used last are kept
        return rows

    def keep(self, identity: Mapping[str, Any], frame: pd.DataFrame, *, digest: str) -> None:
        """Keep a group that was computed from its start, in place of what was kept of it.

        Parameters
        ----------
        identity : mapping
            As for `find`.
        frame : DataFrame [n_rows, n_columns]
            Its rows.
        digest : str
            Of the raw data through the frame's last day.
        """
        if not self._is_writable or not is_storable(frame):
            return
        whole = _whole(identity)
        days, names = sorted_index(frame).levels
        dtypes = (str(days.dtype), str(names.dtype))
        meta = FeatureMeta(whole, tuple(frame.columns), (), dtypes, digest)
        folder = self._folder(whole)
        try:
            self._make_room(whole, folder, n_bytes=_size(frame))
            write_tree(folder, lambda target: write_part(target, meta, frame=frame))
        except (OSError, ArtifactError) as error:
            self._note_not_kept(error)

    def extend(self, meta: FeatureMeta, frame: pd.DataFrame, *, digest: str) -> None:
        """Add later rows to a group that is kept.

        Parameters
        ----------
        meta : FeatureMeta
            What is kept.
        frame : DataFrame [n_rows, n_columns]
            The rows after its last day.
        digest : str
            Of the raw data through the frame's last day.
        """
        if not self._is_writable or not is_storable(frame):
            return
        folder = self._folder(meta.identity)
        later = FeatureMeta(
            identity=meta.identity,
            columns=meta.columns,
            instruments=meta.instruments,
            dtypes=meta.dtypes,
            digest=digest,
            parts=meta.parts,
        )
        try:
            self._make_room(meta.identity, folder, n_bytes=_size(frame))
            write_part(folder, later, frame=frame)
        except (OSError, ArtifactError) as error:
            self._note_not_kept(error)

    def _folder(self, whole: Mapping[str, Any]) -> Path:
        return self.root / sha256_bytes(_canonical(whole).encode())[:32]

    def _make_room(self, whole: Mapping[str, Any], folder: Path, *, n_bytes: int) -> None:
        """Remove what has not been used for longest; refuse to fill the disk."""
        self._prune(whole, folder)
        place = next(path for path in (self.root, *self.root.parents) if path.is_dir())
        free, needed = shutil.disk_usage(place).free, n_bytes + _RESERVE_BYTES
        if free < needed:
            raise ArtifactError(
                "There is too little space on the disk to keep features.",
                where=self.root,
                found=f"{free / 2**20:.0f} MiB free, {needed / 2**20:.0f} MiB needed",
            )

    def _prune(self, whole: Mapping[str, Any], folder: Path) -> None:
        """Leave room for one more folder, and of its kind for one more start."""
        if not self.root.is_dir():
            return
        others = [path for path in self.root.iterdir() if path != folder]
        for leftover in [path for path in others if path.name.startswith(".")]:
            remove_path(leftover)  # of a killed process: there is one writer, and it is this one
        kept = [path for path in others if path.is_dir() and not path.name.startswith(".")]
        kept.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        kind = _kind(whole)
        same = [path for path in kept if _kind_in(path) == kind]
        for path in {*kept[_MOST_FOLDERS - 1 :], *same[_MOST_STARTS - 1 :]}:
            remove_path(path)

    def _note_damage(self, error: CorruptArtifactError) -> None:
        message = f"{error.what} They are computed again."
        self.findings.append(
            Finding("FTR002", "warning", message, "features", str(error.where or self.root))
        )

    def _note_not_kept(self, error: OSError | ArtifactError) -> None:
        """Say once that features cannot be kept; the command goes on without."""
        self._is_writable = False
        reason = error.strerror if isinstance(error, OSError) else (error.found or error.what)
        message = f"features cannot be kept on disk, so the next run computes them again: {reason}"
        self.findings.append(Finding("FTR001", "warning", message, "features", str(self.root)))


def _whole(identity: Mapping[str, Any]) -> dict[str, Any]:
    """Return an identity with the versions of everything that computes, in plain values."""
    versions = {name: version(name) for name in _LIBRARIES}
    whole = {
        **identity,
        "schema": SCHEMA,
        "versions": {**versions, "quantpits": __version__, "machine": platform.machine()},
    }
    plain: dict[str, Any] = json.loads(_canonical(whole))
    return plain


def _canonical(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, allow_nan=False)


def _kind(whole: Mapping[str, Any]) -> dict[str, Any]:
    """Return what tells groups apart that are not one another's earlier or later start."""
    return {key: value for key, value in whole.items() if key not in {"start", "versions"}}


def _kind_in(folder: Path) -> dict[str, Any] | None:
    try:
        return _kind(read_meta(folder).identity)
    except (FileNotFoundError, CorruptArtifactError):
        return None


def _size(frame: pd.DataFrame) -> int:
    return int(frame.memory_usage().sum())

"""Dropping the pickles of runs that nothing refers to any more.

A further seed that was trained again, and a fold that was replaced, leave a run behind whose model
no record names. Its numbers, parameters and log stay; its model, processors and scores go, or a
walk-forward would fill the disk week by week. A run that any record, state or backup still names is
left alone, and so is everything else: only runs that are named here are looked at.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from quantpits.modeling.artifacts import database_path

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from quantpits.workspace import Workspace

__all__ = ["drop_unreferenced"]

_RUN_ID = re.compile(r"[0-9a-f]{32}")
_DROPPED = ("model.pkl", "dataset.pkl", "pred.pkl", "label.pkl")


def drop_unreferenced(workspace: Workspace, run_ids: Iterable[str]) -> tuple[str, ...]:
    """Remove the pickles of runs that no record, state or backup names.

    Parameters
    ----------
    workspace : Workspace
        Whose runs; the caller holds its lock and has written what is current.
    run_ids : iterable of str
        Runs that were replaced.

    Returns
    -------
    tuple of str
        The runs that lost their files.

    Notes
    -----
    A file that cannot be read may name any run, so nothing is removed then.
    """
    wanted = sorted({run_id for run_id in run_ids if _RUN_ID.fullmatch(run_id)})
    if not wanted:
        return ()
    try:
        texts = [path.read_text(encoding="utf-8") for path in _sources(workspace)]
    except (OSError, UnicodeDecodeError):
        return ()
    root = database_path(workspace).parent / "artifacts"
    dropped = []
    for run_id in wanted:
        if any(run_id in text for text in texts):
            continue
        files = [root / run_id / "artifacts" / name for name in _DROPPED]
        if any(path.is_file() for path in files):
            dropped.append(run_id)
        for path in files:
            with contextlib.suppress(OSError):  # tidying up must not fail what is done
                path.unlink(missing_ok=True)
    return tuple(dropped)


def _sources(workspace: Workspace) -> list[Path]:
    """Return every file that may name a run whose files are still wanted."""
    data = workspace.data_dir
    folders = (data, data / "walk_forward", workspace.history_dir)
    files = [path for folder in folders for path in sorted(folder.glob("*.json"))]
    return [path for path in (workspace.records_path, *files) if path.is_file()]

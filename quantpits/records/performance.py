"""How well each model did on its test segment: `output/model_performance_{anchor}.json`.

Conventions: the keys are those of the earlier system, ``IC_Mean``, ``ICIR`` and ``record_id``, and
mean what they meant there. Beside them are ``Rank_IC_Mean`` and ``Rank_ICIR``; ``_Low`` and
``_High`` of each, between which it plausibly lies; ``IC_Days``, the days they rest on; ``PSI``, the
drift of the latest scores, and ``PSI_Usual``; ``trained_id``, the run that fitted the model; and
the spread over seeds where there is one. A metric is a real number, zero included, or null where it
is undefined or not known; never NaN. Files of the earlier system may hold a bare NaN, which reads
as null.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from quantpits.errors import CorruptArtifactError, NonFiniteError
from quantpits.workspace.atomic import write_json
from quantpits.workspace.history import backup

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from quantpits.workspace import Workspace

__all__ = ["merge_performance", "performance_path", "publish_performance", "read_performance"]

PerformanceRow = dict[str, float | str | None]


def performance_path(workspace: Workspace, anchor: date) -> Path:
    """Return where the performance of the runs anchored at `anchor` lies."""
    return workspace.output_dir / f"model_performance_{anchor.isoformat()}.json"


def read_performance(workspace: Workspace, anchor: date) -> dict[str, PerformanceRow]:
    """Return the performance of each model; empty if nothing was written for `anchor`.

    Parameters
    ----------
    workspace : Workspace
        Whose performance to read.
    anchor : date
        Anchor date of the runs.

    Returns
    -------
    dict of str to dict
        Model to its row, as the module tells; a file of the earlier system has fewer keys.

    Raises
    ------
    CorruptArtifactError
        If the file is not a JSON object of objects.
    """
    path = performance_path(workspace, anchor)
    try:
        content = json.loads(path.read_text("utf-8"), parse_constant=_null)
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise CorruptArtifactError(
            "The model performance is not JSON.", where=path, found=error
        ) from error
    if not isinstance(content, dict) or not all(isinstance(row, dict) for row in content.values()):
        raise CorruptArtifactError(
            "The model performance is not what its schema says.",
            where=path,
            expected="an object of one object for each model",
        )
    return content


def merge_performance(
    workspace: Workspace, anchor: date, table: Mapping[str, Mapping[str, float | str | None]]
) -> bool:
    """Put the rows of `table` into the file and keep those of other models.

    Parameters
    ----------
    workspace : Workspace
        Whose performance to change.
    anchor : date
        Anchor date of the runs.
    table : mapping of str to mapping
        Model to ``IC_Mean, ICIR, Rank_IC_Mean, Rank_ICIR`` (float or None) and ``record_id``.

    Returns
    -------
    bool
        Whether the file was written; False if it says so already.

    Raises
    ------
    NonFiniteError
        If a metric is NaN or infinite.
    CorruptArtifactError
        If the file on disk is not what its schema says.
    """
    old = read_performance(workspace, anchor)
    return _write(workspace, anchor, {**old, **{model: dict(row) for model, row in table.items()}})


def publish_performance(
    workspace: Workspace, anchor: date, table: Mapping[str, Mapping[str, float | str | None]]
) -> bool:
    """Replace the file by `table`, as a complete training does.

    Parameters
    ----------
    workspace : Workspace
        Whose performance to replace.
    anchor : date
        Anchor date of the runs.
    table : mapping of str to mapping
        As for `merge_performance`.

    Returns
    -------
    bool
        Whether the file was written; False if it says so already.

    Raises
    ------
    NonFiniteError
        If a metric is NaN or infinite.
    """
    return _write(workspace, anchor, {model: dict(row) for model, row in table.items()})


def _null(_constant: str) -> None:
    """Read the earlier system's bare NaN and Infinity as undefined."""


def _write(workspace: Workspace, anchor: date, table: dict[str, PerformanceRow]) -> bool:
    path = performance_path(workspace, anchor)
    for model, row in table.items():
        for key, value in row.items():
            if isinstance(value, float) and not math.isfinite(value):
                raise NonFiniteError(
                    f"The {key} of the model {model!r} is not a number.",
                    where=path,
                    expected="a finite number, or None where it is undefined",
                    found=value,
                )
    content = {model: table[model] for model in sorted(table)}
    text = json.dumps(content, ensure_ascii=False, indent=4, allow_nan=False) + "\n"
    if path.is_file() and path.read_text("utf-8") == text:
        return False
    backup(workspace, path, f"model_performance_{anchor.isoformat()}")
    return write_json(path, content)

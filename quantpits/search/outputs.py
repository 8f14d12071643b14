"""Writing what a search leaves behind, one whole file after the other.

The results file comes first, then what is derived from it; a run that is killed in between can
simply be repeated. A file that is already as it should be is not touched.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import ArtifactError
from quantpits.search.files import ResultsMeta, meta_path, output_names, results_csv
from quantpits.workspace.atomic import sha256_file, write_bytes, write_csv, write_json
from quantpits.workspace.manifest import read_manifest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from quantpits.search.job import SearchJob
    from quantpits.search.request import Confirmation
    from quantpits.search.results import SearchResults
    from quantpits.workspace import Workspace

__all__ = [
    "Outputs",
    "describe",
    "earlier_files",
    "write_confirmations",
    "write_correlation",
    "write_oos",
    "write_results",
]

_CORRELATION_DIGITS = 10
_UNDATED = ("leaderboard.csv", "leaderboard.meta.json", "report.html")


@dataclass(slots=True)
class Outputs:
    """Files that a run stands for.

    Attributes
    ----------
    folder : Path
        Where they lie.
    paths : list of Path
        In the order of writing.
    changed : bool
        Whether any byte is new.
    """

    folder: Path
    paths: list[Path] = field(default_factory=list)
    changed: bool = False

    def add_bytes(self, name: str, data: bytes) -> Path:
        """Write a file and note it."""
        path = self.folder / name
        self.changed |= write_bytes(path, data)
        self.paths.append(path)
        return path

    def add_text(self, name: str, lines: Sequence[str]) -> Path:
        """Write lines of text and note the file."""
        return self.add_bytes(name, ("\n".join(lines) + "\n").encode("utf-8"))

    def add_table(self, name: str, table: tuple[Sequence[str], Sequence[Sequence[object]]]) -> Path:
        """Write a table and note it; a number that is not finite is an empty cell."""
        header, rows = table
        path = self.folder / name
        cells = [[_cell(value) for value in row] for row in rows]
        self.changed |= write_csv(path, header, cells)
        self.paths.append(path)
        return path

    def add_json(self, name: str, content: Mapping[str, object]) -> Path:
        """Write a JSON file and note it."""
        path = self.folder / name
        self.changed |= write_json(path, content)
        self.paths.append(path)
        return path


def write_results(outputs: Outputs, job: SearchJob, *, results: SearchResults) -> Path:
    """Write the whole ranking and what it was made from.

    Parameters
    ----------
    outputs : Outputs
        Where to.
    job : SearchJob
        What was searched.
    results : SearchResults
        The ranking.

    Returns
    -------
    Path
        The results file.
    """
    data = results_csv(results)
    path = outputs.folder / output_names(results.kind, results.anchor)["results"]
    described = meta_path(path)
    # The description goes away first: a file is never described by that of another.
    if described.is_file() and not (path.is_file() and path.read_bytes() == data):
        described.unlink()
    outputs.add_bytes(path.name, data)
    describe(outputs, path, job=job, results=results)
    return path


def describe(outputs: Outputs, path: Path, *, job: SearchJob, results: SearchResults) -> None:
    """Write beside a table what it was made from.

    Parameters
    ----------
    outputs : Outputs
        Where to.
    path : Path
        The table, written.
    job : SearchJob
        What was searched.
    results : SearchResults
        The ranking.
    """
    meta = ResultsMeta(
        kind=results.kind,
        anchor_date=str(results.anchor),
        csv_sha256=sha256_file(path),
        n_combos=results.n_trials,
        description=results.description,
        window=job.window.describe(),
        identity=job.stored_run.identity,
    )
    outputs.add_json(meta_path(path).name, meta.to_json())


def write_correlation(outputs: Outputs, results: SearchResults) -> None:
    """Write the correlation between the models' normalised scores.

    Parameters
    ----------
    outputs : Outputs
        Where to.
    results : SearchResults
        Whose models.
    """
    rounded = np.round(results.correlation, _CORRELATION_DIGITS).tolist()
    rows = [[name, *row] for name, row in zip(results.models, rounded, strict=True)]
    name = output_names(results.kind, results.anchor)["correlation"]
    outputs.add_table(name, (["", *results.models], rows))


def write_oos(outputs: Outputs, oos: SearchResults) -> None:
    """Write the best combos out-of-sample, in the order of the in-sample ranking.

    Parameters
    ----------
    outputs : Outputs
        Where to.
    oos : SearchResults
        Their figures out-of-sample, not ranked again.
    """
    outputs.add_bytes(output_names(oos.kind, oos.anchor)["oos"], results_csv(oos))


def write_confirmations(
    outputs: Outputs, results: SearchResults, *, confirmations: Sequence[Confirmation]
) -> None:
    """Write how far Qlib's own backtest is from the simulator.

    Parameters
    ----------
    outputs : Outputs
        Where to.
    results : SearchResults
        The ranking.
    confirmations : sequence of Confirmation
        One per combo.
    """
    header = ("rank", "models", "n_models", "deviation", "where")
    rows = [
        (item.rank, ",".join(item.models), len(item.models), item.deviation, item.where)
        for item in confirmations
    ]
    name = output_names(results.kind, results.anchor)["confirmation"]
    outputs.add_table(name, (header, rows))


def earlier_files(outputs: Outputs, workspace: Workspace, *, manifest: str) -> tuple[Path, ...]:
    """Return the files that an earlier run left and this one did not make.

    Parameters
    ----------
    outputs : Outputs
        Everything that this run wrote.
    workspace : Workspace
        Whose manifest tells what the earlier run wrote.
    manifest : str
        Its name.

    Returns
    -------
    tuple of Path
        In the same folder; they exist.
    """
    try:
        before = [workspace.root / name for name in read_manifest(workspace, manifest).outputs]
    except ArtifactError:
        before = []
    undated = [outputs.folder / name for name in _UNDATED]
    return tuple(
        path
        for path in dict.fromkeys((*before, *undated))
        if path.parent == outputs.folder and path not in outputs.paths and path.is_file()
    )


def _cell(value: object) -> object:
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value

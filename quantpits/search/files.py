"""The tables that a search writes: names, columns and bytes.

A file holds one row a combo in ranking order; an undefined figure is an empty cell. Beside it a
``.meta.json`` says what it was made from, so that a reader can tell whether it still holds.
"""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from quantpits.errors import CorruptArtifactError, MissingArtifactError
from quantpits.search.results import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from quantpits.search.results import IntArray, SearchKind, SearchResults

__all__ = [
    "FIRST_COLUMNS",
    "ResultsMeta",
    "ResultsTable",
    "meta_path",
    "output_names",
    "read_meta",
    "read_results",
    "results_csv",
]

_OWN: Final = ("models", "n_models")
FIRST_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "exact": (*_OWN, *COLUMNS),
    "fast": (*COLUMNS[:8], *_OWN, *COLUMNS[8:]),
}
"""Columns of the results file by kind, in order; the earlier system's come first."""

_CHUNK = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsMeta:
    """What stands beside a results file.

    Attributes
    ----------
    schema_version : int
        1.
    kind : str
        ``fast`` or ``exact``.
    anchor_date : str
        Last session the predictions know of.
    csv_sha256 : str
        Hash of the results file.
    n_combos : int
        Combos that somebody looked at; all of them count as trials.
    description : tuple of str
        Mode, costs, periods and conventions.
    window : str
        In-sample and out-of-sample.
    identity : mapping
        Everything that decides the results.
    """

    kind: str
    anchor_date: str
    csv_sha256: str
    n_combos: int
    description: tuple[str, ...]
    window: str
    identity: Mapping[str, Any] = field(default_factory=dict)
    schema_version: int = 1

    def to_json(self) -> dict[str, Any]:
        """Return the content of the file."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ResultsTable:
    """A results file that was read back.

    Attributes
    ----------
    combos : tuple of tuple of str
        Models of each row.
    figures : tuple of dict of str to float or None
        Its numbers; None for an empty cell.
    """

    combos: tuple[tuple[str, ...], ...]
    figures: tuple[dict[str, float | None], ...]


def output_names(kind: SearchKind, anchor: date) -> dict[str, str]:
    """Return the names of the tables of a search, by what they are.

    Examples
    --------
    >>> from datetime import date
    >>> output_names("fast", date(2026, 2, 6))["results"]
    'brute_force_fast_results_2026-02-06.csv'
    """
    stem = "brute_force_fast_results" if kind == "fast" else "brute_force_results"
    return {
        "results": f"{stem}_{anchor}.csv",
        "oos": f"oos_validation_{anchor}.csv",
        "correlation": f"correlation_matrix_{anchor}.csv",
        "leaderboard": "leaderboard.csv",
        "confirmation": f"qlib_confirmation_{anchor}.csv",
    }


def meta_path(results: Path) -> Path:
    """Return where the description of a results file stands."""
    return results.with_suffix(".meta.json")


def results_csv(results: SearchResults, rows: IntArray | None = None) -> bytes:
    """Return the results file.

    Parameters
    ----------
    results : SearchResults
        The results.
    rows : int64 [R], optional
        Which of them; all by default.

    Returns
    -------
    bytes
        UTF-8, one line a combo in ranking order.
    """
    chosen = np.arange(results.n_combos) if rows is None else rows
    header = FIRST_COLUMNS[results.kind]
    sink = io.BytesIO()
    sink.write((",".join(header) + "\n").encode())
    options = pa_csv.WriteOptions(include_header=False)
    for begin in range(0, len(chosen), _CHUNK):
        part = chosen[begin : begin + _CHUNK]
        columns: dict[str, pa.Array] = {
            name: pa.array(values[part], from_pandas=True)  # NaN becomes an empty cell
            for name, values in results.table.items()
        }
        columns["models"] = pa.array(results.labels_of(part))
        columns["n_models"] = pa.array(results.sizes[part])
        pa_csv.write_csv(pa.table({name: columns[name] for name in header}), sink, options)
    return sink.getvalue()


def read_results(path: Path) -> ResultsTable:
    """Read a results file back.

    Parameters
    ----------
    path : Path
        Of either kind, also of the earlier system.

    Returns
    -------
    ResultsTable
        In the order of the file.

    Raises
    ------
    MissingArtifactError
        If there is no such file.
    CorruptArtifactError
        If it has no column ``models``, or a row names no model or is not numbers.
    """
    if not path.is_file():
        raise MissingArtifactError(
            "There is no such results file.", where=path, hint="run a search first"
        )
    text = {"models": pa.string()}
    try:
        table = pa_csv.read_csv(path, convert_options=pa_csv.ConvertOptions(column_types=text))
    except (pa.ArrowInvalid, OSError) as error:
        raise CorruptArtifactError(
            "The results file is not a table.", where=path, found=str(error).splitlines()[0]
        ) from error
    if "models" not in table.column_names or not table.num_rows:
        raise CorruptArtifactError(
            "The results file names no combos.",
            where=path,
            expected="a column 'models' and at least one row",
            found=", ".join(table.column_names) or "no column",
        )
    combos = []
    for number, label in enumerate(table["models"].to_pylist(), start=2):
        names = tuple(part.strip() for part in (label or "").split(","))
        if not all(names) or len(set(names)) != len(names):
            raise CorruptArtifactError(
                "A row of the results file names no combo.", where=f"{path}:{number}", found=label
            )
        combos.append(names)
    numbers = {
        name: table[name].to_pylist()
        for name in table.column_names
        if pa.types.is_floating(table[name].type) or pa.types.is_integer(table[name].type)
    }
    figures = tuple(
        {
            name: None if value is None else float(value)
            for name, value in zip(numbers, row, strict=True)
        }
        for row in zip(*numbers.values(), strict=True)
    )
    return ResultsTable(tuple(combos), figures or tuple({} for _ in combos))


def read_meta(results: Path) -> ResultsMeta | None:
    """Return what stands beside a results file.

    Parameters
    ----------
    results : Path
        The results file.

    Returns
    -------
    ResultsMeta or None
        None if nothing does, as in the earlier system.

    Raises
    ------
    CorruptArtifactError
        If it is not what it should be.
    """
    path = meta_path(results)
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return ResultsMeta(**{**document, "description": tuple(document["description"])})
    except FileNotFoundError:
        return None
    except (KeyError, TypeError, ValueError) as error:
        raise CorruptArtifactError(
            "The description of the results cannot be read.",
            where=path,
            found=error,
            hint="run the search again",
        ) from error

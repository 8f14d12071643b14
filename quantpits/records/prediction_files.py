"""Prediction CSVs: `output/predictions/{label}_{anchor}.csv`.

Invariants: one row for each date and instrument, sorted by date, then instrument; every score is a
finite number, written so that it reads back as the same float64; equal scores give equal bytes. A
file is found by its exact name, never by a prefix, since ``gru`` is also a prefix of
``gru_Alpha360``.

Readers also take what the earlier system wrote: the column ``0`` instead of ``score``, and the two
index columns in either order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quantpits.errors import CorruptArtifactError, MissingArtifactError, UsageError, name_list
from quantpits.records.prediction_meta import PredictionMeta, meta_content, meta_path
from quantpits.records.scores import checked_scores
from quantpits.workspace.atomic import sha256_bytes, write_bytes, write_json

if TYPE_CHECKING:
    from pathlib import Path

    from quantpits.workspace import Workspace

__all__ = [
    "PredictionName",
    "WrittenPrediction",
    "find_prediction",
    "list_predictions",
    "parse_prediction_name",
    "prediction_path",
    "read_prediction_csv",
    "store_prediction",
]

_HEADER = "datetime,instrument,score\n"
_FIRST_ROW = 2  # line of the file that holds the first row of data
_NAME = re.compile(r"(?P<label>.+)_(?P<anchor>\d{4}-\d{2}-\d{2})\.csv")
_LABEL = re.compile(r"[^\s/\\.][^/\\\n]*")


@dataclass(frozen=True, slots=True, order=True)
class PredictionName:
    """What the name of a prediction CSV says.

    Attributes
    ----------
    label : str
        A model, ``ensemble``, or ``ensemble_{combo}``.
    anchor_date : date
        Last session the scores may know of.
    """

    label: str
    anchor_date: date


@dataclass(frozen=True, slots=True)
class WrittenPrediction:
    """What storing a prediction did.

    Attributes
    ----------
    path : Path
        The CSV.
    meta_path : Path or None
        Its provenance, if it has one.
    csv_sha256 : str
        Hash of the CSV.
    changed : bool
        Whether any byte on disk is new.
    """

    path: Path
    meta_path: Path | None
    csv_sha256: str
    changed: bool


def parse_prediction_name(name: str) -> PredictionName | None:
    """Return what the file name `name` says, or None if it is not that of a prediction.

    Examples
    --------
    >>> parse_prediction_name("ensemble_A_B_2026-02-06.csv")
    PredictionName(label='ensemble_A_B', anchor_date=datetime.date(2026, 2, 6))
    >>> parse_prediction_name("notes.csv") is None
    True
    """
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    try:
        anchor = date.fromisoformat(match["anchor"])
    except ValueError:
        return None
    return PredictionName(match["label"], anchor)


def prediction_path(workspace: Workspace, label: str, anchor: date) -> Path:
    """Return where the prediction `label` anchored at `anchor` lies, whether it exists or not.

    Raises
    ------
    UsageError
        If `label` cannot be part of a file name.
    """
    if _LABEL.fullmatch(label) is None:
        raise UsageError(
            "The name cannot be part of a file name.",
            expected="no slash, no line break, not starting with a dot or a space",
            found=repr(label),
        )
    return workspace.predictions_dir / f"{label}_{anchor.isoformat()}.csv"


def list_predictions(workspace: Workspace) -> tuple[PredictionName, ...]:
    """Return the predictions of the workspace, sorted by label, then anchor."""
    names = (parse_prediction_name(path.name) for path in workspace.predictions_dir.glob("*.csv"))
    return tuple(sorted(name for name in names if name is not None))


def find_prediction(workspace: Workspace, label: str, anchor: date) -> Path:
    """Return the prediction of exactly this label and anchor.

    Parameters
    ----------
    workspace : Workspace
        Where to look.
    label : str
        A model, ``ensemble``, or ``ensemble_{combo}``.
    anchor : date
        Anchor date in the file name.

    Returns
    -------
    Path
        The existing CSV.

    Raises
    ------
    MissingArtifactError
        If it does not exist; the message names the anchors and labels that do.
    """
    path = prediction_path(workspace, label, anchor)
    if path.is_file():
        return path
    known = list_predictions(workspace)
    anchors = [str(name.anchor_date) for name in known if name.label == label]
    labels = [name.label for name in known if name.anchor_date == anchor]
    raise MissingArtifactError(
        f"There is no prediction {label!r} for the anchor {anchor}.",
        where=path,
        found=f"other anchors of {label!r}: {name_list(anchors[::-1])}; "
        f"other predictions for {anchor}: {name_list(labels)}",
        hint="make it first: quantpits predict for a model, quantpits fuse for a combo",
    )


def store_prediction(
    workspace: Workspace,
    label: str,
    *,
    anchor: date,
    scores: pd.Series,
    meta: PredictionMeta | None = None,
) -> WrittenPrediction:
    """Write a prediction and, if given, its provenance.

    Parameters
    ----------
    workspace : Workspace
        Where to write.
    label : str
        What the file name carries before the anchor.
    anchor : date
        Anchor date in the file name.
    scores : pandas.Series, float64 [n_rows]
        Scores by (datetime, instrument), the two levels in either order.
    meta : PredictionMeta, optional
        Provenance; `csv_sha256`, `first_date` and `last_date` are filled in. Without it, provenance
        that an earlier run left beside the file is removed when the file changes.

    Returns
    -------
    WrittenPrediction
        What lies where, and whether anything is new.

    Raises
    ------
    UsageError
        If `label` cannot be part of a file name.
    NonFiniteError
        If a score is NaN or infinite.
    DataError
        If there is no score, or an instrument is scored twice on a date.
    """
    path = prediction_path(workspace, label, anchor)
    table = checked_scores(scores, source=f"prediction {label!r}")
    content = _csv_bytes(table)
    digest = sha256_bytes(content)
    beside = meta_path(path)
    # The CSV goes first: between the two writes the old provenance does not match it, so nobody
    # trades on it.
    changed = write_bytes(path, content)
    if meta is None:
        if changed:
            beside.unlink(missing_ok=True)
        return WrittenPrediction(path, None, digest, changed)
    dates = table.index.get_level_values(0)
    filled = replace(
        meta, csv_sha256=digest, first_date=dates[0].date(), last_date=dates[-1].date()
    )
    changed |= write_json(beside, meta_content(filled))
    return WrittenPrediction(path, beside, digest, changed)


def read_prediction_csv(path: Path) -> pd.Series:
    """Return the scores of a prediction CSV.

    Parameters
    ----------
    path : Path
        Written by this system, the earlier one, or a person: columns ``datetime``, ``instrument``
        and one of ``score``, ``0`` or the first other column that is numeric.

    Returns
    -------
    pandas.Series, float64 [n_rows]
        Named ``score``, by (datetime, instrument), sorted by both.

    Raises
    ------
    MissingArtifactError
        If there is no such file.
    CorruptArtifactError
        If a column is missing, or a row is empty, not a date, not a finite number or there twice;
        the message names the row.
    """
    try:
        table = pd.read_csv(
            path,
            dtype={"datetime": str, "instrument": str},
            keep_default_na=False,
            na_values={"score": [""], "0": [""]},
            float_precision="round_trip",
            encoding="utf-8-sig",
        )
    except FileNotFoundError as error:
        raise MissingArtifactError(
            "There is no such prediction.", where=path, hint="check the path"
        ) from error
    except ValueError as error:  # includes pandas' parser errors and bad encodings
        raise CorruptArtifactError(
            "The prediction is not a CSV.", where=path, found=str(error).strip()
        ) from error
    missing = [name for name in ("datetime", "instrument") if name not in table.columns]
    if missing:
        raise CorruptArtifactError(
            f"The prediction has no column {missing[0]!r}.",
            where=f"{path}:1",
            expected="datetime,instrument,score",
            found=",".join(str(name) for name in table.columns),
        )
    if table.empty:
        raise CorruptArtifactError("The prediction has no rows.", where=path)
    score_column = _score_column(path, table)
    # A row that is cut short has NaN where text belongs.
    days = _parsed_dates(path, table["datetime"].fillna(""))
    instruments = _parsed_instruments(path, table["instrument"].fillna(""))
    scores = pd.Series(
        table[score_column].to_numpy(np.float64),
        index=pd.MultiIndex.from_arrays([days, instruments], names=["datetime", "instrument"]),
        name="score",
    )
    _refuse_rows(path, ~np.isfinite(scores.to_numpy()), "a finite score", table[score_column])
    repeated = scores.index.duplicated()
    _refuse_rows(path, repeated, "each instrument once a date", table["instrument"])
    return scores if scores.index.is_monotonic_increasing else scores.sort_index()


def _csv_bytes(scores: pd.Series) -> bytes:
    """Return the file; text is built directly, since that is several times faster than pandas."""
    codes, days = pd.factorize(scores.index.get_level_values(0))
    texts = [f"{day:%Y-%m-%d}" for day in days]
    instruments = scores.index.get_level_values(1).tolist()
    values = scores.to_numpy().tolist()
    rows = (
        f"{texts[code]},{instrument},{value!r}\n"
        for code, instrument, value in zip(codes.tolist(), instruments, values, strict=True)
    )
    return (_HEADER + "".join(rows)).encode("utf-8")


def _score_column(path: Path, table: pd.DataFrame) -> str:
    """Return which column holds the scores."""
    others = [name for name in table.columns if name not in {"datetime", "instrument"}]
    numeric = [name for name in others if pd.api.types.is_numeric_dtype(table[name].dtype)]
    named = [name for name in ("score", "0") if name in others]
    column = (named or numeric or [None])[0]
    if column is None:
        raise CorruptArtifactError(
            "The prediction has no column of scores.",
            where=f"{path}:1",
            expected="a column 'score', '0', or any numeric one",
            found=",".join(str(name) for name in table.columns),
        )
    if column not in numeric or pd.api.types.is_bool_dtype(table[column].dtype):
        is_text = pd.to_numeric(table[column], errors="coerce").isna().to_numpy(bool)
        _refuse_rows(path, is_text | (not is_text.any()), "a finite score", table[column])
    return column


def _parsed_dates(path: Path, column: pd.Series) -> pd.DatetimeIndex:
    """Return the dates; each distinct text is parsed once, since many rows share a date."""
    codes, texts = pd.factorize(column)
    days = pd.to_datetime(pd.Series(texts), format="ISO8601", errors="coerce").to_numpy()
    is_bad = np.isnat(days) | (days != days.astype("datetime64[D]"))
    _refuse_rows(path, is_bad[codes], "an ISO date", column)
    return pd.DatetimeIndex(days[codes])


def _parsed_instruments(path: Path, column: pd.Series) -> pd.Series:
    is_empty = (column == "").to_numpy(bool)
    _refuse_rows(path, is_empty, "an instrument such as SH600000", column)
    return column


def _refuse_rows(path: Path, is_bad: np.ndarray, expected: str, column: pd.Series) -> None:
    """Raise about the first row of the file that `is_bad`, if any."""
    if not is_bad.any():
        return
    first = int(np.argmax(is_bad))
    count = int(is_bad.sum())
    raise CorruptArtifactError(
        f"The prediction has {count} unusable {'row' if count == 1 else 'rows'}.",
        where=f"{path}:{first + _FIRST_ROW}",
        expected=expected,
        found=repr(column.iloc[first]) + (f" and {count - 1} more" if count > 1 else ""),
        hint="make the prediction again, or mend the row",
    )

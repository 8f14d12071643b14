"""Where a prediction comes from: the `.meta.json` beside a tradable CSV.

Invariant: the file names the sha256 of the CSV it stands beside, so a CSV that was edited, or
replaced by another run that crashed before it wrote its provenance, is never traded on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date  # noqa: TC003 - pydantic reads the annotations
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from quantpits.errors import CorruptArtifactError, MissingArtifactError
from quantpits.workspace.atomic import sha256_file

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["PredictionMeta", "meta_path", "read_prediction_meta"]

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionMeta:
    """Provenance of one prediction CSV.

    Attributes
    ----------
    label : str
        What the file name carries before the anchor: a model, ``ensemble`` or ``ensemble_{combo}``.
    kind : {"ensemble", "model", "custom"}
        What made the scores.
    anchor_date : date
        Last session the scores may know of; the file name carries it too.
    first_date, last_date : date or None
        First and last date scored; filled in by the writer.
    models : tuple of str
        The models that went in, in order.
    weights : dict of str to float
        Static weight of each model [fraction]; empty for weights that change by day.
    method : str or None
        Weighting method.
    missing_models : dict of str to str
        Models of the combo that did not go in although they belong to it, and why.
    combo : str or None
        Name of the combo, if the scores come from one.
    is_default : bool
        Whether the combo is the one that orders follow.
    inputs : dict of str to str
        sha256 of each input.
    csv_sha256 : str
        sha256 of the CSV; filled in by the writer.
    market_label : str
        Name of the market data, which says so if it is synthetic.
    trained_at : dict of str to date or None
        Anchor date of each model's fit, None where unknown.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", allow_inf_nan=False)

    label: str
    kind: Literal["ensemble", "model", "custom"]
    anchor_date: date
    first_date: date | None = None
    last_date: date | None = None
    models: tuple[str, ...] = ()
    weights: dict[str, float] = field(default_factory=dict)
    method: str | None = None
    missing_models: dict[str, str] = field(default_factory=dict)
    combo: str | None = None
    is_default: bool = False
    inputs: dict[str, str] = field(default_factory=dict)
    csv_sha256: str = ""
    market_label: str = ""
    trained_at: dict[str, date | None] = field(default_factory=dict)


@cache
def _adapter() -> TypeAdapter[PredictionMeta]:
    return TypeAdapter(PredictionMeta)


def meta_path(csv_path: Path) -> Path:
    """Return where the provenance of `csv_path` lies: ``{stem}.meta.json`` beside it."""
    return csv_path.with_suffix(".meta.json")


def meta_content(meta: PredictionMeta) -> dict[str, Any]:
    """Return what the file holds, ready for JSON."""
    content: dict[str, Any] = _adapter().dump_python(meta, mode="json")
    return {"schema_version": SCHEMA_VERSION, **content}


def read_prediction_meta(csv_path: Path) -> PredictionMeta:
    """Return the provenance of a prediction CSV, checked against the CSV itself.

    Parameters
    ----------
    csv_path : Path
        The CSV, not the `.meta.json`.

    Returns
    -------
    PredictionMeta
        As written.

    Raises
    ------
    MissingArtifactError
        If there is no provenance, or no CSV.
    CorruptArtifactError
        If the provenance is not what its schema says, or the CSV is not the one it describes.
    """
    path = meta_path(csv_path)
    if not csv_path.is_file() or not path.is_file():
        missing = csv_path if not csv_path.is_file() else path
        raise MissingArtifactError(
            "The prediction or its provenance is missing.",
            where=missing,
            hint="make the prediction again with the command it belongs to (predict or fuse)",
        )
    meta = _parsed(path)
    found = sha256_file(csv_path)
    if found != meta.csv_sha256:
        raise CorruptArtifactError(
            "The prediction is not the one its provenance describes: "
            "it was edited, or a run was cut short.",
            where=csv_path,
            expected=f"sha256 {meta.csv_sha256}",
            found=f"sha256 {found}",
            hint="make the prediction again with the command it belongs to (predict or fuse)",
        )
    return meta


def _parsed(path: Path) -> PredictionMeta:
    try:
        content = TypeAdapter(dict[str, Any]).validate_json(path.read_bytes())
        version = content.pop("schema_version", None)
        if version == SCHEMA_VERSION:
            return _adapter().validate_python(content)
        problem, key = f"schema_version {version!r}, known is {SCHEMA_VERSION}", "schema_version"
        cause = None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        problem, key = first["msg"], ".".join(str(part) for part in first["loc"])
        cause = error
    raise CorruptArtifactError(
        "The provenance of the prediction is not what its schema says.",
        where=f"{path}: {key or 'whole file'}",
        found=problem,
        hint="make the prediction again with the command it belongs to (predict or fuse)",
    ) from cause

"""What a fusion writes: predictions, their correlation, and how they were made.

Names carry the label and the anchor. What orders follow has no label of its own: the plain
``ensemble_{anchor}.csv``, its plain configuration and correlation matrix always belong together,
and the plain CSV is written last. Files hold no clock: equal input gives equal bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date  # noqa: TC003 - pydantic reads the annotations
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import ConfigDict, TypeAdapter, ValidationError

from quantpits.errors import CorruptArtifactError, MissingArtifactError
from quantpits.fusion.plan import TRADABLE_LABEL
from quantpits.records import PredictionMeta, prediction_path, store_prediction
from quantpits.signals import panel_to_series
from quantpits.workspace.atomic import sha256_file, write_csv, write_json
from quantpits.workspace.manifest import write_manifest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from quantpits.fusion.compute import Fusion
    from quantpits.workspace import Workspace

__all__ = [
    "FusionConfig",
    "Provenance",
    "WrittenFusion",
    "fusion_config",
    "read_fusion_config",
    "write_fusion",
    "write_fusion_manifest",
]

_SHOWN_DIGITS = 4
_CORRELATION_DIGITS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionConfig:
    """The content of ``ensemble_fusion_config{suffix}_{anchor}.json``.

    Attributes
    ----------
    schema_version : int
        1.
    anchor_date : date
        Last session the scores know of.
    experiment_name : str
        Experiment of the latest training or prediction.
    weight_mode : str
        How the models were weighted.
    models_used : tuple of str
        The models that went in.
    model_metrics : dict of str to float or None
        ICIR of each, rounded to 4 digits; None where undefined.
    combo_name : str or None
        Name in the configuration; None for models named by the user.
    is_default : bool
        Whether it is the default combo.
    static_weights : dict of str to float or None
        Weights rounded to 4 digits, for people; `weights` has them exactly. None, and not in the
        file, for weights that change by day.
    label : str
        What the prediction is called.
    weights : dict of str to float
        Fractions that sum to 1; for weights that change by day, those of the last date.
    frequency : str or None
        How often the portfolios are traded that ``dynamic`` follows; None for other methods.
    conventions : tuple of str
        Strategy, costs and what the figures of the leaderboard mean; empty without a backtest.
    missing_models : dict of str to str
        Models of the combo that did not go in, and why.
    min_model_ic : float
        Threshold of ``icir_weighted``.
    first_date, last_date : date
        First and last date scored.
    n_rows : int
        Scores.
    window : {"full", "cut", "oos"}
        Whether dates were left out on purpose.
    market_label : str
        Name of the market data.

    Notes
    -----
    The earlier system's ``generated_at`` is left out: it made equal results differ.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", allow_inf_nan=False)

    schema_version: Literal[1] = 1
    anchor_date: date
    experiment_name: str
    weight_mode: str
    models_used: tuple[str, ...]
    model_metrics: dict[str, float | None]
    combo_name: str | None
    is_default: bool
    static_weights: dict[str, float] | None = None
    label: str
    weights: dict[str, float]
    frequency: str | None = None
    conventions: tuple[str, ...] = ()
    missing_models: dict[str, str]
    min_model_ic: float
    first_date: date
    last_date: date
    n_rows: int
    window: Literal["full", "cut", "oos"]
    market_label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What a result says about where it comes from.

    Attributes
    ----------
    anchor : date
        Last session the scores know of.
    experiment_name : str
        Experiment of the latest training or prediction.
    market_label : str
        Name of the market data.
    window : {"full", "cut", "oos"}
        Whether dates were left out on purpose.
    frequency : str or None
        How often portfolios are traded; None where nothing was.
    conventions : tuple of str
        Of the backtest, in lines that hold for any combo; empty without one.
    icir : mapping of str to float or None
        Of each model.
    inputs : mapping of str to str
        sha256 of each model's prediction.
    run_ids : mapping of str to str
        MLflow run of each model.
    trained_at : mapping of str to date or None
        Anchor of each model's fit.
    """

    anchor: date
    experiment_name: str
    market_label: str
    window: Literal["full", "cut", "oos"]
    frequency: str | None
    conventions: tuple[str, ...]
    icir: Mapping[str, float | None]
    inputs: Mapping[str, str]
    run_ids: Mapping[str, str]
    trained_at: Mapping[str, date | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenFusion:
    """What lies on disk for one combo.

    Attributes
    ----------
    outputs : tuple of Path
        Every file.
    csv_sha256 : str
        Hash of the prediction.
    changed : bool
        Whether any byte is new.
    csv_changed : bool
        Whether any byte of a prediction is new.
    """

    outputs: tuple[Path, ...]
    csv_sha256: str
    changed: bool
    csv_changed: bool


def fusion_config(fusion: Fusion, provenance: Provenance) -> FusionConfig:
    """Return how a combo was fused, for its configuration file."""
    plan, dates = fusion.plan, fusion.panel.dates
    icir = {model: provenance.icir.get(model) for model in fusion.models}
    return FusionConfig(
        anchor_date=provenance.anchor,
        experiment_name=provenance.experiment_name,
        weight_mode=plan.method,
        models_used=fusion.models,
        model_metrics={
            model: None if value is None else round(value, _SHOWN_DIGITS)
            for model, value in icir.items()
        },
        combo_name=plan.combo,
        is_default=plan.is_default,
        static_weights={
            model: round(weight, _SHOWN_DIGITS) for model, weight in fusion.static_weights.items()
        }
        or None,
        label=plan.label,
        weights=fusion.weights,
        frequency=None if fusion.daily_weights is None else provenance.frequency,
        conventions=provenance.conventions,
        missing_models=fusion.missing,
        min_model_ic=plan.min_model_ic,
        first_date=dates[0].item(),
        last_date=dates[-1].item(),
        n_rows=int(fusion.panel.is_scored.sum()),
        window=provenance.window,
        market_label=provenance.market_label,
    )


def read_fusion_config(path: Path) -> FusionConfig:
    """Read the configuration of a fusion back.

    Parameters
    ----------
    path : Path
        An ``ensemble_fusion_config*.json`` of this system.

    Returns
    -------
    FusionConfig
        As written.

    Raises
    ------
    MissingArtifactError
        If there is no such file.
    CorruptArtifactError
        If it is not what its schema says.
    """
    try:
        return _adapter().validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise MissingArtifactError(
            "There is no such fusion configuration.", where=path, hint="fuse first"
        ) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise CorruptArtifactError(
            "The fusion configuration is not what its schema says.",
            where=f"{path}: {'.'.join(str(part) for part in first['loc']) or 'whole file'}",
            found=first["msg"],
            hint="fuse again",
        ) from error


def write_fusion(
    workspace: Workspace, fusion: Fusion, *, provenance: Provenance, output_dir: Path
) -> WrittenFusion:
    """Write everything one fused combo leaves behind.

    Parameters
    ----------
    workspace : Workspace
        Where to write.
    fusion : Fusion
        The combo.
    provenance : Provenance
        Where it comes from.
    output_dir : Path
        Folder of the configuration and correlation files.

    Returns
    -------
    WrittenFusion
        What lies where.

    Raises
    ------
    ArtifactError
        If a file cannot be written; files written before it stay, and a second run completes them.

    Notes
    -----
    Order: the labelled files, then their plain copies; the CSV after the reports each time. A run
    that is killed in between can simply be repeated.
    """
    series = panel_to_series(fusion.panel)
    paths: list[Path] = []
    digests: set[str] = set()
    changed = csv_changed = False
    for label in fusion.plan.labels:
        before = _sha256_before(workspace, label, provenance.anchor)
        reports, is_new = _write_reports(fusion, provenance, label=label, output_dir=output_dir)
        stored = store_prediction(
            workspace,
            label,
            anchor=provenance.anchor,
            scores=series,
            meta=_meta(fusion, provenance, label),
        )
        paths += [*reports, stored.path, *([stored.meta_path] if stored.meta_path else [])]
        digests.add(stored.csv_sha256)
        csv_changed |= stored.csv_sha256 != before
        changed |= is_new or stored.changed
    (digest,) = digests
    return WrittenFusion(
        outputs=tuple(paths), csv_sha256=digest, changed=changed, csv_changed=csv_changed
    )


def write_fusion_manifest(
    workspace: Workspace, fusion: Fusion, *, provenance: Provenance, outputs: tuple[Path, ...]
) -> tuple[Path, bool]:
    """Write what a combo was made of and what it left behind, last of all.

    Parameters
    ----------
    workspace : Workspace
        Where to write.
    fusion : Fusion
        The combo.
    provenance : Provenance
        Where it comes from.
    outputs : tuple of Path
        All of its files.

    Returns
    -------
    path : Path
        The manifest.
    changed : bool
        Whether any byte of it is new.

    Raises
    ------
    ArtifactError
        If it cannot be written.
    """
    name = f"fusion_{fusion.plan.label}_{provenance.anchor}"
    path = workspace.manifests_dir / f"{name}.json"
    before = path.read_bytes() if path.is_file() else None
    write_manifest(
        workspace,
        name,
        inputs={model: provenance.inputs[model] for model in fusion.models},
        outputs=outputs,
        config=_content(fusion, provenance),
        extra={"run_ids": {model: provenance.run_ids[model] for model in fusion.models}},
    )
    return path, before != path.read_bytes()


def _sha256_before(workspace: Workspace, label: str, anchor: date) -> str | None:
    path = prediction_path(workspace, label, anchor)
    return sha256_file(path) if path.is_file() else None


@cache
def _adapter() -> TypeAdapter[FusionConfig]:
    return TypeAdapter(FusionConfig)


def _write_reports(
    fusion: Fusion, provenance: Provenance, *, label: str, output_dir: Path
) -> tuple[list[Path], bool]:
    end = f"{label.removeprefix(TRADABLE_LABEL)}_{provenance.anchor}"
    matrix = output_dir / f"correlation_matrix{end}.csv"
    rounded = np.round(fusion.correlation, _CORRELATION_DIGITS)
    rows = [
        [model, *(None if np.isnan(value) else value for value in row)]
        for model, row in zip(fusion.models, rounded.tolist(), strict=True)
    ]
    changed = write_csv(matrix, ["", *fusion.models], rows)
    config = output_dir / f"ensemble_fusion_config{end}.json"
    changed |= write_json(config, _content(fusion, provenance))
    return [matrix, config], changed


def _content(fusion: Fusion, provenance: Provenance) -> dict[str, Any]:
    config = fusion_config(fusion, provenance)
    content: dict[str, Any] = _adapter().dump_python(config, mode="json")
    absent = {"static_weights", "frequency"}
    return {key: value for key, value in content.items() if value is not None or key not in absent}


def _meta(fusion: Fusion, provenance: Provenance, label: str) -> PredictionMeta:
    return PredictionMeta(
        label=label,
        kind="ensemble",
        anchor_date=provenance.anchor,
        models=fusion.models,
        weights=fusion.static_weights,
        missing_models=fusion.missing,
        method=_method_in_words(fusion),
        combo=fusion.plan.combo,
        is_default=fusion.plan.is_default,
        inputs={model: provenance.inputs[model] for model in fusion.models},
        market_label=provenance.market_label,
        trained_at={model: provenance.trained_at[model] for model in fusion.models},
    )


def _method_in_words(fusion: Fusion) -> str:
    """Return the method; a combo that went on without a model says so wherever it is named."""
    if not fusion.missing:
        return fusion.plan.method
    return f"{fusion.plan.method}, without {', '.join(fusion.missing)}"

"""What a run leaves behind, whether it fitted a model or only applied one.

The run's folder holds ``pred.pkl`` (a frame with the column ``score``), ``label.pkl``, the daily
``sig_analysis/ic.pkl`` and ``ric.pkl``, ``monitoring.json`` and ``task.json``; a run that fitted
adds ``model.pkl``, ``dataset.pkl``, ``train.log``, ``training_curve.json`` and ``score_bins.json``.
Metrics are called ``IC``, ``ICIR``, ``Rank IC`` and ``Rank ICIR`` and read by exactly these names;
the ends of their bands are beside them in small letters.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from quantpits.modeling.artifacts import pickled
from quantpits.modeling.drift import ScoreBins, drift_by_day
from quantpits.modeling.evaluation import daily_ic
from quantpits.modeling.watch import BINS_FILE, WATCH_FILE, watched
from quantpits.records import ModelRecord
from quantpits.workspace import sha256_bytes, to_jsonable, write_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import pandas as pd

    from quantpits.modeling.run_recorder import RunRecorder
    from quantpits.workspace import Workspace

__all__ = ["METRICS", "RunFacts", "hash_tag", "record_outcome"]

METRICS = {"ic": "IC", "icir": "ICIR", "rank_ic": "Rank IC", "rank_icir": "Rank ICIR"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What is known about a run before it starts.

    Attributes
    ----------
    model : str
        Name in the registry.
    experiment : str
        MLflow experiment.
    anchor_date : date
        Last session the predictions may know of.
    trained_at : date
        Anchor of the run that fitted the model.
    data_hash : str
        Fingerprint of the market snapshot.
    fingerprint : str
        Hash of everything that decides the result.
    seed : int or None
        Seed of the fit.
    market_label : str
        Name of the market data, which says so if it is synthetic.
    source : ModelRecord or None
        The record whose model was applied; None for a run that fits.
    """

    model: str
    experiment: str
    anchor_date: date
    trained_at: date
    data_hash: str
    fingerprint: str
    seed: int | None
    market_label: str
    source: ModelRecord | None = None

    @property
    def mode(self) -> Literal["train", "predict_only"]:
        """Whether the run fits or only applies."""
        return "train" if self.source is None else "predict_only"

    @property
    def source_run_id(self) -> str | None:
        """The run that fitted the model that is applied."""
        return None if self.source is None else self.source.source_run_id or self.source.run_id


def hash_tag(name: str) -> str:
    """Return the tag under which a run records the sha256 of one of its files."""
    return f"sha256/{name}"


def record_outcome(
    workspace: Workspace,
    recorder: RunRecorder,
    *,
    facts: RunFacts,
    scores: pd.Series,
    labels: pd.Series,
    files: Mapping[str, object],
) -> ModelRecord:
    """Write a run's files, metrics and tags, and return its record.

    Parameters
    ----------
    workspace : Workspace
        Where the run's folder lies.
    recorder : RunRecorder
        The active run.
    facts : RunFacts
        What the run is.
    scores : Series, float64 [n_rows]
        Scores by datetime and instrument.
    labels : Series, float64 [n_rows]
        Raw labels [fraction] on the same index; NaN where not yet known.
    files : mapping of str to object
        More files by name: bytes as they are, anything for ``.json`` as JSON. With ``ScoreBins``
        under `BINS_FILE` the drift from them is told.

    Returns
    -------
    ModelRecord
        With paths relative to the workspace and the hashes of what was written.
    """
    outcome = daily_ic(scores, labels)
    bins = files.get(BINS_FILE)
    drift = drift_by_day(scores, bins) if isinstance(bins, ScoreBins) else None
    plain = {**files, WATCH_FILE: watched(outcome, drift)}
    contents = {
        "pred.pkl": pickled(scores.to_frame("score")),
        "label.pkl": pickled(labels.to_frame("label")),
        "sig_analysis/ic.pkl": pickled(outcome.ic),
        "sig_analysis/ric.pkl": pickled(outcome.rank_ic),
        **{name: _content(value) for name, value in plain.items()},
    }
    for name, content in contents.items():
        write_bytes(recorder.folder / name, content)
    hashes = {name: sha256_bytes(content) for name, content in contents.items()}
    metrics = {key: getattr(outcome.summary, key) for key in METRICS}
    bands = {key: getattr(outcome.bands, key) for key in METRICS}
    psi = None if drift is None else float(drift.iloc[-1])
    usual = bins.usual if isinstance(bins, ScoreBins) else None
    recorder.log_metrics(step=None, **_logged(metrics, bands, psi))
    recorder.set_tags(**_tags(facts), **{hash_tag(name): text for name, text in hashes.items()})

    folder = workspace.relative(recorder.folder)
    source = facts.source
    return ModelRecord(
        experiment=facts.experiment,
        run_id=str(recorder.id),
        anchor_date=facts.anchor_date,
        trained_at=facts.trained_at,
        data_hash=facts.data_hash,
        fingerprint=facts.fingerprint,
        mode=facts.mode,
        source_run_id=facts.source_run_id,
        prediction_sha256=hashes["pred.pkl"],
        prediction_path=f"{folder}/pred.pkl",
        label_path=f"{folder}/label.pkl",
        model_sha256=hashes.get("model.pkl") if source is None else source.model_sha256,
        model_path=f"{folder}/model.pkl" if source is None else source.model_path,
        seed=facts.seed,
        market_label=facts.market_label,
        **metrics,
        **{f"{key}_band": band for key, band in bands.items()},
        n_ic_days=outcome.summary.n_days,
        psi=psi,
        psi_usual=usual,
    )


def _content(value: object) -> bytes:
    """Return a file's content: bytes as they are, anything else as JSON."""
    if isinstance(value, bytes):
        return value
    text = json.dumps(to_jsonable(value), indent=1, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()


def _logged(
    metrics: Mapping[str, float | None],
    bands: Mapping[str, tuple[float, float] | None],
    psi: float | None,
) -> dict[str, float]:
    """Return what MLflow shows of a run; what is undefined is left out.

    Bands are in small letters: tools of the earlier system take whatever name contains ``ICIR``.
    """
    logged = {METRICS[key]: value for key, value in metrics.items() if value is not None}
    for key, band in bands.items():
        if band is not None:
            name = METRICS[key].lower()
            logged |= {f"{name} low": band[0], f"{name} high": band[1]}
    return logged if psi is None else {**logged, "PSI": psi}


def _tags(facts: RunFacts) -> dict[str, str]:
    tags = {
        "model": facts.model,
        "anchor_date": facts.anchor_date.isoformat(),
        "mode": facts.mode,
        "fingerprint": facts.fingerprint,
        "data_hash": facts.data_hash,
        "market": facts.market_label,
    }
    if facts.source is not None:
        tags["source_experiment"] = facts.source.experiment
        tags["source_record_id"] = str(facts.source_run_id)
    return tags

"""How one model fared in a run, as reports show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from quantpits.errors import Finding
from quantpits.signals.stability import drift_level

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quantpits.modeling.spread import Spread
    from quantpits.records import ModelRecord

__all__ = ["ModelResult", "banded_text", "drift_findings", "model_result", "result_lines"]

_LEVELS = {"shifted": "have shifted", "moving": "are moving"}

Status = Literal["done", "reused", "planned", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelResult:
    """One model of a training or prediction.

    Attributes
    ----------
    model : str
        Name in the registry.
    status : {"done", "reused", "planned", "failed"}
        ``"reused"``: an earlier run had the same fingerprint. ``"planned"``: a dry run would do it.
    run_id : str or None
        The MLflow run.
    ic, icir, rank_ic, rank_icir : float or None
        On the test window; None where undefined.
    seconds : float
        Wall time, features and further seeds included [seconds].
    message : str
        Why it failed.
    peak_mib : int or None
        Largest resident size of the process while it was worked on [MiB].
    ic_seeds, rank_ic_seeds : Spread or None
        Over the seeds it was trained with; None if with one only.
    ic_band, icir_band, rank_ic_band, rank_icir_band : tuple of float, or None
        Between which values each plausibly lies, as far as the test window tells.
    psi, psi_usual : float or None
        How far the latest scores are from those of the training window, and what is usual.
    """

    model: str
    status: Status
    run_id: str | None = None
    ic: float | None = None
    icir: float | None = None
    rank_ic: float | None = None
    rank_icir: float | None = None
    seconds: float = 0.0
    message: str = ""
    peak_mib: int | None = None
    ic_seeds: Spread | None = None
    rank_ic_seeds: Spread | None = None
    ic_band: tuple[float, float] | None = None
    icir_band: tuple[float, float] | None = None
    rank_ic_band: tuple[float, float] | None = None
    rank_icir_band: tuple[float, float] | None = None
    psi: float | None = None
    psi_usual: float | None = None


def model_result(
    model: str, status: Status, *, record: ModelRecord | None = None, seconds: float = 0.0
) -> ModelResult:
    """Return the result of a model that has a record, or will have one.

    Parameters
    ----------
    model : str
        Name in the registry.
    status : {"done", "reused", "planned"}
        What happened.
    record : ModelRecord, optional
        The run's record.
    seconds : float
        Wall time [seconds].

    Returns
    -------
    ModelResult
        With the record's metrics.
    """
    if record is None:
        return ModelResult(model=model, status=status, seconds=seconds)
    return ModelResult(
        model=model,
        status=status,
        run_id=record.run_id,
        ic=record.ic,
        icir=record.icir,
        rank_ic=record.rank_ic,
        rank_icir=record.rank_icir,
        ic_band=record.ic_band,
        icir_band=record.icir_band,
        rank_ic_band=record.rank_ic_band,
        rank_icir_band=record.rank_icir_band,
        psi=record.psi,
        psi_usual=record.psi_usual,
        seconds=round(seconds, 3),
    )


def result_lines(results: Iterable[ModelResult]) -> list[str]:
    """Return one line per model for a person.

    Examples
    --------
    >>> result_lines([ModelResult(model="gru", status="done", ic=0.05, icir=0.5, seconds=2.0)])
    ['gru: done in 2.0 s, IC 0.0500, ICIR 0.500, Rank IC undefined, Rank ICIR undefined']
    >>> known = ModelResult(model="gru", status="reused", ic=0.05, ic_band=(0.03, 0.07), psi=0.04)
    >>> result_lines([known])[0][:45]
    'gru: reused, IC 0.0500 (0.0300 to 0.0700), IC'
    """
    lines = []
    for each in results:
        if each.status == "failed":
            lines.append(f"{each.model}: FAILED: {each.message}")
            continue
        metrics = (
            ("IC", each.ic, each.ic_band, 4),
            ("ICIR", each.icir, each.icir_band, 3),
            ("Rank IC", each.rank_ic, each.rank_ic_band, 4),
            ("Rank ICIR", each.rank_icir, each.rank_icir_band, 3),
        )
        parts = [
            f"{name} {banded_text(value, band, digits=digits)}"
            for name, value, band, digits in metrics
        ]
        if each.psi is not None:
            parts.append(f"PSI {each.psi:.2f}")
        shown = [] if each.status == "planned" else parts
        lines.append(f"{each.model}: {', '.join([_status(each), *shown])}")
        spreads = (("IC", each.ic_seeds), ("Rank IC", each.rank_ic_seeds))
        lines += [
            f"  {name} over {spread.n} seeds {spread.text()}"
            for name, spread in spreads
            if spread is not None
        ]
    return lines


def banded_text(value: float | None, band: tuple[float, float] | None, *, digits: int) -> str:
    """Return a metric with its band, for a person.

    Parameters
    ----------
    value : float or None
        None if undefined.
    band : tuple of float, or None
        Low and high end.
    digits : int
        After the point.

    Returns
    -------
    str
        Both, as far as they are known.

    Examples
    --------
    >>> banded_text(0.0718, (0.05, 0.09), digits=4), banded_text(None, None, digits=4)
    ('0.0718 (0.0500 to 0.0900)', 'undefined')
    """
    if value is None:
        return "undefined"
    ends = "" if band is None else f" ({band[0]:.{digits}f} to {band[1]:.{digits}f})"
    return f"{value:.{digits}f}{ends}"


def drift_findings(results: Iterable[ModelResult], *, source: str) -> list[Finding]:
    """Return what a person should know of models whose scores are not what they were.

    Parameters
    ----------
    results : iterable of ModelResult
        The models.
    source : str
        The step that tells.

    Returns
    -------
    list of Finding
        ``MON001``, a warning, where the scores have shifted; ``MON002`` where they are moving; none
        where that is usual for the model.
    """
    findings = []
    for each in results:
        level = drift_level(each.psi, each.psi_usual)
        if not level:
            continue
        usual = "" if each.psi_usual is None else f", usual is up to {each.psi_usual:.2f}"
        message = (
            f"the scores of {each.model} {_LEVELS[level]} away from those of its training window"
            f" (PSI {each.psi:.2f}{usual})"
        )
        if level == "shifted":
            message += "; quantpits monitor shows since when, training it again takes them back"
            findings.append(Finding("MON001", "warning", message, source, each.model))
        else:
            findings.append(Finding("MON002", "info", message, source, each.model))
    return findings


def _status(result: ModelResult) -> str:
    if result.status != "done":
        return result.status
    memory = "" if result.peak_mib is None else f" with {result.peak_mib} MiB"
    return f"done in {result.seconds:.1f} s{memory}"

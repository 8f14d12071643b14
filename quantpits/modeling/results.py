"""How one model fared in a run, as reports show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quantpits.modeling.spread import Spread
    from quantpits.records import ModelRecord

__all__ = ["ModelResult", "model_result", "result_lines"]

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
        seconds=round(seconds, 3),
    )


def result_lines(results: Iterable[ModelResult]) -> list[str]:
    """Return one line per model for a person.

    Examples
    --------
    >>> result_lines([ModelResult(model="gru", status="done", ic=0.05, icir=0.5, seconds=2.0)])
    ['gru: done in 2.0 s, IC 0.0500, ICIR 0.500, Rank IC undefined, Rank ICIR undefined']
    """
    lines = []
    for each in results:
        if each.status == "failed":
            lines.append(f"{each.model}: FAILED: {each.message}")
            continue
        metrics = (
            ("IC", each.ic, 4),
            ("ICIR", each.icir, 3),
            ("Rank IC", each.rank_ic, 4),
            ("Rank ICIR", each.rank_icir, 3),
        )
        parts = [
            f"{name} {'undefined' if value is None else format(value, f'.{digits}f')}"
            for name, value, digits in metrics
        ]
        shown = [] if each.status == "planned" else parts
        lines.append(f"{each.model}: {', '.join([_status(each), *shown])}")
        spreads = (("IC", each.ic_seeds), ("Rank IC", each.rank_ic_seeds))
        lines += [
            f"  {name} over {spread.n} seeds {spread.text()}"
            for name, spread in spreads
            if spread is not None
        ]
    return lines


def _status(result: ModelResult) -> str:
    if result.status != "done":
        return result.status
    memory = "" if result.peak_mib is None else f" with {result.peak_mib} MiB"
    return f"done in {result.seconds:.1f} s{memory}"

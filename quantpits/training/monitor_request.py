"""What monitoring is asked for and what it reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from quantpits.errors import Finding

__all__ = ["MonitorReport", "MonitorRequest", "WatchedModel"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorRequest:
    """Which models to look at.

    Attributes
    ----------
    models : tuple of str or None
        Names in the records; every one of them by default.
    dry_run : bool
        Report and write nothing.
    """

    models: tuple[str, ...] | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedModel:
    """How one model fares, as its current run recorded it.

    Attributes
    ----------
    model : str
        Name in the records.
    anchor_date : date
        Last session its prediction knows of.
    trained_at : date or None
        Anchor of its training; None in records of the earlier system.
    age_days : int or None
        Calendar days between the two [days].
    ic, icir, rank_ic, rank_icir : float or None
        On the test window; None where undefined.
    ic_band, icir_band, rank_ic_band, rank_icir_band : tuple of float, or None
        Between which values each plausibly lies; None where it is not known.
    n_ic_days : int or None
        Days they rest on.
    rank_ic_seeds_std : float or None
        Deviation of the rank IC over the seeds the model was trained with; None with one only.
    psi, psi_usual : float or None
        How far the latest scores are from those of the training window, and what is usual.
    drift : {"", "moving", "shifted"}
        What that says.
    curves : str
        Where its training curve comes from; empty if the model does not tell.
    """

    model: str
    anchor_date: date
    trained_at: date | None = None
    age_days: int | None = None
    ic: float | None = None
    icir: float | None = None
    rank_ic: float | None = None
    rank_icir: float | None = None
    ic_band: tuple[float, float] | None = None
    icir_band: tuple[float, float] | None = None
    rank_ic_band: tuple[float, float] | None = None
    rank_icir_band: tuple[float, float] | None = None
    n_ic_days: int | None = None
    rank_ic_seeds_std: float | None = None
    psi: float | None = None
    psi_usual: float | None = None
    drift: str = ""
    curves: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorReport:
    """How the models fare.

    Attributes
    ----------
    workspace : str
        Name of the workspace.
    outputs : tuple of Path
        The page, then the pictures.
    findings : tuple of Finding
        Scores that have shifted, and models of which nothing is known by day.
    changed : bool
        Whether any of them is new.
    anchor_date : date
        That of the records.
    market_label : str
        Name of the market data, which says so if it is synthetic.
    models : tuple of WatchedModel
        In the order of the records.
    is_dry_run : bool
        Whether nothing was written on purpose.
    """

    workspace: str
    outputs: tuple[Path, ...]
    findings: tuple[Finding, ...]
    changed: bool
    anchor_date: date
    market_label: str
    models: tuple[WatchedModel, ...]
    is_dry_run: bool = False

    def summary(self) -> list[str]:
        """Return lines for a person."""
        from quantpits.modeling.results import banded_text  # noqa: PLC0415 - heavy

        lines = [f"Models of {self.workspace} on {self.market_label}, anchor {self.anchor_date}."]
        for each in self.models:
            seeds = each.rank_ic_seeds_std
            psi = "unknown" if each.psi is None else f"{each.psi:.2f}"
            parts = (
                f"trained {_trained(each)}",
                f"Rank IC {banded_text(each.rank_ic, each.rank_ic_band, digits=4)}"
                + ("" if seeds is None else f" ± {seeds:.4f} over seeds"),
                f"IC {banded_text(each.ic, each.ic_band, digits=4)}",
                f"Rank ICIR {banded_text(each.rank_icir, each.rank_icir_band, digits=3)}",
                f"PSI {psi}" + (f", {each.drift}" if each.drift else ""),
            )
            lines.append(f"{each.model}: {', '.join(parts)}")
        lines.append("In brackets: bands that hold the truth in about nine of ten such windows.")
        if self.is_dry_run:
            lines.append("Dry run: no page was written.")
        elif self.outputs:
            lines.append(f"The page: {self.outputs[0]}")
        return lines


def _trained(model: WatchedModel) -> str:
    if model.trained_at is None:
        return "at an unknown date"
    if not model.age_days:
        return model.trained_at.isoformat()
    return f"{model.trained_at.isoformat()}, {model.age_days} days before its anchor"

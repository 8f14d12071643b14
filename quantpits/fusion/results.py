"""Stages 6 to 8: trade every combo, then write its leaderboard, charts and the page of the run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantpits.errors import DataError, Finding
from quantpits.fusion.backtests import backtest_combo
from quantpits.fusion.describe import page_facts
from quantpits.fusion.pictures import fusion_page
from quantpits.fusion.reports import (
    Written,
    combo_pictures,
    comparison_name,
    page_name,
    remove_stale,
    write_comparison,
    write_page,
    write_pictures,
    write_tables,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from quantpits.fusion.backtests import ComboBacktest
    from quantpits.fusion.compute import Fusion
    from quantpits.fusion.prepare import Prepared
    from quantpits.fusion.window import Window
    from quantpits.signals import ScorePanel
    from quantpits.workspace import Progress

__all__ = ["Place", "ResultFiles", "Traded", "trade_all", "write_results"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traded:
    """The backtests of a run.

    Attributes
    ----------
    backtests : dict of str to ComboBacktest
        By label, in the order of the combos; without those that could not be traded.
    findings : tuple of Finding
        Why those could not, and what the dates of the others mean for comparing them.
    """

    backtests: dict[str, ComboBacktest]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the results of a run go, and what they are called.

    Attributes
    ----------
    folder : Path
        For reports.
    anchor : date
        Last session the scores know of.
    market_label : str
        Name of the market data.
    window : Window
        The dates that counted.
    is_drawing : bool
        Whether charts and the page are wanted.
    """

    folder: Path
    anchor: date
    market_label: str
    window: Window
    is_drawing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFiles:
    """What the results of a run are on disk.

    Attributes
    ----------
    of_combo : dict of str to Written
        Each combo's own files, by label.
    shared : Written
        Files about several combos, and the page.
    page : Path or None
        The page of the run.
    findings : tuple of Finding
        What was removed because it was of earlier scores.
    """

    of_combo: dict[str, Written]
    shared: Written
    page: Path | None
    findings: tuple[Finding, ...]


def trade_all(
    fusions: Sequence[Fusion],
    prepared: Prepared,
    *,
    panels: Mapping[str, ScorePanel],
    progress: Progress,
) -> Traded:
    """Trade every combo on the one market that was prepared.

    Parameters
    ----------
    fusions : sequence of Fusion
        What was fused.
    prepared : Prepared
        Market and strategy; without them there is no backtest.
    panels : mapping of str to ScorePanel
        Raw scores of the models.
    progress : Progress
        Told of each combo.

    Returns
    -------
    Traded
        The backtests.
    """
    setting, labels = prepared.setting, prepared.labels
    if setting is None or labels is None or isinstance(setting, Exception):
        return Traded(backtests={}, findings=())
    backtests: dict[str, ComboBacktest] = {}
    findings: list[Finding] = []
    with progress.stage("Stage 6: backtest", total=len(fusions)) as advance:
        for fusion in fusions:
            name = fusion.plan.combo or fusion.plan.label
            try:
                backtests[fusion.plan.label] = backtest_combo(
                    fusion, setting, panels=panels, labels=labels
                )
            except DataError as error:
                message = f"There is no backtest: {' '.join(str(error).split())}"
                findings.append(Finding("FUS015", "error", message, "fusion", name))
            advance(note=name)
    findings += _date_findings(backtests)
    return Traded(backtests=backtests, findings=tuple(findings))


def write_results(
    fusions: Sequence[Fusion],
    traded: Traded,
    *,
    place: Place,
    is_new: Mapping[str, bool],
    findings: Sequence[Finding],
    progress: Progress,
) -> ResultFiles:
    """Write leaderboards, weights, charts, the comparison and the page of a run.

    Parameters
    ----------
    fusions : sequence of Fusion
        What was fused, at least one.
    traded : Traded
        Their backtests.
    place : Place
        Where to, and whether to draw.
    is_new : mapping of str to bool
        By label, whether the fusion differs from what was on disk before.
    findings : sequence of Finding
        What the page should tell.
    progress : Progress
        Told of each combo.

    Returns
    -------
    ResultFiles
        What lies where.

    Raises
    ------
    ArtifactError
        If a file cannot be written; a second run completes what is missing.
    """
    folder, anchor = place.folder, place.anchor
    backtests = traded.backtests
    of_combo: dict[str, Written] = {}
    with progress.stage("Stage 7: risk and leaderboards", total=len(fusions)) as advance:
        for fusion in fusions:
            label = fusion.plan.label
            backtest = backtests.get(label)
            of_combo[label] = write_tables(fusion, backtest, folder=folder, anchor=anchor)
            advance(note=fusion.plan.combo or label)
    shared, page = Written(), None
    if place.is_drawing:
        with progress.stage("Stage 8: charts", total=len(fusions) + 1) as advance:
            for fusion in fusions:
                label = fusion.plan.label
                pictures = combo_pictures(fusion, backtests.get(label))
                of_combo[label] += write_pictures(fusion, pictures, folder=folder, anchor=anchor)
                advance(note=fusion.plan.combo or label)
            shared, page = _write_page(fusions, traded, place, findings)
            advance(note="page")
    if len(backtests) > 1:
        shared += write_comparison(
            tuple(backtests.values()),
            folder=folder,
            window=place.window,
            anchor=anchor,
            is_drawing=place.is_drawing,
        )
    told: list[Finding] = []
    for fusion in fusions:
        label = fusion.plan.label
        if is_new[label] or of_combo[label].changed:
            kept = (*of_combo[label].paths, *shared.paths)
            told += _stale_findings(
                fusion, remove_stale(fusion, folder=folder, anchor=anchor, kept=kept)
            )
    return ResultFiles(of_combo=of_combo, shared=shared, page=page, findings=tuple(told))


def _write_page(
    fusions: Sequence[Fusion], traded: Traded, place: Place, findings: Sequence[Finding]
) -> tuple[Written, Path]:
    backtests = tuple(traded.backtests.values())
    anchor = place.anchor
    if len(fusions) > 1:
        title, name = f"Combos at {anchor}", comparison_name(place.window, anchor, ending="html")
    else:
        plan = fusions[0].plan
        title, name = f"{plan.combo or plan.label} at {anchor}", page_name(plan.label, anchor)
    page = fusion_page(
        title + {"full": "", "cut": ", cut dates", "oos": ", out of sample"}[place.window.kind],
        fusions,
        backtests=backtests,
        facts=page_facts(
            anchor, place.market_label, setting=backtests[0].setting if backtests else None
        ),
        findings=(*findings, *traded.findings),
    )
    path = place.folder / name
    return write_page(page, path), path


def _date_findings(backtests: Mapping[str, ComboBacktest]) -> tuple[Finding, ...]:
    """Say when combos that stand side by side were not traded over the same days."""
    spans = {
        label: (item.ensemble.performance.dates[0], item.ensemble.performance.dates[-1])
        for label, item in backtests.items()
    }
    if len(set(spans.values())) < 2:  # noqa: PLR2004 - two combos to compare
        return ()
    begins = ", ".join(
        f"{backtests[label].fusion.plan.combo} {first} to {last}"
        for label, (first, last) in spans.items()
    )
    message = (
        f"The combos were traded over different days, so their figures do not compare: {begins}."
    )
    return (Finding("FUS017", "warning", message, source="fusion"),)


def _stale_findings(fusion: Fusion, gone: Sequence[Path]) -> tuple[Finding, ...]:
    if not gone:
        return ()
    names = ", ".join(path.name for path in gone)
    message = f"Removed, since they were of earlier scores and this run makes no new ones: {names}."
    return (Finding("FUS018", "info", message, "fusion", fusion.plan.combo or fusion.plan.label),)

"""What a tuning looks like: the history of its trials, what matters, and a slice per argument."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quantpits.charts import (
    Axis,
    BarsChart,
    Chart,
    Column,
    Facts,
    Heading,
    Note,
    Page,
    ScatterChart,
    Table,
    page_html,
    png_bytes,
)
from quantpits.training.tune_request import score_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from optuna.trial import FrozenTrial

    from quantpits.training.tune_request import TuneReport

__all__ = ["tuning_files"]

_WIDE = 50  # a range so wide is shown by its logarithm
_RANK_IC = Axis("mean daily rank IC")


def tuning_files(
    report: TuneReport, trials: Sequence[FrozenTrial], *, importance: Mapping[str, float]
) -> dict[str, bytes]:
    """Return the pictures and the page of a tuning.

    Parameters
    ----------
    report : TuneReport
        What it found.
    trials : sequence of FrozenTrial
        In their order.
    importance : mapping of str to float
        How much each argument decides; empty if that is not known.

    Returns
    -------
    dict of str to bytes
        File name to content: ``optimisation_history.png``, ``parameter_importance.png``,
        ``slice_{argument}.png`` and ``tuning.html``. No charts without a finished trial.
    """
    done = [trial for trial in trials if trial.value is not None and trial.state.name == "COMPLETE"]
    charts: dict[str, Chart] = {}
    if done:
        charts["optimisation_history"] = _history(report, done)
        if importance:
            charts["parameter_importance"] = BarsChart(
                title="What matters",
                subtitle="share of the variance of the rank IC (fANOVA)",
                labels=list(importance),
                series={"importance": np.array([*importance.values()], np.float64)},
                axis=Axis("share", kind="percent"),
            )
        for name in report.best_arguments:
            if len({trial.params.get(name) for trial in done}) == 1:
                continue  # always the same: there is nothing to see
            charts[f"slice_{name}"] = _slice(name, done)
    files = {f"{name}.png": png_bytes(chart) for name, chart in charts.items()}
    page = Page(
        title=f"Tuning {report.model}",
        subtitle=report.market_label,
        sections=(_facts(report), _warning(), *charts.values(), Heading("Trials"), _table(trials)),
    )
    return {**files, "tuning.html": page_html(page).encode()}


def _history(report: TuneReport, done: Sequence[FrozenTrial]) -> Chart:
    values = np.array([trial.value for trial in done], np.float64)
    return ScatterChart(
        title="Rank IC of the trials",
        subtitle=report.objective,
        x=np.array([trial.number for trial in done], np.float64),
        y=values,
        x_axis=Axis("trial", kind="integer"),
        y_axis=_RANK_IC,
        marked={"best": int(np.argmax(values))},
    )


def _slice(name: str, done: Sequence[FrozenTrial]) -> Chart:
    """Return one argument against the rank IC; choices stand at whole numbers."""
    raw = [trial.params.get(name) for trial in done]
    values = np.array([trial.value for trial in done], np.float64)
    is_number = all(isinstance(each, int | float) and not isinstance(each, bool) for each in raw)
    subtitle = ""
    if is_number:
        x = np.array(raw, np.float64)
        positive = x[x > 0]
        if positive.size == x.size and x.size and x.max() / x.min() > _WIDE:
            x, subtitle = np.log10(x), "logarithm to the base 10"
    else:
        choices = sorted({str(each) for each in raw})
        x = np.array([choices.index(str(each)) for each in raw], np.float64)
        subtitle = ", ".join(f"{number} = {choice}" for number, choice in enumerate(choices))
    return ScatterChart(
        title=name,
        subtitle=subtitle,
        x=x,
        y=values,
        x_axis=Axis(f"log10 {name}")
        if subtitle.startswith("logarithm")
        else Axis(name, kind="number" if is_number else "integer"),
        y_axis=_RANK_IC,
        marked={"best": int(np.argmax(values))},
    )


def _facts(report: TuneReport) -> Facts:
    best = ", ".join(f"{name} = {value}" for name, value in report.best_arguments.items())
    return Facts(
        pairs=(
            ("objective", report.objective),
            ("trials", f"{report.n_trials}, {report.n_pruned} given up, {report.n_failed} failed"),
            ("the workflow as it is", score_text(report.start)),
            ("best trial", score_text(report.best)),
            ("its arguments", best or "none"),
            ("new model", report.tuned_model or "none: no trial was better"),
        )
    )


def _warning() -> Note:
    return Note(
        "The best of many trials is better than it will be: it was chosen on these days. What it is"
        " worth shows on the test window, which no trial has read.",
        tone="warning",
    )


def _table(trials: Sequence[FrozenTrial]) -> Table:
    names = sorted({name for trial in trials for name in trial.params})
    columns = (
        Column("trial", kind="integer"),
        Column("state"),
        Column("rank IC", kind="number", digits=4),
        *(Column(name) for name in names),
    )
    rows = tuple(
        (
            trial.number,
            trial.state.name.lower(),
            trial.value if trial.state.name == "COMPLETE" else None,
            *(str(trial.params.get(name, "")) for name in names),
        )
        for trial in trials
    )
    return Table(columns=columns, rows=rows)

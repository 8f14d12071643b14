"""The first part of the page of a search: how far its ranking can be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from quantpits.charts import (
    Axis,
    BarsChart,
    Facts,
    Heading,
    HistogramChart,
    Note,
    Paragraph,
    ScatterChart,
    number_text,
)
from quantpits.search.analysis_verdict import CONVINCING, LITTLE_OVERFIT, MUCH_OVERFIT

if TYPE_CHECKING:
    from quantpits.charts import Section, Tone
    from quantpits.search.analysis import Analysis
    from quantpits.search.analysis_overfit import RowTrust
    from quantpits.search.results import SearchResults

__all__ = ["headline", "outside_sections", "trust_sections"]

_SHOWN_BANDS = 15
_MORE_THAN_LUCK: Final = 0.5
_FEWEST_POINTS = 3


def headline(analysis: Analysis) -> tuple[Tone, str]:
    """Return the verdict in one sentence, and its colour.

    Parameters
    ----------
    analysis : Analysis
        The analysis.

    Returns
    -------
    tone : {"good", "warning", "bad"}
        Good only if the deflated Sharpe ratio and the cross-validation both say so.
    text : str
        What to do with the ranking.
    """
    found = analysis.overfit
    deflated = _least_deflated(analysis)
    overfit = float("nan") if found.pbo is None else found.pbo.probability
    if deflated < _MORE_THAN_LUCK:
        return "bad", (
            "The best combo is not distinguishable from luck. Take a combo for reasons that do not "
            "come from this table, such as all models together."
        )
    if overfit >= MUCH_OVERFIT:
        return "bad", (
            "Taking the first of this ranking is no better than drawing lots among these combos. "
            "Choose for reasons that do not come from this table, such as all models together."
        )
    if not (deflated >= CONVINCING and overfit <= LITTLE_OVERFIT):
        return "warning", (
            "There is something in this ranking, but not enough to rely on its first place. Combos "
            "near the top are alike; prefer what is simple, diverse and good out of sample."
        )
    if analysis.outside is not None and not analysis.outside.ann_excess[0] > 0:
        return "warning", (
            "In sample the best combo is better than luck would explain, but it did not hold out "
            "of sample. Believe what it was not chosen on."
        )
    return "good", (
        "The best combo is better than luck would explain, and what was best in one part of the "
        "sessions stayed good in the others."
    )


def _least_deflated(analysis: Analysis) -> float:
    """Return the lower of the two deflated ratios of the first row: with and without benchmark."""
    if not len(analysis.overfit.rows):
        return float("nan")
    first = analysis.overfit.at(int(analysis.overfit.rows[0]))
    found = [value for value in (first.deflated, first.active_deflated) if np.isfinite(value)]
    return min(found, default=float("nan"))


def trust_sections(results: SearchResults, analysis: Analysis) -> tuple[Section, ...]:
    """Return the verdict with the charts behind it.

    Parameters
    ----------
    results : SearchResults
        The search.
    analysis : Analysis
        Its analysis.

    Returns
    -------
    tuple of Section
        The verdict first.
    """
    tone, text = headline(analysis)
    sections: list[Section] = [
        Heading("Can this ranking be trusted?"),
        Note(text, tone),
        Facts(pairs=_key_figures(analysis)),
    ]
    sections += [Paragraph(sentence) for sentence in analysis.verdict]
    sections += [
        chart
        for chart in (
            _logits(analysis),
            _trials(results, analysis),
            _bands(results, analysis),
            _degradation(analysis),
        )
        if chart is not None
    ]
    return tuple(sections)


def _key_figures(analysis: Analysis) -> tuple[tuple[str, str], ...]:
    found = analysis.overfit
    first = found.at(int(found.rows[0]))
    trials = f"{found.n_trials:,}"
    if found.effective_trials is not None:
        trials += f", worth about {found.effective_trials:,.0f} independent ones"
    band = f"{number_text(first.low)} to {number_text(first.high)}"
    deflated = number_text(first.deflated, "percent")
    overfit = "unknown" if found.pbo is None else number_text(found.pbo.probability, "percent")
    return (
        ("trials", trials),
        (
            "Sharpe ratio of the first",
            f"{number_text(first.sharpe)}; resampled {band}",
        ),
        (
            "deflated Sharpe ratio",
            f"{deflated} sure that it is more than luck ({CONVINCING:.0%} is convincing)",
        ),
        *_over_benchmark(first),
        (
            "probability of overfitting",
            f"{overfit} (below {LITTLE_OVERFIT:.0%} is good, {MUCH_OVERFIT:.0%} is drawing lots)",
        ),
    )


def _over_benchmark(first: RowTrust) -> tuple[tuple[str, str], ...]:
    if not np.isfinite(first.active_deflated):
        return ()
    sure = number_text(first.active_deflated, "percent")
    ratio = number_text(first.active_ratio)
    return (("the same over the benchmark", f"information ratio {ratio}, {sure} sure"),)


def _logits(analysis: Analysis) -> HistogramChart | None:
    pbo = analysis.overfit.pbo
    if pbo is None:
        return None
    return HistogramChart(
        title="Where the best of one half of the sessions ranks in the other half",
        subtitle=(
            f"{pbo.n_splits:,} splits; at 0 it is the median of all, left of it (other colour) the "
            f"choice was overfit: {pbo.probability:.0%} of the splits"
        ),
        values=pbo.logits,
        axis=Axis("logit of its rank in the other half"),
        split=0.0,
    )


def _trials(results: SearchResults, analysis: Analysis) -> HistogramChart | None:
    sharpe = results.table["Sharpe"]
    if int(np.isfinite(sharpe).sum()) < _FEWEST_POINTS:
        return None
    found = analysis.overfit
    marks = {}
    if found.expected_max is not None:
        marks["best of as many worthless ones, expected:"] = found.expected_max
    if len(found.sharpe) and np.isfinite(found.sharpe[0]):
        marks["first of the ranking:"] = float(found.sharpe[0])
    return HistogramChart(
        title="Sharpe ratios of all combos",
        subtitle="net of costs, in sample; luck alone would bring the best one to the first mark",
        values=sharpe,
        axis=Axis("Sharpe ratio a year"),
        marks=marks,
    )


def _bands(results: SearchResults, analysis: Analysis) -> BarsChart | None:
    rows = analysis.main[:_SHOWN_BANDS].tolist()
    trust = [analysis.overfit.at(row) for row in rows]
    if not rows or not np.isfinite([row.low for row in trust]).any():
        return None
    share = analysis.overfit.confidence
    return BarsChart(
        title=f"The best {len(rows)} with the bands of their Sharpe ratios",
        subtitle=(
            f"band: {share:.0%} of {analysis.overfit.n_resamples:,} resamples of its sessions; "
            "combos whose bands overlap cannot be told apart"
        ),
        labels=[f"#{row + 1} {results.label_of(row)}" for row in rows],
        series={"Sharpe": np.array([row.sharpe for row in trust])},
        axis=Axis("Sharpe ratio a year"),
        low=np.array([row.low for row in trust]),
        high=np.array([row.high for row in trust]),
    )


def _degradation(analysis: Analysis) -> ScatterChart | None:
    pbo = analysis.overfit.pbo
    if pbo is None:
        return None
    return ScatterChart(
        title="Sharpe ratio of the chosen combo in both halves",
        subtitle=(
            f"one point a split; slope {pbo.slope:+.2f}: near or below 0, a better past foretells "
            "nothing; below the dashed line it did worse where it was not chosen"
        ),
        x=pbo.in_sample,
        y=pbo.out_of_sample,
        x_axis=Axis("in the half it was chosen on"),
        y_axis=Axis("in the other half"),
        diagonal=True,
    )


def outside_sections(results: SearchResults, analysis: Analysis) -> tuple[Section, ...]:
    """Return what became of the best combos out-of-sample; nothing if that was not asked for.

    Parameters
    ----------
    results : SearchResults
        The search.
    analysis : Analysis
        Its analysis.

    Returns
    -------
    tuple of Section
        A chart with one point a combo.
    """
    outside = analysis.outside
    if outside is None:
        return ()
    figure = "excess over the benchmark" if outside.has_benchmark else "return"
    return (
        Heading("Out of sample"),
        Paragraph(
            f"The first {len(outside.rows)} combos on {len(outside.dates):,} sessions that the "
            f"search did not see, {outside.dates[0]} to {outside.dates[-1]}: "
            f"{outside.n_above} of them above {'the benchmark' if outside.has_benchmark else '0'}."
        ),
        ScatterChart(
            title="In sample and out of sample",
            subtitle=f"annualised {figure}, net; below the dashed line: worse than in sample",
            x=results.table["Ann_Excess"][outside.rows],
            y=outside.ann_excess,
            x_axis=Axis("in sample", "percent"),
            y_axis=Axis("out of sample", "percent"),
            labels=lambda at: f"#{outside.rows[at] + 1} {results.label_of(int(outside.rows[at]))}",
            marked={f"#{outside.rows[0] + 1}, the best in sample": 0}
            if len(outside.rows)
            else None,
            diagonal=True,
        ),
    )

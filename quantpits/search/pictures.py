"""The charts of a search, as values: what stands in its picture files and on its page.

Nothing is computed here that a number is read from; the analysis did that. What is drawn is chosen,
named and put under a title that says what to look for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from quantpits.charts import (
    Axis,
    BarsChart,
    DendrogramChart,
    HeatmapChart,
    NavChart,
    ScatterChart,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantpits.charts import Chart
    from quantpits.search.analysis import Analysis
    from quantpits.search.analysis_weights import WeightPaths
    from quantpits.search.results import FloatArray, SearchResults

__all__ = [
    "PICTURES",
    "all_models_row",
    "attribution_chart",
    "best_single_row",
    "combo_name",
    "convention",
    "correlation_chart",
    "counted",
    "dendrogram_chart",
    "diversity_chart",
    "picture_charts",
    "risk_return_chart",
    "top_equity_chart",
    "weights_equity_chart",
]

PICTURES: Final = {
    "attribution": "model_attribution",
    "risk_return": "risk_return_scatter",
    "diversity": "diversity_scatter",
    "top_equity": "top_equity",
    "dendrogram": "cluster_dendrogram",
    "weights_equity": "optimization_equity",
}
"""Names of the picture files, before the anchor."""

_SHOWN_PATHS = 5
_SHOWN_MODELS = 40
_BENCHMARK = "benchmark"
_EXCESS = Axis("annualised excess over the benchmark, net", "percent")
_SIZE = Axis("models", "integer")


def picture_charts(results: SearchResults, analysis: Analysis) -> dict[str, Chart]:
    """Return the charts that become picture files.

    Parameters
    ----------
    results : SearchResults
        The search.
    analysis : Analysis
        Its analysis.

    Returns
    -------
    dict of str to Chart
        Keys of `PICTURES`; what cannot be drawn is missing.
    """
    found = {
        "attribution": attribution_chart(analysis),
        "risk_return": risk_return_chart(results, analysis),
        "diversity": diversity_chart(results, analysis),
        "top_equity": top_equity_chart(results, analysis),
        "dendrogram": dendrogram_chart(analysis),
        "weights_equity": weights_equity_chart(analysis),
    }
    return {name: chart for name, chart in found.items() if chart is not None}


def combo_name(results: SearchResults, row: int) -> str:
    """Return a combo as a chart names it: its place in the ranking and its models."""
    return f"#{row + 1} {results.label_of(row)}"


def all_models_row(results: SearchResults) -> int | None:
    """Return the row of the combo of all models: the choice of somebody who chooses nothing."""
    rows = np.flatnonzero(results.sizes == len(results.models))
    return int(rows[0]) if len(rows) else None


def best_single_row(results: SearchResults) -> int | None:
    """Return the row of the single model that ranks first."""
    return min(results.single_rows.values(), default=None)


def convention(results: SearchResults) -> str:
    """Return what every chart of the search says under its title."""
    first, last = results.dates[0], results.dates[-1]
    return f"net of costs, in sample, {first} to {last}"


def attribution_chart(analysis: Analysis) -> BarsChart | None:
    """Return how often each model is in the best and in the worst combos.

    Parameters
    ----------
    analysis : Analysis
        The analysis.

    Returns
    -------
    BarsChart or None
        None if the sets are empty. Of many models those with the highest and lowest net scores.
    """
    found = analysis.attribution
    if not found.n_side:
        return None
    count = len(found.models)
    places = np.arange(count)
    if count > _SHOWN_MODELS:
        places = np.r_[0 : _SHOWN_MODELS // 2, count - _SHOWN_MODELS // 2 : count]
    return BarsChart(
        title=f"Models in the best and in the worst {found.n_side:,} combos",
        subtitle="by Calmar ratio, in sample; the two sets share no combo; best net score on top",
        labels=[found.models[at] for at in places],
        series={
            f"in the best {found.n_side:,}": found.top_count[places].astype(float),
            f"in the worst {found.n_side:,}": -found.bottom_count[places].astype(float),
        },
        axis=Axis("combos", "integer"),
        stacked=True,
    )


def risk_return_chart(results: SearchResults, analysis: Analysis) -> ScatterChart:
    """Return annualised return against the deepest fall, for every combo.

    Parameters
    ----------
    results : SearchResults
        The search.
    analysis : Analysis
        Its analysis.

    Returns
    -------
    ScatterChart
        The best, the best single model, all models, and the robust combo are marked.
    """
    marked = {f"best: {combo_name(results, 0)}": 0}
    for what, row in (
        ("best single", best_single_row(results)),
        ("shallowest fall", int(analysis.robust[0]) if len(analysis.robust) else None),
    ):
        if row is not None and row not in marked.values():
            marked[f"{what}: {combo_name(results, row)}"] = row
    everything = all_models_row(results)
    if everything is not None and everything not in marked.values():
        marked[f"all {len(results.models)} models (#{everything + 1})"] = everything
    return ScatterChart(
        title=f"Return against risk: {counted(results.n_combos)}",
        subtitle=convention(results),
        x=results.table["Max_DD"],
        y=results.table["Ann_Ret"],
        x_axis=Axis("max drawdown", "percent"),
        y_axis=Axis("annualised return, net", "percent"),
        color=results.sizes.astype(float),
        color_axis=_SIZE,
        labels=lambda row: combo_name(results, row),
        marked=marked,
    )


def diversity_chart(results: SearchResults, analysis: Analysis) -> ScatterChart | None:
    """Return annualised excess against the mean correlation of the members.

    Parameters
    ----------
    results : SearchResults
        The search.
    analysis : Analysis
        Its analysis.

    Returns
    -------
    ScatterChart or None
        None if no combo has several models. Golden combos are marked.
    """
    is_several = results.sizes > 1
    if not is_several.any():
        return None
    golden = {
        f"golden: {combo_name(results, int(row))}": int(row)
        for row in analysis.diversity.golden[:3]
    }
    found = analysis.diversity.corr_excess
    text = "" if found is None else f"; the two correlate {found:+.2f}"
    return ScatterChart(
        title="Does it help to combine unlike models?",
        subtitle=f"combos of two and more, {convention(results)}{text}",
        x=np.where(is_several, analysis.diversity.avg_corr, np.nan),
        y=results.table["Ann_Excess"],
        x_axis=Axis("mean correlation between the members' scores"),
        y_axis=_EXCESS,
        color=results.sizes.astype(float),
        color_axis=_SIZE,
        labels=lambda row: combo_name(results, row),
        marked=golden or None,
    )


def top_equity_chart(results: SearchResults, analysis: Analysis) -> NavChart:
    """Return the paths of the best combos, of the best single model and of all models together.

    Parameters
    ----------
    results : SearchResults
        The search.
    analysis : Analysis
        Its analysis.

    Returns
    -------
    NavChart
        The first is highlighted; the benchmark is dashed.
    """
    wanted = [
        *analysis.main[:_SHOWN_PATHS].tolist(),
        best_single_row(results),
        all_models_row(results),
    ]
    rows = [row for row in dict.fromkeys(wanted) if row is not None] or [0]
    paths = results.paths_of(np.array(rows, dtype=np.int64))
    names = [_path_name(results, row) for row in rows]
    return NavChart(
        title=_equity_title(results),
        subtitle=convention(results),
        dates=paths.dates,
        navs=dict(zip(names, paths.nav, strict=True)),
        benchmark=_level(results.benchmark_returns),
        benchmark_name=_BENCHMARK,
        highlight=names[0],
        opening=1.0,
        benchmark_opening=1.0,
    )


def counted(n_combos: int) -> str:
    """Return a number of combos in words.

    Examples
    --------
    >>> counted(1), counted(1023)
    ('1 combo', '1,023 combos')
    """
    return f"{n_combos:,} combo{'' if n_combos == 1 else 's'}"


def _equity_title(results: SearchResults) -> str:
    count = min(_SHOWN_PATHS, results.n_combos)
    which = "The best combo" if count == 1 else f"The best {count} combos"
    return which if results.benchmark_returns is None else f"{which} against the benchmark"


def _path_name(results: SearchResults, row: int) -> str:
    if results.sizes[row] == len(results.models) and len(results.models) > 1:
        return f"#{row + 1} all {len(results.models)} models"
    return combo_name(results, row)


def _level(returns: FloatArray | None) -> FloatArray | None:
    """Return the level of the benchmark, 1 before the first session."""
    if returns is None:
        return None
    return np.asarray(np.cumprod(1.0 + np.nan_to_num(returns)), dtype=np.float64)


def correlation_chart(results: SearchResults, analysis: Analysis) -> HeatmapChart:
    """Return the correlation between the models' scores, like models side by side.

    Parameters
    ----------
    results : SearchResults
        The search.
    analysis : Analysis
        Its analysis; the groups of its tree order the models.

    Returns
    -------
    HeatmapChart
        A square.
    """
    order = _grouped(results.models, analysis)
    names = [results.models[at] for at in order]
    return HeatmapChart(
        title="Correlation between the models' scores",
        subtitle="normalised scores of every day, in sample; models that earn alike side by side",
        rows=names,
        columns=names,
        values=results.correlation[np.ix_(order, order)],
        scale="correlation",
    )


def _grouped(models: Sequence[str], analysis: Analysis) -> list[int]:
    groups = () if analysis.clusters is None else analysis.clusters.groups
    grouped = [name for group in groups for name in group]
    return [models.index(name) for name in dict.fromkeys([*grouped, *models])]


def dendrogram_chart(analysis: Analysis) -> DendrogramChart | None:
    """Return the tree of models that earn alike.

    Parameters
    ----------
    analysis : Analysis
        The analysis.

    Returns
    -------
    DendrogramChart or None
        None without a tree.
    """
    found = analysis.clusters
    if found is None:
        return None
    return DendrogramChart(
        title="Which models earn in the same way",
        subtitle=(
            "Ward's method on sqrt(2 (1 - correlation)) of daily excess returns, in sample; "
            "joined left of the line: correlation above one half"
        ),
        linkage=found.linkage,
        labels=found.labels,
        threshold=found.threshold,
        axis=Axis("distance"),
    )


def weights_equity_chart(analysis: Analysis) -> NavChart | None:
    """Return what the three ways to weight single models were worth.

    Parameters
    ----------
    analysis : Analysis
        The analysis.

    Returns
    -------
    NavChart or None
        None without weights. Out-of-sample paths, where there are any, go on from the in-sample
        ones after a line.
    """
    found = analysis.weights
    if found is None:
        return None
    parts = [found.in_sample] + ([] if found.out_of_sample is None else [found.out_of_sample])
    later = found.out_of_sample
    benchmark = None if any(part.benchmark is None for part in parts) else _joined(parts, None)
    return NavChart(
        title="Weights of the best single models",
        subtitle="sleeves brought back to their weights every session at no cost; chosen in sample",
        dates=np.concatenate([part.dates for part in parts]),
        navs={name.replace("_", " "): _joined(parts, name) for name in found.columns},
        benchmark=benchmark,
        benchmark_name=_BENCHMARK,
        opening=1.0,
        benchmark_opening=1.0,
        cutoff=None if later is None else later.dates[0],
    )


def _joined(parts: Sequence[WeightPaths], name: str | None) -> FloatArray:
    """Return one path through all parts, each going on from the end of the one before."""
    pieces, level = [], 1.0
    for part in parts:
        path = part.benchmark if name is None else part.navs[name]
        assert path is not None, "the caller has looked"
        pieces.append(level * path)
        level = float(pieces[-1][-1])
    return np.concatenate(pieces)

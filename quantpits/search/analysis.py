"""Everything that is computed about a finished search: numbers and sentences, no files.

The tables, pictures and texts that a search leaves behind are made from this value and from the
results alone; nothing is computed where something is drawn or written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import MissingDataError
from quantpits.search.analysis_attribution import attribution
from quantpits.search.analysis_clusters import model_clusters
from quantpits.search.analysis_diversity import diversity, size_effects
from quantpits.search.analysis_outside import out_of_sample as outside_of
from quantpits.search.analysis_overfit import overfit_statistics
from quantpits.search.analysis_returns import shared_returns
from quantpits.search.analysis_rows import main_rows, robust_rows
from quantpits.search.analysis_verdict import caveats, verdict
from quantpits.search.analysis_weights import chosen_weights
from quantpits.workspace.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantpits.search.analysis_attribution import Attribution
    from quantpits.search.analysis_clusters import Clusters
    from quantpits.search.analysis_diversity import Diversity, SizeEffect
    from quantpits.search.analysis_outside import OutOfSample, OutOfSampleSource
    from quantpits.search.analysis_overfit import Overfit
    from quantpits.search.analysis_weights import WeightChoice
    from quantpits.search.results import IntArray, SearchResults
    from quantpits.workspace.progress import Progress

__all__ = ["DEFAULT_TOP_N", "Analysis", "analyse"]

DEFAULT_TOP_N = 50


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Analysis:
    """What was found out about a search.

    Attributes
    ----------
    top_n : int
        Combos on either side of the attribution, and rows of the leaderboard.
    main, robust : int64 [up to 20], int64 [up to 10]
        Rows of the two lists.
    verdict, caveats : tuple of str
        What the figures say, and what they do not.
    attribution : Attribution
        Which models good combos have.
    diversity : Diversity
        How unlike members are, and what that is worth.
    sizes : tuple of SizeEffect
        Combos by number of members.
    clusters : Clusters or None
        The tree of single models; None if fewer than two were simulated alone.
    weights : WeightChoice or None
        Weights of the best single models; likewise.
    overfit : Overfit
        How far the ranking can be trusted.
    outside : OutOfSample or None
        What became of the main list out-of-sample.
    """

    top_n: int
    main: IntArray
    robust: IntArray
    verdict: tuple[str, ...]
    caveats: tuple[str, ...]
    attribution: Attribution
    diversity: Diversity
    sizes: tuple[SizeEffect, ...]
    clusters: Clusters | None
    weights: WeightChoice | None
    overfit: Overfit
    outside: OutOfSample | None


def analyse(
    results: SearchResults,
    *,
    top_n: int = DEFAULT_TOP_N,
    progress: Progress = SILENT,
    out_of_sample: OutOfSampleSource | None = None,
    seeds: Mapping[str, int | None] | None = None,
) -> Analysis:
    """Return what can be found out about a finished search.

    Parameters
    ----------
    results : SearchResults
        The search, best combo first.
    top_n : int
        Combos on either side of the attribution, and rows of the leaderboard.
    progress : Progress
        Is told about the stages.
    out_of_sample : OutOfSampleSource, optional
        The same combos after the sessions they were chosen on.
    seeds : mapping of str to int or None, optional
        The seed each model was trained with, where the records know it.

    Returns
    -------
    Analysis
        Equal for equal results, whatever the machine was doing.

    Raises
    ------
    MissingDataError
        If the search holds no combo.

    Notes
    -----
    Timing: everything but `Analysis.outside` and the later paths of the weights is computed from
    in-sample sessions only.
    """
    if not results.n_combos:
        raise MissingDataError("There is no combo to analyse.", expected="at least one", found=0)
    main, robust = main_rows(results), robust_rows(results)
    listed = np.arange(min(top_n, results.n_combos))
    with progress.stage("Analysing the models", total=4) as advance:
        scores = attribution(results, top_n)
        advance(note="attribution")
        unlike = diversity(results)
        advance(note="diversity")
        clusters = _clusters(results)
        advance(note="clusters")
        source = None if out_of_sample is None else out_of_sample.shared
        weights = chosen_weights(results, source)
        advance(note="weights")
    rows = np.union1d(np.union1d(main, robust), listed)
    overfit = overfit_statistics(results, rows, progress=progress)
    outside = None if out_of_sample is None else outside_of(results, main, source=out_of_sample)
    return Analysis(
        top_n=top_n,
        main=main,
        robust=robust,
        verdict=verdict(overfit, outside),
        caveats=caveats(results, overfit, clusters=clusters, diversity=unlike, seeds=seeds),
        attribution=scores,
        diversity=unlike,
        sizes=size_effects(results),
        clusters=clusters,
        weights=weights,
        overfit=overfit,
        outside=outside,
    )


def _clusters(results: SearchResults) -> Clusters | None:
    rows = np.array(list(results.single_rows.values()), dtype=np.int64)
    if not len(rows):
        return None
    shared = shared_returns(results.paths_of(rows), results.benchmark_returns)
    return model_clusters(tuple(results.single_rows), shared)

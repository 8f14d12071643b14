"""What the figures mean, in sentences: read first, and quoted wherever a combo is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quantpits.search.analysis_clusters import Clusters
    from quantpits.search.analysis_diversity import Diversity
    from quantpits.search.analysis_outside import OutOfSample
    from quantpits.search.analysis_overfit import Overfit
    from quantpits.search.results import SearchResults

__all__ = ["caveats", "verdict"]

CONVINCING: Final = 0.95
"""Deflated Sharpe ratio from which a result is commonly believed."""

LITTLE_OVERFIT: Final = 0.10
MUCH_OVERFIT: Final = 0.50
"""Probabilities of backtest overfitting below which a choice carries over, and above which it is no
better than drawing lots."""

SHORT_BLOCK: Final = 20
"""Sessions below which a block of the cross-validation is pointed out: about a month."""

_SHOWN_SEEDS = 8


def verdict(overfit: Overfit, outside: OutOfSample | None) -> tuple[str, ...]:
    """Return what the search says about its own best combo.

    Parameters
    ----------
    overfit : Overfit
        How far it can be trusted; its first row is the best combo.
    outside : OutOfSample or None
        What became of the best afterwards.

    Returns
    -------
    tuple of str
        Sentences, the most important first.
    """
    sentences = [_trials(overfit), *_deflation(overfit), *_over_the_benchmark(overfit)]
    sentences += [*_cross_validation(overfit), *_band(overfit)]
    if outside is not None:
        sentences.append(_outside(outside))
    return tuple(sentences)


def caveats(
    results: SearchResults,
    overfit: Overfit,
    *,
    clusters: Clusters | None,
    diversity: Diversity,
    seeds: Mapping[str, int | None] | None,
) -> tuple[str, ...]:
    """Return what the figures do not say.

    Parameters
    ----------
    results : SearchResults
        The search.
    overfit : Overfit
        How far it can be trusted.
    clusters : Clusters or None
        The tree of models, if there is one.
    diversity : Diversity
        What combining brings.
    seeds : mapping of str to int or None, optional
        The seed each model was trained with, where the records know it.

    Returns
    -------
    tuple of str
        Sentences.
    """
    found = [_seed_noise(results.models, seeds)]
    if results.benchmark_returns is not None:
        found.append(
            "The list is ranked by annualised excess over the benchmark; the cross-validation, the "
            "bands and the deflated Sharpe ratio judge by Sharpe ratio, which knows no benchmark: "
            "in a rising market all combos look good to them."
        )
    if len(results.dates) < results.periods_per_year:
        found.append(
            f"The in-sample window is {len(results.dates)} sessions, less than a year: annual "
            "figures multiply what happened in them."
        )
    if overfit.pbo is not None and int(results.block_rows.min()) < SHORT_BLOCK:
        found.append(
            f"The cross-validation cuts the window into blocks of {int(results.block_rows.min())} "
            "sessions. Positions held over a cut belong to both halves, so with blocks this short "
            "the halves are not strangers to each other."
        )
    if overfit.n_combos < overfit.n_trials:
        found.append(
            f"Only {overfit.n_combos:,} of the {overfit.n_trials:,} trials are in this table, and "
            "they were chosen in-sample: the cross-validation and the spread of the trials are "
            "those of the chosen ones, so the probability of overfitting is too low."
        )
    if not diversity.has_bonus and results.n_combos:
        found.append(
            "There is no diversity bonus: no combo of several models has all of its members "
            "simulated alone (search with --min-combo-size 1)."
        )
    if clusters is not None and clusters.left_out:
        found.append(f"Without a deviation, so in no cluster: {', '.join(clusters.left_out)}.")
    if results.is_synthetic:
        found.append("The market is synthetic: no figure here says anything about a real one.")
    return tuple(found)


def _trials(overfit: Overfit) -> str:
    noun = "combo was" if overfit.n_trials == 1 else "combos were"
    text = f"{overfit.n_trials:,} {noun} tried, and every one counts as a trial"
    effective, alike = overfit.effective_trials, overfit.mean_correlation
    if effective is None or alike is None:
        return f"{text}."
    worth = f"{effective:,.0f}"
    return (
        f"{text}; the daily returns of two of them correlate {alike:.2f} on average, so they are "
        f"worth about {worth} independent {'one' if worth == '1' else 'ones'}."
    )


def _deflation(overfit: Overfit) -> list[str]:
    if not len(overfit.rows) or np.isnan(overfit.sharpe[0]):
        return ["The best combo has no Sharpe ratio, so nothing can be said of its luck."]
    best, chance = float(overfit.sharpe[0]), float(overfit.deflated[0])
    if overfit.expected_max is None or np.isnan(chance):
        return [f"The best combo has a Sharpe ratio of {best:.2f} a year."]
    is_convincing = chance >= CONVINCING
    text = (
        f"The best combo has a Sharpe ratio of {best:.2f} a year; the best of as many worthless "
        f"ones would be expected to show {overfit.expected_max:.2f}. The probability that its true "
        f"ratio is above that is {_percent(chance)} (deflated Sharpe ratio), "
        f"{'above' if is_convincing else 'below'} the 95 % usually asked for."
    )
    if is_convincing:
        return [text]
    if overfit.minimum_years is None:
        return [text, "A longer record of the same quality would not help: it is not above luck."]
    return [text, f"It would take {overfit.minimum_years:.1f} years of such a record to be sure."]


def _over_the_benchmark(overfit: Overfit) -> list[str]:
    over = overfit.active
    if over is None or not len(over.ratio) or np.isnan(over.ratio[0]):
        return []
    text = (
        f"Over the benchmark its ratio is {over.ratio[0]:.2f} (information ratio); the best of as "
        f"many worthless ones would be expected to show {over.expected_max:.2f}, and the "
        f"probability that the true one is above that is {_percent(float(over.deflated[0]))}."
    )
    return [text]


def _cross_validation(overfit: Overfit) -> list[str]:
    pbo = overfit.pbo
    if pbo is None:
        return [f"The probability of backtest overfitting is unknown: {overfit.pbo_missing}."]
    if pbo.probability >= MUCH_OVERFIT:
        meaning = "Choosing the best here is no better than drawing lots"
    elif pbo.probability > LITTLE_OVERFIT:
        meaning = "The choice carries over, but not reliably"
    else:
        meaning = "The choice carries over well"
    splits = (
        f"Of {pbo.n_splits:,} ways to cut the sessions into two halves, the combo that was best in "
        f"one half was at or below the median of all {pbo.n_paths:,} in the other in "
        f"{_percent(pbo.probability)} (probability of backtest overfitting), and earned less than "
        f"the risk-free rate there in {_percent(pbo.loss_probability)}. {meaning}."
    )
    before, after = float(np.median(pbo.in_sample)), float(np.median(pbo.out_of_sample))
    fall = (
        f"The Sharpe ratio of the combo chosen on one half went from {before:.2f} there to "
        f"{after:.2f} in the other (medians)."
    )
    return [splits, fall]


def _band(overfit: Overfit) -> list[str]:
    if not len(overfit.rows) or np.isnan(overfit.low[0]):
        return []
    low, high = float(overfit.low[0]), float(overfit.high[0])
    others = overfit.sharpe[1:]
    others = others[~np.isnan(others)]
    text = (
        f"Resampled, the best combo's Sharpe ratio lies between {low:.2f} and {high:.2f} in "
        f"{_percent(overfit.confidence)} of the cases"
    )
    if not len(others):
        return [f"{text}."]
    inside = int(((others >= low) & (others <= high)).sum())
    alike = (
        f"of the {len(others):,} other combos shown here, {inside:,} "
        f"{'has' if inside == 1 else 'have'} a ratio inside that band and cannot be told from it"
    )
    return [f"{text}; {alike}."]


def _outside(outside: OutOfSample) -> str:
    over = "above the benchmark" if outside.has_benchmark else "above zero"
    text = (
        f"Out of sample ({outside.dates[0]} to {outside.dates[-1]}, {len(outside.dates):,} "
        f"sessions), {outside.n_above} of the first {len(outside.rows)} combos were {over}"
    )
    if not np.isnan(outside.ann_excess[0]):
        kind = "an annual excess" if outside.has_benchmark else "an annual return"
        text = f"{text}; the best one had {kind} of {outside.ann_excess[0]:+.1%}"
    if outside.rank_correlation is None:
        return f"{text}."
    return f"{text}, and the two rankings correlate {outside.rank_correlation:+.2f}."


def _seed_noise(models: Sequence[str], seeds: Mapping[str, int | None] | None) -> str:
    text = (
        "Each model was trained once. Trained again with another seed, the same model's annual "
        "return typically moves by one to three percentage points (Qlib's own tables of 20 runs a "
        "model), so differences of that size between combos are noise"
    )
    known = [
        f"{model} {seeds[model]}"
        for model in models
        if seeds is not None and seeds.get(model) is not None
    ]
    if not known:
        return f"{text}."
    shown = ", ".join(known[:_SHOWN_SEEDS])
    rest = len(known) - _SHOWN_SEEDS
    return f"{text}. Seeds: {shown}{f' and {rest} more' if rest > 0 else ''}."


def _percent(fraction: float) -> str:
    """Return a whole percent, never rounded to certainty."""
    if 0.0 < fraction < 0.01:  # noqa: PLR2004 - one percent
        return "under 1 %"
    if 0.99 < fraction < 1.0:  # noqa: PLR2004 - 99 percent
        return "over 99 %"
    return f"{100 * fraction:.0f} %"

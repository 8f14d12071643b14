"""The text report of a search: the verdict first, then the tables behind it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantpits.search.analysis import Analysis
    from quantpits.search.results import IntArray, SearchResults

__all__ = ["report_lines"]

_WIDTH: Final = 100
_UNDEFINED: Final = "-"
_NAMES_SHOWN: Final = 60

Lines: TypeAlias = "list[str]"


def report_lines(results: SearchResults, analysis: Analysis) -> list[str]:
    """Return the text report of a search.

    Parameters
    ----------
    results : SearchResults
        The search.
    analysis : Analysis
        Its analysis.

    Returns
    -------
    list of str
        Lines without line ends; no clock, no path: equal results make an equal report.
    """
    kind = "fast search" if results.kind == "fast" else "exact search"
    lines = [f"Analysis of the {kind}, anchor {results.anchor}", "=" * _WIDTH]
    lines += list(results.description)
    lines += ["", *_heading("What this says")]
    for sentence in analysis.verdict:
        lines += _wrapped(sentence, "- ")
    lines += ["", *_heading("What this does not say")]
    for sentence in analysis.caveats:
        lines += _wrapped(sentence, "- ")
    lines += _ranked(results, analysis)
    lines += _attribution(analysis)
    lines += _diversity(results, analysis)
    lines += _sizes(results, analysis)
    lines += _clusters(analysis)
    lines += _weights(analysis)
    lines += _overfit(results, analysis)
    return lines


def _ranked(results: SearchResults, analysis: Analysis) -> Lines:
    lines = ["", *_heading(f"Best {len(analysis.main)} by annualised excess return")]
    lines += _combo_table(results, analysis, analysis.main)
    lines += [
        "",
        *_heading(f"Best {len(analysis.robust)} by drawdown, of those above 10 % a year"),
    ]
    if not len(analysis.robust):
        return [*lines, "No combo earns more than 10 % a year."]
    return lines + _combo_table(results, analysis, analysis.robust)


def _combo_table(results: SearchResults, analysis: Analysis, rows: IntArray) -> Lines:
    header = (
        "#",
        "Excess",
        "Return",
        "MaxDD",
        "Calmar",
        "Sharpe",
        "band 90 %",
        "DSR",
        "IR",
        "DSR.ex",
        "models",
    )
    cells = []
    for row in rows.tolist():
        trust = analysis.overfit.at(row)
        band = f"{_number(trust.low)}..{_number(trust.high)}"
        cells.append(
            (
                str(row + 1),
                _percent(results.table["Ann_Excess"][row]),
                _percent(results.table["Ann_Ret"][row]),
                _percent(results.table["Max_DD"][row]),
                _number(results.table["Calmar"][row]),
                _number(results.table["Sharpe"][row]),
                band if not math.isnan(trust.low) else _UNDEFINED,
                _percent(trust.deflated, digits=1),
                _number(trust.active_ratio),
                _percent(trust.active_deflated, digits=1),
                _cut(results.label_of(row)),
            )
        )
    return _table(header, cells)


def _attribution(analysis: Analysis) -> Lines:
    found = analysis.attribution
    title = f"Models in the best and the worst {found.n_side} combos by Calmar ratio (disjoint)"
    cells = [
        (
            model,
            str(found.top_count[at]),
            str(found.bottom_count[at]),
            f"{found.net_score[at]:+d}",
            _percent(found.mean_with[at]),
            _percent(found.mean_without[at]),
        )
        for at, model in enumerate(found.models)
    ]
    header = ("model", "best", "worst", "net", "excess with", "excess without")
    core = ", ".join(found.core) or "none stands out"
    return ["", *_heading(title), *_table(header, cells, n_text=1), f"Core models: {core}"]


def _diversity(results: SearchResults, analysis: Analysis) -> Lines:
    found = analysis.diversity
    lines = ["", *_heading("Diversity: how unlike members are, and what that is worth")]
    excess, calmar, sharpe = (
        _signed(value) for value in (found.corr_excess, found.corr_calmar, found.corr_sharpe)
    )
    lines.append(
        "Correlation of the members' likeness with a combo's figures, two models and more:"
    )
    lines.append(
        f"  annualised excess {excess}, Calmar {calmar}, Sharpe {sharpe} "
        "(below 0: unlike members do better)"
    )
    if found.has_bonus:
        lines.append("Highest gain over the mean of the members alone:")
        cells = [
            (
                str(row + 1),
                _percent(found.bonus[row]),
                _number(found.avg_corr[row]),
                _cut(results.label_of(row)),
            )
            for row in found.best_bonus.tolist()
        ]
        lines += _table(("#", "bonus", "likeness", "models"), cells)
    golden = [f"{row + 1} ({_cut(results.label_of(row))})" for row in found.golden.tolist()[:10]]
    count = f"{len(found.golden):,}, first {'; '.join(golden)}" if golden else "none"
    title = "Golden combos (likeness below 0.3, Calmar ratio in the best tenth)"
    return [*lines, *_wrapped(f"{title}: {count}", "")]


def _sizes(results: SearchResults, analysis: Analysis) -> Lines:
    header = (
        "models",
        "combos",
        "mean",
        "median",
        "best",
        "worst",
        "Calmar",
        "MaxDD",
        "best combo",
    )
    cells = [
        (
            str(size.n_models),
            f"{size.n_combos:,}",
            _percent(size.mean),
            _percent(size.median),
            _percent(size.best),
            _percent(size.worst),
            _number(size.mean_calmar),
            _percent(size.mean_max_dd),
            _cut(results.label_of(size.best_row)),
        )
        for size in analysis.sizes
    ]
    title = "Number of models in a combo, annualised excess return"
    return ["", *_heading(title), *_table(header, cells)]


def _clusters(analysis: Analysis) -> Lines:
    lines = ["", *_heading("Models that earn alike (Ward, distance of daily excess returns)")]
    if analysis.clusters is None:
        return [*lines, "Fewer than two models were simulated alone, so there is no tree."]
    for number, group in enumerate(analysis.clusters.groups, start=1):
        lines += _wrapped(f"{number}. {', '.join(group)}", "  ")
    return lines


def _weights(analysis: Analysis) -> Lines:
    lines = ["", *_heading("Weights of the best single models, from in-sample returns only")]
    found = analysis.weights
    if found is None:
        return [*lines, "Fewer than two models were simulated alone, so there are no weights."]
    kinds = tuple(found.columns)
    cells = [
        (model, *(_percent(found.columns[kind][at]) for kind in kinds))
        for at, model in enumerate(found.models)
    ]
    lines += _table(("model", *kinds), cells, n_text=1)
    lines += [f"No {kind}: {reason}." for kind, reason in found.missing.items()]
    for title, paths in (
        ("in-sample", found.in_sample),
        ("out-of-sample", found.out_of_sample),
    ):
        if paths is None:
            continue
        lines.append(
            f"{title}, {paths.dates[0]} to {paths.dates[-1]}, {len(paths.dates)} sessions:"
        )
        worth = [
            (
                kind,
                _percent(figures.annualised_return),
                _percent(figures.annualised_excess),
                _percent(figures.max_drawdown),
                _number(figures.sharpe),
            )
            for kind, figures in paths.figures.items()
        ]
        lines += _table(("weights", "Return", "Excess", "MaxDD", "Sharpe"), worth, n_text=1)
    lines += _wrapped(
        "Each model's own portfolio is a sleeve, brought back to its weight every session at no "
        "cost; a combo fuses scores before it trades and is another thing.",
        "",
    )
    return lines


def _overfit(results: SearchResults, analysis: Analysis) -> Lines:
    found = analysis.overfit
    pairs = [
        ("trials", f"{found.n_trials:,}"),
        ("combos in the table", f"{found.n_combos:,}"),
        ("mean correlation of daily returns", _number(found.mean_correlation)),
        ("  measured on combos", f"{found.n_correlated:,}"),
        ("independent trials they are worth", _number(found.effective_trials, digits=1)),
        ("Sharpe ratios of the trials: mean", _number(found.trial_sharpe_mean, digits=3)),
        ("  deviation", _number(found.trial_sharpe_deviation, digits=3)),
        ("expected best of worthless trials", _number(found.expected_max, digits=3)),
        ("  of the independent ones", _number(found.expected_max_effective, digits=3)),
        ("deflated Sharpe ratio of the best", _number(float(found.deflated[0]), digits=4)),
        ("  of the independent ones", _number(float(found.deflated_effective[0]), digits=4)),
    ]
    if found.active is not None:
        pairs += [
            ("information ratio: deviation", _number(found.active.deviation, digits=3)),
            ("  measured on combos", f"{found.active.n_sampled:,}"),
            ("  expected best of worthless trials", _number(found.active.expected_max, digits=3)),
            ("  deflated, of the best", _number(float(found.active.deflated[0]), digits=4)),
        ]
    if found.pbo is not None:
        pairs += [
            ("probability of backtest overfitting", _number(found.pbo.probability, digits=4)),
            ("  splits", f"{found.pbo.n_splits:,}"),
            ("  blocks, sessions each", f"{found.pbo.n_blocks}, {int(results.block_rows[0])}"),
            ("  probability of loss", _number(found.pbo.loss_probability, digits=4)),
            ("  degradation: slope", _number(found.pbo.slope, digits=3)),
            ("  degradation: intercept", _number(found.pbo.intercept, digits=3)),
        ]
    lines = ["", *_heading("Overfitting")]
    lines += [f"{name:<38}{value:>14}" for name, value in pairs]
    lines += _wrapped(
        "DSR: deflated Sharpe ratio. IR: information ratio, over the benchmark. DSR.ex: the same "
        "deflated.",
        "",
    )
    lines += _wrapped(
        f"Bands: stationary bootstrap, {found.n_resamples:,} resamples, seed {found.seed}. "
        "Sources: Bailey & López de Prado (2014); Bailey, Borwein, López de Prado & Zhu (2017); "
        "Politis & Romano (1994).",
        "",
    )
    return lines


def _heading(text: str) -> Lines:
    return [text, "-" * len(text)]


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], *, n_text: int = 0) -> Lines:
    """Return an aligned table; the last column and the first `n_text` are text, left-aligned."""
    is_text_last = n_text == 0
    widths = [max(len(cells[at]) for cells in (header, *rows)) for at in range(len(header))]
    lines = []
    for cells in (header, *rows):
        parts = []
        for at, (cell, width) in enumerate(zip(cells, widths, strict=True)):
            is_left = at < n_text or (is_text_last and at == len(header) - 1)
            parts.append(cell.ljust(width) if is_left else cell.rjust(width))
        lines.append("  ".join(parts).rstrip())
    return lines


def _wrapped(text: str, indent: str) -> Lines:
    """Return `text` in lines of at most 100 characters; only the first has the bullet."""
    lines, line = [], indent
    for word in text.split(" "):
        if len(line) > len(indent) and len(line) + 1 + len(word) > _WIDTH:
            lines.append(line)
            line = " " * len(indent) + word
        else:
            line = f"{line} {word}" if len(line) > len(indent) else line + word
    return [*lines, line]


def _cut(names: str) -> str:
    return names if len(names) <= _NAMES_SHOWN else f"{names[: _NAMES_SHOWN - 1]}…"


def _percent(value: float | None, *, digits: int = 2) -> str:
    if value is None or math.isnan(value):
        return _UNDEFINED
    return f"{value:.{digits}%}"


def _number(value: float | None, *, digits: int = 2) -> str:
    if value is None or math.isnan(value):
        return _UNDEFINED
    return f"{value:,.{digits}f}"


def _signed(value: float | None) -> str:
    return _UNDEFINED if value is None else f"{value:+.2f}"

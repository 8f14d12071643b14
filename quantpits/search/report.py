"""The page and the pictures of a search: bytes by file name.

The page is for the person who has to choose. It says first how far the ranking can be trusted, then
shows the ranking with that beside every row, then why: models, likeness, sizes, weights; and last
what to do next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantpits.charts import (
    Code,
    Column,
    Facts,
    Fold,
    Heading,
    Note,
    Page,
    Paragraph,
    Table,
    page_html,
    png_bytes,
)
from quantpits.search.pictures import (
    PICTURES,
    all_models_row,
    best_single_row,
    convention,
    correlation_chart,
    counted,
    picture_charts,
)
from quantpits.search.report_trust import headline, outside_sections, trust_sections

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quantpits.charts import Chart, Section
    from quantpits.search.analysis import Analysis
    from quantpits.search.results import SearchResults

__all__ = ["REPORT_NAME", "report_files", "report_page"]

REPORT_NAME: Final = "report.html"
_TWO_YEARS: Final = 504
_MONTH: Final = 21
_RANKING_COLUMNS: Final = (
    Column("rank", "integer"),
    Column("models"),
    Column("n", "integer"),
    Column("Ann_Excess", "percent"),
    Column("Ann_Ret", "percent"),
    Column("Max_DD", "percent"),
    Column("Calmar", "number"),
    Column("Sharpe", "number"),
    Column("low", "number"),
    Column("high", "number"),
    Column("DSR", "percent", 0),
    Column("DSR excess", "percent", 0),
    Column("Turnover", "number", 1),
)


def report_files(results: SearchResults, analysis: Analysis) -> dict[str, bytes]:
    """Return the page and the pictures of a search.

    Parameters
    ----------
    results : SearchResults
        The search, best combo first.
    analysis : Analysis
        Its analysis.

    Returns
    -------
    dict of str to bytes
        File name to content; the same for the same search. Pictures that have nothing to show are
        missing.
    """
    charts = picture_charts(results, analysis)
    files = {
        f"{PICTURES[name]}_{results.anchor}.png": png_bytes(chart) for name, chart in charts.items()
    }
    page = report_page(results, analysis, charts=charts)
    files[REPORT_NAME] = page_html(page).encode("utf-8")
    return files


def report_page(results: SearchResults, analysis: Analysis, *, charts: Mapping[str, Chart]) -> Page:
    """Return the page of a search.

    Parameters
    ----------
    results : SearchResults
        The search.
    analysis : Analysis
        Its analysis.
    charts : mapping of str to Chart
        What `picture_charts` gave.

    Returns
    -------
    Page
        The verdict first.
    """
    return Page(
        title=f"Which models to combine: {counted(results.n_combos)} at {results.anchor}",
        subtitle=convention(results),
        sections=(
            *_synthetic(results),
            *trust_sections(results, analysis),
            *outside_sections(results, analysis),
            *_searched(results, analysis),
            *_ranking(results, analysis),
            charts["top_equity"],
            charts["risk_return"],
            *_models(analysis, charts),
            *_likeness(results, analysis, charts),
            *_weights(analysis, charts),
            *_next(results, analysis),
        ),
    )


def _synthetic(results: SearchResults) -> tuple[Section, ...]:
    if not results.is_synthetic:
        return ()
    return (
        Note("The market is synthetic: no figure here says anything about real shares.", "bad"),
    )


def _searched(results: SearchResults, analysis: Analysis) -> tuple[Section, ...]:
    first, last = results.dates[0], results.dates[-1]
    smallest, largest = int(results.sizes.min()), int(results.sizes.max())
    kind = "the exact search" if results.kind == "exact" else "the fast search"
    pairs = (
        ("anchor", str(results.anchor)),
        ("made by", kind),
        ("in-sample sessions", f"{first} to {last}, {len(results.dates):,} sessions"),
        ("combos searched", f"{results.n_combos:,}, of {smallest} to {largest} models"),
        ("trials", f"{results.n_trials:,}"),
        ("models", f"{len(results.models)}: {', '.join(results.models)}"),
        ("periods a year", str(results.periods_per_year)),
        *(_named(text) for text in results.description),
    )
    return (
        Heading("What was searched"),
        Facts(pairs=pairs),
        Fold(
            "What these figures do not say",
            tuple(Paragraph(text) for text in analysis.caveats),
        ),
    )


def _named(text: str) -> tuple[str, str]:
    """Return a line of the description as name and value, where it begins with a name."""
    name, mark, value = text.partition(": ")
    return (name.lower(), value) if mark else ("convention", text)


def _ranking(results: SearchResults, analysis: Analysis) -> tuple[Section, ...]:
    main = analysis.main.tolist()
    listed = range(min(analysis.top_n, results.n_combos))
    rest = [row for row in listed if row not in set(main)]
    others = {
        "best single model": best_single_row(results),
        "all models together": all_models_row(results),
    }
    sections: list[Section] = [
        Heading("The ranking"),
        Paragraph(
            "By annualised excess over the benchmark, net of costs, in sample. Low and high are "
            "the ends of the bootstrap band of the Sharpe ratio; DSR is the probability that the "
            "true Sharpe ratio is above what luck alone would bring the best of all trials to, and "
            "DSR excess the same for the returns over the benchmark."
        ),
        _combo_table(results, analysis, main, caption=f"First {len(main)}"),
    ]
    shown = [row for row in dict.fromkeys(others.values()) if row is not None and row not in main]
    known = [row for row in shown if row in set(analysis.overfit.rows.tolist())]
    unknown = [row for row in shown if row not in known]
    if shown:
        caption = "For comparison: " + " and ".join(
            name for name, row in others.items() if row in shown
        )
        sections.append(_combo_table(results, analysis, [*known, *unknown], caption=caption))
    if len(analysis.robust):
        title = "Shallowest drawdowns among combos above 10 % a year"
        table = _combo_table(results, analysis, analysis.robust.tolist(), caption=title)
        sections.append(Fold(title, (table,)))
    if rest:
        title = f"The ranking to row {rest[-1] + 1:,}"
        sections.append(Fold(title, (_combo_table(results, analysis, rest, caption=title),)))
    return tuple(sections)


def _combo_table(
    results: SearchResults, analysis: Analysis, rows: Sequence[int], *, caption: str
) -> Table:
    known = set(analysis.overfit.rows.tolist())
    cells = []
    for row in rows:
        figures = {name: float(values[row]) for name, values in results.table.items()}
        trust = analysis.overfit.at(row) if row in known else None
        cells.append(
            (
                row + 1,
                results.label_of(row),
                int(results.sizes[row]),
                figures["Ann_Excess"],
                figures["Ann_Ret"],
                figures["Max_DD"],
                figures["Calmar"],
                figures["Sharpe"],
                None if trust is None else trust.low,
                None if trust is None else trust.high,
                None if trust is None else trust.deflated,
                None if trust is None else trust.active_deflated,
                figures["Turnover"],
            )
        )
    return Table(columns=_RANKING_COLUMNS, rows=tuple(cells), caption=caption)


def _models(analysis: Analysis, charts: Mapping[str, Chart]) -> tuple[Section, ...]:
    found = analysis.attribution
    core = ", ".join(found.core)
    text = f"Most often in good combos: {core}." if core else "No model stands out."
    table = Table(
        columns=(
            Column("model"),
            Column("in the best", "integer"),
            Column("in the worst", "integer"),
            Column("net", "integer"),
            Column("mean excess with it", "percent"),
            Column("mean excess without it", "percent"),
        ),
        rows=tuple(
            (
                model,
                int(found.top_count[at]),
                int(found.bottom_count[at]),
                int(found.net_score[at]),
                float(found.mean_with[at]),
                float(found.mean_without[at]),
            )
            for at, model in enumerate(found.models)
        ),
        caption="Every model",
    )
    drawn = [charts["attribution"]] if "attribution" in charts else []
    return (Heading("Which models make good combos"), Paragraph(text), *drawn, table)


def _likeness(
    results: SearchResults, analysis: Analysis, charts: Mapping[str, Chart]
) -> tuple[Section, ...]:
    sizes = Table(
        columns=(
            Column("models", "integer"),
            Column("combos", "integer"),
            Column("mean excess", "percent"),
            Column("median", "percent"),
            Column("best", "percent"),
            Column("worst", "percent"),
            Column("mean Calmar", "number"),
            Column("mean Max_DD", "percent"),
            Column("best combo"),
        ),
        rows=tuple(
            (
                size.n_models,
                size.n_combos,
                size.mean,
                size.median,
                size.best,
                size.worst,
                size.mean_calmar,
                size.mean_max_dd,
                f"#{size.best_row + 1} {results.label_of(size.best_row)}",
            )
            for size in analysis.sizes
        ),
        caption="Combos by number of models",
    )
    drawn = [charts[name] for name in ("diversity", "dendrogram") if name in charts]
    return (
        Heading("Does combining help, and whom with whom?"),
        sizes,
        *drawn[:1],
        correlation_chart(results, analysis),
        *drawn[1:],
    )


def _weights(analysis: Analysis, charts: Mapping[str, Chart]) -> tuple[Section, ...]:
    found = analysis.weights
    if found is None:
        return ()
    kinds = tuple(found.columns)
    weights = Table(
        columns=(
            Column("model"),
            *(Column(kind.replace("_", " "), "percent", 1) for kind in kinds),
        ),
        rows=tuple(
            (model, *(float(found.columns[kind][at]) for kind in kinds))
            for at, model in enumerate(found.models)
        ),
        caption="Weights",
    )
    columns = (
        Column("weights"),
        Column("Ann_Ret", "percent"),
        Column("Ann_Excess", "percent"),
        Column("Max_DD", "percent"),
        Column("Sharpe", "number"),
    )
    tables = [
        Table(
            columns=columns,
            rows=tuple(
                (
                    kind.replace("_", " "),
                    figures.annualised_return,
                    figures.annualised_excess,
                    figures.max_drawdown,
                    figures.sharpe,
                )
                for kind, figures in paths.figures.items()
            ),
            caption=f"{when}, {paths.dates[0]} to {paths.dates[-1]}",
        )
        for when, paths in (("In sample", found.in_sample), ("Out of sample", found.out_of_sample))
        if paths is not None
    ]
    text = (
        "Weights of the best single models, chosen on in-sample returns only. Each model's own "
        "portfolio is a sleeve; a combo fuses scores before it trades and is another thing."
    )
    return (
        Heading("Weights instead of equal shares"),
        Paragraph(text),
        weights,
        charts["weights_equity"],
        *tables,
    )


def _next(results: SearchResults, analysis: Analysis) -> tuple[Section, ...]:
    sections: list[Section] = [Heading("What to do next")]
    script = "brute_force_fast.py" if results.kind == "fast" else "brute_force_ensemble.py"
    if analysis.outside is None:
        sections += [
            Paragraph(
                "Nothing was tested out of sample. Search again without the last part of the "
                "sessions, and see what becomes of the best in it:"
            ),
            Code(f"python engine/scripts/{script} {_kept_away(results)} --auto-test-top 20"),
        ]
    if results.kind == "fast":
        sections += [
            Paragraph("Let Qlib's own backtest confirm the best:"),
            Code(
                "python engine/scripts/brute_force_ensemble.py --candidates "
                f"output/brute_force_fast/brute_force_fast_results_{results.anchor}.csv --top 20"
            ),
        ]
    row, which = _proposal(results, analysis)
    sections += [
        Paragraph(
            f"Make a row of the ranking a combo of config/ensemble_config.json, here {which}, and "
            "fuse it:"
        ),
        Code(
            f"quantpits search promote --rank {row + 1} --name chosen\n"
            "quantpits fuse --combo chosen"
        ),
    ]
    return tuple(sections)


def _kept_away(results: SearchResults) -> str:
    """Return the flag that keeps a year out of sample, or a quarter of a shorter history."""
    if len(results.dates) >= _TWO_YEARS:
        return "--exclude-last-years 1"
    return f"--exclude-last-months {max(len(results.dates) // _MONTH // 4, 1)}"


def _proposal(results: SearchResults, analysis: Analysis) -> tuple[int, str]:
    """Return the row to propose: not the first where that is no better than another."""
    tone, _ = headline(analysis)
    everything = all_models_row(results)
    if tone == "bad" and everything is not None:
        return everything, "all models together"
    return 0, "the first"

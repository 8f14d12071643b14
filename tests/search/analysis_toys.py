"""Searches small enough to be reckoned by hand, as the analysis reads them."""

from __future__ import annotations

from datetime import date
from itertools import combinations

import numpy as np

from quantpits.search.results import COLUMNS, ComboPaths, SearchResults, ranking
from quantpits.trading import path_metrics

START = np.datetime64("2021-01-04")


def toy_search(
    paths, *, members=None, n_blocks=4, benchmark=None, correlation=None, n_trials=None, **facts
):
    """Return a search whose combos are means of the models' daily returns.

    `paths` is {model: returns [T]}; `members` the combos as tuples of names, all by default.
    """
    models = tuple(sorted(paths))
    if members is None:
        members = [c for size in range(1, len(models) + 1) for c in combinations(models, size)]
    returns = np.array([np.mean([paths[name] for name in combo], axis=0) for combo in members])
    return search_of(
        returns.reshape(len(members), -1),
        models=models,
        members=members,
        n_blocks=n_blocks,
        benchmark=benchmark,
        correlation=np.corrcoef(np.array([paths[name] for name in models]))
        if correlation is None
        else correlation,
        n_trials=n_trials,
        **facts,
    )


def search_of(
    returns, *, models, members, correlation, n_blocks=4, benchmark=None, n_trials=None, **facts
):
    """Return a search of combos with given daily returns [B, T], NaN where they have no session."""
    n_sessions = returns.shape[1]
    table = {name: np.full(len(members), np.nan) for name in COLUMNS}
    for row, path in enumerate(returns):
        own = np.isfinite(path)
        if not own.any():
            continue
        found = path_metrics(
            np.cumprod(1 + path[own]),
            1.0,
            benchmark_returns=None if benchmark is None else benchmark[own],
        )
        excess = found.annualised_excess
        for name, value in (
            ("Ann_Ret", found.annualised_return),
            ("Max_DD", found.max_drawdown),
            ("Excess_Ret", found.excess_return),
            ("Ann_Excess", found.annualised_return if excess is None else excess),
            ("Total_Ret", found.total_return),
            ("Final_NAV", 1e8 * found.final_nav),
            ("Calmar", found.calmar),
            ("Sharpe", found.sharpe),
            ("Turnover", 10.0),
            ("Cost", 1234.5),
        ):
            table[name][row] = np.nan if value is None else value
    flat = np.array([models.index(name) for combo in members for name in combo], dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum([len(combo) for combo in members])])
    order = ranking(table["Ann_Excess"], members=flat, starts=starts)
    own = np.isfinite(returns[order])
    kept = np.where(own, returns[order], 0.0)
    block = n_sessions // n_blocks
    cut = kept[:, n_sessions - block * n_blocks :].reshape(len(members), n_blocks, block)
    dates = START + np.arange(n_sessions)

    def paths_of(rows):
        nav = np.where(own[rows], np.cumprod(1 + kept[rows], axis=1), np.nan)
        return ComboPaths(dates, nav, np.where(own[rows], kept[rows], np.nan))

    ordered = [members[at] for at in order]
    return SearchResults(
        **{
            "anchor": date(2021, 12, 31),
            "kind": "fast",
            "models": models,
            "members": np.array(
                [models.index(name) for combo in ordered for name in combo], dtype=np.int64
            ),
            "starts": np.concatenate([[0], np.cumsum([len(combo) for combo in ordered])]),
            "table": {name: values[order] for name, values in table.items()},
            "moments": np.stack([cut.sum(axis=2), (cut**2).sum(axis=2)], axis=1),
            "block_rows": np.full(n_blocks, block),
            "first_rows": np.argmax(own, axis=1),
            "stop_rows": n_sessions - np.argmax(own[:, ::-1], axis=1),
            "dates": dates,
            "benchmark_returns": benchmark,
            "correlation": correlation,
            "n_trials": len(members) if n_trials is None else n_trials,
            "periods_per_year": 252,
            "description": ("net of costs, daily values, 252 periods a year", "next_session, week"),
            "is_synthetic": False,
            "paths_of": paths_of,
            **facts,
        }
    )


def noisy_paths(seed=0, *, n_models=4, n_sessions=240, market=0.008, own=0.006, edge=0.0006):
    """Return {model: returns} that share a market; the first models have the larger edge."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(0.0003, market, n_sessions)
    return {
        f"model_{chr(97 + at)}": shared
        + rng.normal(edge * (n_models - at) / n_models, own, n_sessions)
        for at in range(n_models)
    }, shared


def hand_search(figures, **facts):
    """Return a search with given figures {column: [B]} in ranking order and flat paths."""
    n_combos = len(next(iter(figures.values())))
    members = facts.pop("members", None) or [("a",)] * n_combos
    models = tuple(sorted({name for combo in members for name in combo}))
    table = {name: np.full(n_combos, np.nan) for name in COLUMNS}
    table |= {name: np.array(values, dtype=np.float64) for name, values in figures.items()}
    returns = np.zeros((n_combos, 16))
    made = search_of(
        returns,
        models=models,
        members=members,
        correlation=facts.pop("correlation", np.eye(len(models))),
        **facts,
    )
    flat = np.array([models.index(name) for combo in members for name in combo], dtype=np.int64)
    return SearchResults(
        **{
            **{name: getattr(made, name) for name in made.__dataclass_fields__},
            "members": flat,
            "starts": np.concatenate([[0], np.cumsum([len(combo) for combo in members])]),
            "table": table,
        }
    )

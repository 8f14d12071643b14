"""Decisions 10 and 11 in plain pandas, written from their words and not from the engine.

Scores are series by (datetime, instrument), one per model; returns are a frame of daily net returns
of each model's own portfolio, by date, empty before it exists. No array of the engine is used.
"""

import pandas as pd

RISK_FREE_A_DAY = 1.0135 ** (1 / 252) - 1


def own_rows(scores):
    """Return one column per model on the rows that every model of the combo scores."""
    return pd.concat(scores, axis=1, join="inner").dropna().sort_index()


def z_scores(rows):
    """Return each model's scores less the mean of the day, over the sample deviation; flat is 0."""
    days = rows.groupby(level="datetime")
    spread = days.transform("std").where(days.transform("nunique") > 1)
    return ((rows - days.transform("mean")) / spread).fillna(0.0)


def equal_weights(models):
    return pd.Series(1.0 / len(models), index=list(models))


def icir_weights(models, ic, icir, min_model_ic=0.0):
    share = pd.Series({m: max(0.0, icir[m]) if ic[m] > min_model_ic else 0.0 for m in models})
    if share.sum() == 0:
        raise ValueError("no model qualifies")
    return share / share.sum()


def manual_weights(models, given):
    if set(given) != set(models) or min(given.values()) < 0 or sum(given.values()) <= 0:
        raise ValueError("weights do not fit")
    share = pd.Series({m: float(given[m]) for m in models})
    return share / share.sum()


def dynamic_weights(returns, dates):
    """Return a row of weights for each date, from the returns of that day and before."""
    rows = []
    for day in dates:
        past = [returns[m].loc[:day].dropna() for m in returns]
        if min(len(path) for path in past) < 20:
            rows.append([1.0 / len(past)] * len(past))
            continue
        last = [path.tail(60) for path in past]
        ratios = [max(0.0, (p - RISK_FREE_A_DAY).mean() / p.std(ddof=1)) for p in last]
        total = sum(ratios)
        rows.append([r / total if total > 0 else 1.0 / len(past) for r in ratios])
    return pd.DataFrame(rows, index=dates, columns=list(returns))


def fuse(normal, weights):
    """Return the weighted sum of z-scores; weights are one series, or a row for each date."""
    if isinstance(weights, pd.Series):
        return normal.mul(weights, axis=1).sum(axis=1)
    by_day = weights.reindex(normal.index.get_level_values("datetime"))
    return (normal * by_day[normal.columns].to_numpy()).sum(axis=1)

"""What a model predicted, checked, and how well it agreed with what happened.

Scores are a float64 series by datetime and instrument without a single NaN: a model that scores
nothing, or scores with NaN, has failed. The information coefficient is taken on the raw label,
before any processor touched it, and only over days whose label is already known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quantpits.errors import ModelError
from quantpits.signals import ICSummary, information_coefficient, panel_from_series, summarise_ic
from quantpits.signals.ic_band import ICBands, ic_bands, part_margin

if TYPE_CHECKING:
    from datetime import date

__all__ = ["DailyIC", "MonthIC", "checked_scores", "daily_ic", "monthly_ic", "score_series"]

_NAMES = ["datetime", "instrument"]


@dataclass(frozen=True, slots=True, eq=False)
class DailyIC:
    """Agreement of scores and labels, by day.

    Attributes
    ----------
    ic, rank_ic : Series, float64 [n_days]
        Pearson and Spearman correlation by day, only days on which they are defined.
    summary : ICSummary
        Means and ratios; None where undefined, a real zero where zero.
    bands : ICBands
        How far these may be chance.
    """

    ic: pd.Series
    rank_ic: pd.Series
    summary: ICSummary
    bands: ICBands


@dataclass(frozen=True, slots=True)
class MonthIC:
    """Agreement of scores and labels in one month.

    Attributes
    ----------
    month : str
        ``YYYY-MM``.
    n_days : int
        Days on which the IC is defined.
    ic, rank_ic : float
        Means over these days.
    ic_margin, rank_ic_margin : float or None
        How far they may lie from the truth by chance; None where the window is too short to tell.
    """

    month: str
    n_days: int
    ic: float
    rank_ic: float
    ic_margin: float | None
    rank_ic_margin: float | None


def score_series(predicted: Any, model: str) -> pd.Series:
    """Return what a model predicted as a series, whatever the values are.

    Parameters
    ----------
    predicted : Series or DataFrame
        As the model's ``predict`` returned it; of a frame the column ``score``, or the first, is
        taken.
    model : str
        Name in the registry, for messages.

    Returns
    -------
    Series, float64 [n_rows]
        Named ``score``, by datetime and instrument, in the model's order.

    Raises
    ------
    ModelError
        If there is no score, or the index is not one of dates and instruments.

    Notes
    -----
    NaN: kept.
    """
    if isinstance(predicted, pd.DataFrame) and predicted.shape[1] > 0:
        predicted = predicted["score" if "score" in predicted.columns else predicted.columns[0]]
    if not isinstance(predicted, pd.Series) or sorted(map(str, predicted.index.names)) != _NAMES:
        raise ModelError(
            f"The model {model!r} did not predict a table of scores.",
            expected="a series by datetime and instrument",
            found=type(predicted).__name__,
        )
    if predicted.empty:
        raise ModelError(
            f"The model {model!r} predicted nothing.", hint="see that the test window has data"
        )
    scores = pd.Series(predicted.to_numpy(np.float64), index=predicted.index, name="score")
    return scores if list(scores.index.names) == _NAMES else scores.swaplevel()


def checked_scores(predicted: Any, model: str, *, last_session: date) -> pd.Series:
    """Return what a model predicted in the one shape that scores have.

    Parameters
    ----------
    predicted : Series or DataFrame
        As the model's ``predict`` returned it; of a frame the column ``score``, or the first, is
        taken.
    model : str
        Name in the registry, for messages.
    last_session : date
        The day that must be predicted.

    Returns
    -------
    Series, float64 [n_rows]
        Named ``score``, by datetime and instrument, sorted by both.

    Raises
    ------
    ModelError
        If there is no score, a score is not a finite number, the index is not one of dates and
        instruments, or the last session has no score.
    """
    scores = score_series(predicted, model)
    values = scores.to_numpy()
    n_bad = int(np.count_nonzero(~np.isfinite(values)))
    if n_bad:
        raise ModelError(
            f"The model {model!r} predicted {n_bad} values that are not numbers.",
            expected="a finite score for every row",
            found=f"{n_bad} of {values.size} are NaN or infinite",
            hint="add the processor Fillna to its infer_processors, or lower its learning rate",
        )
    last = scores.index.get_level_values("datetime").max().date()
    if last != last_session:
        raise ModelError(
            f"The model {model!r} did not predict the last session.",
            expected=f"scores for {last_session}",
            found=f"the last scores are for {last}",
            hint="see that the market data hold the universe's prices on that day",
        )
    return scores.sort_index()


def daily_ic(scores: pd.Series, labels: pd.Series) -> DailyIC:
    """Return the information coefficients of scores on the days whose labels are known.

    Parameters
    ----------
    scores : Series, float64 [n_rows]
        By datetime and instrument.
    labels : Series, float [n_labels]
        Raw labels [fraction] by datetime and instrument; NaN where not yet known.

    Returns
    -------
    DailyIC
        Days and their summary.

    Notes
    -----
    NaN: rows without a label, and days on which a correlation is undefined, are left out.
    """
    known = labels.reindex(scores.index).astype("float64")
    known = known[np.isfinite(known.to_numpy())]
    if known.empty:
        nothing = pd.Series(dtype="float64")
        undefined = ICSummary(None, None, None, None, 0)
        return DailyIC(nothing, nothing, undefined, ICBands(None, None, None, None))
    label_panel = panel_from_series(known)
    # Scores restricted to labelled rows, so that both panels have the same axes.
    score_panel = panel_from_series(scores.reindex(known.index))
    ic, rank_ic = information_coefficient(score_panel.scores, label_panel.scores)
    days = pd.DatetimeIndex(label_panel.dates.astype("datetime64[ns]"), name="datetime")
    return DailyIC(
        pd.Series(ic, index=days, name="ic").dropna(),
        pd.Series(rank_ic, index=days, name="rank_ic").dropna(),
        summarise_ic(ic, rank_ic),
        ic_bands(ic, rank_ic),
    )


def monthly_ic(ic: pd.Series, rank_ic: pd.Series) -> tuple[MonthIC, ...]:
    """Return the mean information coefficients by month.

    Parameters
    ----------
    ic, rank_ic : Series, float64 [n_days]
        By day, as `daily_ic` returns them.

    Returns
    -------
    tuple of MonthIC
        In their order; months without a day on which both are defined are left out.

    Notes
    -----
    The margin of a month rests on how the days of the whole window vary and move together: a month
    alone is too short to tell.
    """
    both = pd.DataFrame({"ic": ic, "rank_ic": rank_ic}).dropna()
    if both.empty:
        return ()
    values = {name: both[name].to_numpy(np.float64) for name in ("ic", "rank_ic")}
    months = []
    for month, days in both.groupby(pd.DatetimeIndex(both.index).strftime("%Y-%m"), sort=True):
        n_days = len(days)
        margins = [part_margin(values[name], n_days) for name in ("ic", "rank_ic")]
        means = [float(days[name].mean()) for name in ("ic", "rank_ic")]
        months.append(MonthIC(str(month), n_days, *means, *margins))
    return tuple(months)

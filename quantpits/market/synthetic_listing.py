"""Who is listed in the synthetic market, when, on which board and with what character.

The plan covers the whole horizon and depends on the seed alone. Codes lie in ranges that no company
uses, but carry the prefixes of their boards. New listings come only after their board dropped the
limits of the first five sessions (main board 2023-04-10, ChiNext 2020-08-24, STAR from its start),
so one rule serves them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import numpy.typing as npt

from quantpits.market.synthetic_random import Draws

__all__ = ["Board", "ListingPlan", "limit_ratio_bps", "make_listing_plan"]

Board = Literal["main", "chinext", "star", "beijing"]

_CHINEXT_REFORM = np.datetime64("2020-08-24")
_FREE_SESSIONS = {"main": 5, "chinext": 5, "star": 5, "beijing": 1}
N_SECTORS = 8
_DELISTED = 10
# Sessions in which a name that will be delisted declines, as in the exchanges' delisting period.
DECLINE_SESSIONS = 15
# End of a name that is not delisted: beyond every horizon.
NEVER = 1_000_000


@dataclass(frozen=True, slots=True)
class _Group:
    """Instruments with one prefix: how many are old, how many come, and from when on."""

    prefix: str
    board: Board
    n_seasoned: int
    n_new: int
    new_from: date


_GROUPS = (
    _Group("SH609", "main", 32, 6, date(2023, 4, 10)),
    _Group("SZ009", "main", 24, 4, date(2023, 4, 10)),
    _Group("SZ309", "chinext", 14, 10, date(2020, 9, 1)),
    _Group("SH6889", "star", 8, 8, date(2020, 3, 2)),
    _Group("BJ929", "beijing", 0, 4, date(2022, 1, 10)),
)


@dataclass(frozen=True, slots=True)
class ListingPlan:
    """The instruments of the synthetic market and their fixed character.

    Attributes
    ----------
    instruments : tuple of str [N]
        Codes, sorted.
    boards : tuple of str [N]
        Board of each.
    first, end : int64 [N]
        First session and the one after the last, as positions in the sessions; `NEVER` for a name
        that stays.
    is_seasoned : bool [N]
        Listed before the first session, so without a first day of trading in the data.
    sector : int64 [N]
        Sector, 0 to `N_SECTORS` - 1.
    issue_fen, shares : int64 [N]
        Starting price [fen] and shares outstanding.
    beta, volatility, daily_turnover : float64 [N]
        Market exposure, deviation of the own daily return, fraction of shares traded a day.
    """

    instruments: tuple[str, ...]
    boards: tuple[Board, ...]
    first: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]
    is_seasoned: npt.NDArray[np.bool_]
    sector: npt.NDArray[np.int64]
    issue_fen: npt.NDArray[np.int64]
    shares: npt.NDArray[np.int64]
    beta: npt.NDArray[np.float64]
    volatility: npt.NDArray[np.float64]
    daily_turnover: npt.NDArray[np.float64]


def make_listing_plan(seed: int, sessions: npt.NDArray[np.datetime64]) -> ListingPlan:
    """Draw the instruments of the market.

    Parameters
    ----------
    seed : int
        Seed of the market.
    sessions : datetime64[D] [T]
        Every session up to the horizon.

    Returns
    -------
    ListingPlan
        About a hundred instruments, sorted by code.
    """
    rows = sorted(_rows(Draws(seed, stream=0), sessions))
    instruments = tuple(row[0] for row in rows)
    n = len(rows)
    first = np.array([row[2] for row in rows], dtype=np.int64)
    is_seasoned = np.array([row[3] for row in rows])
    drawn = Draws(seed, stream=1).uniform(7, n)
    smallness = 1.0 - drawn[0]
    return ListingPlan(
        instruments=instruments,
        boards=tuple(row[1] for row in rows),
        first=first,
        end=_ends(Draws(seed, stream=2), is_seasoned, len(sessions)),
        is_seasoned=is_seasoned,
        sector=np.floor(drawn[1] * N_SECTORS).astype(np.int64),
        issue_fen=np.floor(600 + 5400 * drawn[2] * drawn[2]).astype(np.int64),
        # Cubed, so that few are large; whole ten thousands.
        shares=np.floor(6_000 + 300_000 * drawn[0] * drawn[0] * drawn[0]).astype(np.int64) * 10_000,
        beta=0.7 + 0.6 * drawn[3],
        volatility=0.011 + 0.008 * drawn[4] + 0.005 * smallness,
        daily_turnover=0.004 + 0.012 * drawn[5] * smallness,
    )


def limit_ratio_bps(
    plan: ListingPlan, sessions: npt.NDArray[np.datetime64]
) -> npt.NDArray[np.int64]:
    """Return the greatest move of each instrument on each session.

    Parameters
    ----------
    plan : ListingPlan
        The instruments.
    sessions : datetime64[D] [T]
        Every session up to the horizon.

    Returns
    -------
    int64 [T, N]
        Fraction of the reference price [1e-4]; 0 where there is no limit.

    Notes
    -----
    Source: trading rules of the three exchanges; ChiNext had 10 % until 2020-08-24, 20 % since.
    """
    position = np.arange(len(sessions), dtype=np.int64)
    ratios = np.zeros((len(sessions), len(plan.boards)), dtype=np.int64)
    for column, board in enumerate(plan.boards):
        ratio = {"main": 1000, "chinext": 2000, "star": 2000, "beijing": 3000}[board]
        ratios[:, column] = ratio
        if board == "chinext":
            ratios[sessions < _CHINEXT_REFORM, column] = 1000
        if not plan.is_seasoned[column]:
            age = position - plan.first[column]
            ratios[(age >= 0) & (age < _FREE_SESSIONS[board]), column] = 0
    return ratios


def _rows(draws: Draws, sessions: npt.NDArray[np.datetime64]) -> list[tuple[str, Board, int, bool]]:
    """Code, board, first session and whether seasoned, of each instrument."""
    rows: list[tuple[str, Board, int, bool]] = []
    for group in _GROUPS:
        width = len("SH000000") - len(group.prefix)
        start = int(np.searchsorted(sessions, np.datetime64(group.new_from)))
        span = (len(sessions) - start) / max(group.n_new, 1)
        jitter = draws.uniform(group.n_new)
        firsts = [0] * group.n_seasoned
        firsts += [start + int((i + u) * span) for i, u in enumerate(jitter.tolist())]
        for number, first in enumerate(firsts):
            code = f"{group.prefix}{number + 1:0{width}d}"
            rows.append((code, group.board, first, number < group.n_seasoned))
    return rows


def _ends(
    draws: Draws, is_seasoned: npt.NDArray[np.bool_], n_sessions: int
) -> npt.NDArray[np.int64]:
    """Delist some of the seasoned names, spread over all years but the first."""
    end = np.full(len(is_seasoned), NEVER, dtype=np.int64)
    lots = np.where(is_seasoned, draws.uniform(len(is_seasoned)), 2.0)
    leavers = np.argsort(lots, kind="stable")[:_DELISTED]
    year = 242
    span = (n_sessions - year) / _DELISTED
    jitter = draws.uniform(_DELISTED)
    for order, column in enumerate(leavers.tolist()):
        end[column] = year + int((order + float(jitter[order])) * span)
    return end

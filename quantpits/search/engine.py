"""Who simulates the combos: all at once in live timing, or one by one in Qlib's.

Every engine turns combos into the same table of figures. A combo's figures depend on its own models
only, so they are the same bytes in whatever batch, thread or process they were computed.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from quantpits.backtest import place_scores
from quantpits.errors import MissingDataError
from quantpits.search.results import ComboPaths
from quantpits.search.store import BatchResults
from quantpits.trading import (
    PERIODS_PER_YEAR,
    ComboPanel,
    ComboTerms,
    combo_simulation,
    rate_to_e8,
)
from quantpits.workspace import sha256_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

    from quantpits.backtest import BacktestSetting
    from quantpits.search.results import DateArray, FloatArray, IntArray
    from quantpits.signals import ScorePanel
    from quantpits.trading import ComboResults, ComboSimulation

__all__ = ["N_BLOCKS", "Engine", "SessionEngine", "placed_panels", "with_flat_cost"]

N_BLOCKS: Final = 16
"""Blocks of sessions of the moments: 12,870 ways of choosing half of them."""

_FEN_A_CNY = 100.0
# The simulator takes this many combos at a time; a thread gets whole blocks of them.
_A_BLOCK = 128


class Engine(Protocol):
    """Simulates combos of the models that it was made with."""

    @property
    def dates(self) -> DateArray:
        """Rows of a path: datetime64[D] [T]."""
        ...

    @property
    def block_rows(self) -> int:
        """Rows in each block of the moments; 0 if there are too few."""
        ...

    def run(self, members: IntArray, starts: IntArray) -> BatchResults:
        """Simulate combos, given as in `ComboList`."""
        ...

    def paths(self, members: IntArray, starts: IntArray) -> ComboPaths:
        """Simulate combos and keep every account value."""
        ...


def placed_panels(
    setting: BacktestSetting, panels: Mapping[str, ScorePanel], *, models: tuple[str, ...]
) -> FloatArray:
    """Return the models' raw scores on the rows and columns of a backtest.

    Parameters
    ----------
    setting : BacktestSetting
        The backtest.
    panels : mapping of str to ScorePanel
        By model.
    models : tuple of str [M]
        Which, in order.

    Returns
    -------
    float64 [M, T, N]
        NaN for none.

    Raises
    ------
    MissingDataError
        If a model has no score in the backtest's dates.
    """
    placed = np.empty((len(models), len(setting.dates), len(setting.instruments)))
    for at, model in enumerate(models):
        try:
            placed[at] = place_scores(setting, panels[model])
        except MissingDataError as error:
            raise MissingDataError(
                f"The model {model!r} has no score in the dates of the search.",
                expected=error.expected,
                found=error.found,
                hint="move the dates, or search without it: --models",
            ) from error
    return placed


@dataclass(frozen=True, slots=True, eq=False)
class _Prepared:
    """A simulation and the threads that run it."""

    simulation: ComboSimulation
    pool: ThreadPoolExecutor
    n_jobs: int


class SessionEngine:
    """Simulates all combos in live timing, in threads.

    Parameters
    ----------
    setting : BacktestSetting
        A backtest in ``next_session``.
    scores : float64 [M, T, N]
        Raw scores of the models on its rows and columns.
    models : tuple of str [M]
        Their names, sorted.
    n_jobs : int
        Threads.

    Notes
    -----
    Use it in a ``with`` block, which ends the threads.
    """

    def __init__(
        self, setting: BacktestSetting, scores: FloatArray, *, models: tuple[str, ...], n_jobs: int
    ) -> None:
        assert setting.session is not None  # the caller chose this engine by the timing
        terms = ComboTerms(
            frequency=setting.frequency,
            rules=setting.rules,
            cash_fen=setting.account_fen,
            benchmark=setting.benchmark_nav,
            n_blocks=N_BLOCKS,
        )
        simulation = combo_simulation(setting.session, ComboPanel(models, scores), terms=terms)
        self._prepared = _Prepared(simulation, ThreadPoolExecutor(n_jobs), n_jobs)

    @property
    def dates(self) -> DateArray:
        """Sessions: datetime64[D] [T]."""
        return self._prepared.simulation.dates

    @property
    def block_rows(self) -> int:
        """Sessions in each block of the moments; 0 if there are too few."""
        return self._prepared.simulation.block_rows

    def work_bytes(self, batch_size: int) -> int:
        """Return the memory of a batch besides the market and the scores [bytes]."""
        prepared = self._prepared
        a_path = 8 * len(self.dates)
        return prepared.n_jobs * prepared.simulation.work_bytes + batch_size * a_path

    def run(self, members: IntArray, starts: IntArray) -> BatchResults:
        """Simulate combos in all threads.

        Parameters
        ----------
        members : int64 [sum of sizes]
            As in `ComboList`.
        starts : int64 [B + 1]
            As in `ComboList`.

        Returns
        -------
        BatchResults
            One row a combo.
        """
        n_combos = len(starts) - 1
        n_blocks = -(-n_combos // (self._prepared.n_jobs * _A_BLOCK))
        bounds = [*range(0, n_combos, n_blocks * _A_BLOCK), n_combos]
        futures = [
            self._prepared.pool.submit(
                self._run_piece,
                members[starts[first] : starts[stop]],
                starts[first : stop + 1] - starts[first],
            )
            for first, stop in pairwise(bounds)
        ]
        pieces = [future.result() for future in futures]
        return BatchResults(
            np.concatenate([piece.rows for piece in pieces]),
            np.concatenate([piece.figures for piece in pieces]),
            np.concatenate([piece.moments for piece in pieces]),
        )

    def paths(self, members: IntArray, starts: IntArray) -> ComboPaths:
        """Simulate combos and keep every account value.

        Parameters
        ----------
        members : int64 [sum of sizes]
            As in `ComboList`.
        starts : int64 [R + 1]
            As in `ComboList`.

        Returns
        -------
        ComboPaths
            NaN outside a combo's own rows.
        """
        simulation = self._prepared.simulation
        results = simulation.run(members, starts, is_keeping_nav=True)
        assert results.nav is not None  # it was asked for
        cash = float(simulation.terms.cash_fen)
        path = np.concatenate([np.full((len(results.nav), 1), cash), results.nav], axis=1)
        row = np.arange(len(self.dates))
        is_own = (row >= results.first_row[:, None]) & (row < results.stop_row[:, None])
        return ComboPaths(
            dates=self.dates,
            nav=np.where(is_own, path[:, 1:] / cash, np.nan),
            returns=np.where(is_own, path[:, 1:] / path[:, :-1] - 1.0, np.nan),
        )

    def _run_piece(self, members: IntArray, starts: IntArray) -> BatchResults:
        simulation = self._prepared.simulation
        results = simulation.run(members, starts, is_keeping_nav=True)
        rows = np.stack([results.first_row, results.stop_row], axis=1)
        return BatchResults(rows, _figures(results), results.moments)

    def __enter__(self) -> Self:
        """Return itself; the threads are there."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the threads."""
        self._prepared.pool.shutdown(cancel_futures=True)


def with_flat_cost(setting: BacktestSetting, rate: float) -> BacktestSetting:
    """Return a backtest in live timing in which each side of a trade costs one rate.

    Parameters
    ----------
    setting : BacktestSetting
        A backtest in ``next_session``.
    rate : float
        Cost of a purchase and of a sale [fraction of the notional]; nothing else is charged.

    Returns
    -------
    BacktestSetting
        With a fingerprint of its own.
    """
    assert setting.session is not None  # the command has no such flag in Qlib's timing
    tables = setting.session.tables
    rates = np.zeros_like(tables.rates)
    rates[:, :, :2] = rate_to_e8(rate)  # commission of both sides; no minimum, duty or transfer fee
    words = f"flat costs {rate:.3%} a side for this search only (--cost-rate), no smallest fee"
    return replace(
        setting,
        session=replace(setting.session, tables=tables._replace(rates=rates)),
        exchange=f"rule book {setting.market.region} by board and date, {words}",
        fingerprint=sha256_bytes(f"{setting.fingerprint} cost {rate!r}".encode()),
    )


def _figures(results: ComboResults) -> FloatArray:
    """Return the columns of the results file: float64 [B, K]."""
    assert results.nav is not None  # it was asked for
    n_rows = results.stop_row - results.first_row
    row = np.arange(results.nav.shape[1])
    is_own = (row >= results.first_row[:, None]) & (row < results.stop_row[:, None])
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_nav = np.where(is_own, results.nav, 0).sum(axis=1) / n_rows
        yearly = PERIODS_PER_YEAR / n_rows / mean_nav
        turnover = results.turnover_fen / 2 * yearly
    column = results.column
    figures = np.stack(
        [
            column("annualised_return"),
            column("max_drawdown"),
            column("excess_return"),
            column("annualised_excess"),
            column("total_return"),
            column("final_nav") / _FEN_A_CNY,
            column("calmar"),
            column("sharpe"),
            turnover,
            results.cost_fen / _FEN_A_CNY,
        ],
        axis=1,
    )
    figures[n_rows == 0] = np.nan
    return figures

"""Many combinations of models on one market: each exactly as if it were simulated alone.

`combo_simulation` prepares what all combos share, once; `ComboSimulation.run` simulates as many as
it is given and may run in several threads at a time. The result of a combo is that of
`quantpits.trading.simulate_sessions` on the fused scores of its own rows, to the fen, whatever else
is simulated beside it, in which order and in which thread.

Memory of one running call, besides what it returns and the shared tables: ``work_bytes``, that is
about ``block * (25 N + 8 T) + 8 M N`` bytes for N names, T sessions, M models and blocks of at most
256 combos.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from quantpits.errors import DataError, NonFiniteError, ShapeError, name_list
from quantpits.trading.combos_fusion import fusion_tables, fusion_work
from quantpits.trading.combos_loop import ComboPaths, ComboShared, combo_books, run_combos_nb
from quantpits.trading.combos_metrics import COMBO_COLUMNS, ComboBlocks
from quantpits.trading.simulator import session_terms
from quantpits.trading.simulator_schedule import oldest_signals

if TYPE_CHECKING:
    from quantpits.trading.kernels import BoolArray, FloatArray, IntArray
    from quantpits.trading.simulator_market import SessionInputs
    from quantpits.trading.simulator_rules import SimulationRules
    from quantpits.trading.simulator_schedule import DateArray, Frequency

__all__ = [
    "BLOCK_COMBOS",
    "COMBO_COLUMNS",
    "ComboPanel",
    "ComboResults",
    "ComboSimulation",
    "ComboTerms",
    "combo_simulation",
]

BLOCK_COMBOS = 256
_CUBE = 3


@dataclass(frozen=True, slots=True, eq=False)
class ComboPanel:
    """What the models say about one market.

    Attributes
    ----------
    models : tuple of str [M]
        Names of the models, ascending.
    scores : float64 [M, T, N]
        Their raw scores on the rows and columns of the market, NaN for none.

    Raises
    ------
    ShapeError
        If the scores are not one matrix for each model, or the models are not ascending.
    NonFiniteError
        If a score is infinite.
    """

    models: tuple[str, ...]
    scores: FloatArray

    def __post_init__(self) -> None:
        if self.scores.ndim != _CUBE or len(self.models) != len(self.scores) or not self.models:
            raise ShapeError(
                "The scores of a panel are not one matrix for each model.",
                expected=f"[{len(self.models)}, T, N], at least one model",
                found=self.scores.shape,
            )
        if any(after <= before for before, after in pairwise(self.models)):
            raise ShapeError(
                "The models of a panel must be ascending.",
                expected="sorted names without repeats",
                found=name_list(self.models),
            )
        scores = np.ascontiguousarray(self.scores, dtype=np.float64)
        if any(np.isinf(of_model).any() for of_model in scores):
            raise NonFiniteError("A score is infinite.", expected="finite scores, or NaN")
        object.__setattr__(self, "scores", scores)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ComboTerms:
    """What every combo is simulated with.

    Attributes
    ----------
    frequency : {"day", "week"}
        When it trades; see `quantpits.trading.signal_rows`.
    rules : SimulationRules
        The strategy.
    cash_fen : int
        Cash before the own rows, above 0 [fen].
    benchmark : float64 [T], optional
        Level of the benchmark at each close.
    n_blocks : int
        Blocks of sessions of the moments.
    """

    frequency: Frequency
    rules: SimulationRules
    cash_fen: int
    benchmark: FloatArray | None = None
    n_blocks: int = 16


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ComboResults:
    """What became of B combos, in the order in which they were given.

    Attributes
    ----------
    first_row, stop_row : int64 [B]
        Own rows, half-open: from the first to the last day on which all models of the combo score
        a common name; 0 and 0 if there is none.
    metrics : float64 [B, K]
        Columns as `COMBO_COLUMNS`, as in `PathMetrics` of the own rows; NaN where that has None.
    turnover_fen, cost_fen : int64 [B]
        Notional traded and fees paid in the own rows [fen].
    moments : float64 [B, 2, S]
        Sum and sum of squares of the daily net returns in each block of sessions.
    nav : int64 [B, T] or None
        Account value at each close: the opening cash before the own rows, the last value after
        them [fen].
    """

    first_row: IntArray
    stop_row: IntArray
    metrics: FloatArray
    turnover_fen: IntArray
    cost_fen: IntArray
    moments: FloatArray
    nav: IntArray | None

    def column(self, name: str) -> FloatArray:
        """Return one column of the metrics.

        Parameters
        ----------
        name : str
            One of `COMBO_COLUMNS`.

        Returns
        -------
        float64 [B]
            The column.

        Raises
        ------
        DataError
            If there is no such column.
        """
        if name not in COMBO_COLUMNS:
            raise DataError(
                "There is no such metric.", expected=name_list(COMBO_COLUMNS), found=name
            )
        return np.asarray(self.metrics[:, COMBO_COLUMNS.index(name)])


@dataclass(frozen=True, slots=True, eq=False)
class ComboSimulation:
    """A market, a strategy and the scores of all models, ready for any combos of them.

    Attributes
    ----------
    inputs : SessionInputs
        The market.
    models : tuple of str [M]
        What the numbers of the members stand for.
    terms : ComboTerms
        What every combo is simulated with.
    shared : ComboShared
        Market, scores and strategy, as kernels read them.
    """

    inputs: SessionInputs
    models: tuple[str, ...]
    terms: ComboTerms
    shared: ComboShared

    @property
    def dates(self) -> DateArray:
        """The sessions: datetime64[D] [T]."""
        return self.inputs.dates

    @property
    def common_first(self) -> int:
        """First row of the moments."""
        return self.shared.blocks.first

    @property
    def common_stop(self) -> int:
        """Row after the last of the moments."""
        blocks = self.shared.blocks
        return blocks.first + blocks.n_blocks * blocks.length

    @property
    def block_rows(self) -> int:
        """Rows of one block of the moments, 0 if the common rows are fewer than the blocks."""
        return self.shared.blocks.length

    @property
    def work_bytes(self) -> int:
        """Memory of one running call besides its results [bytes]."""
        n_sessions, n_names = self.inputs.tables.mark.shape
        own = 25 * n_names + 8 * n_sessions
        return int(BLOCK_COMBOS * own + (8 * len(self.models) + 160) * n_names)

    def run(
        self, members: IntArray, starts: IntArray, *, is_keeping_nav: bool = False
    ) -> ComboResults:
        """Simulate combos.

        Parameters
        ----------
        members : int64 [sum of sizes]
            Numbers of the models, ascending within a combo, one combo after the other.
        starts : int64 [B + 1]
            Where each combo begins in `members`.
        is_keeping_nav : bool
            Whether to return the account value of every session.

        Returns
        -------
        ComboResults
            One row a combo.

        Raises
        ------
        ShapeError
            If a combo is empty, its models are not ascending, or a number is out of range.

        Notes
        -----
        The interpreter's lock is released: several calls run side by side in threads.
        """
        _check_combos(members, starts, len(self.models))
        n_combos = starts.size - 1
        n_sessions, n_names = self.inputs.tables.mark.shape
        books = combo_books(
            min(BLOCK_COMBOS, n_combos), n_sessions=n_sessions, n_instruments=n_names
        )
        work = fusion_work(len(self.models), n_names)
        paths = _paths(n_combos, n_sessions if is_keeping_nav else 0, self.shared.blocks.n_blocks)
        for begin in range(0, n_combos, BLOCK_COMBOS):
            end = min(begin + BLOCK_COMBOS, n_combos)
            run_combos_nb(
                members,
                starts[begin : end + 1],
                self.shared,
                books,
                work,
                _rows(paths, begin, end),
            )
        return ComboResults(
            first_row=paths.first,
            stop_row=paths.stop,
            metrics=paths.metrics,
            turnover_fen=paths.turnover,
            cost_fen=paths.cost,
            moments=paths.moments,
            nav=paths.nav if is_keeping_nav else None,
        )


def combo_simulation(
    inputs: SessionInputs, panel: ComboPanel, *, terms: ComboTerms
) -> ComboSimulation:
    """Prepare a simulation of many combos.

    Parameters
    ----------
    inputs : SessionInputs
        The market.
    panel : ComboPanel
        The scores of all models on it.
    terms : ComboTerms
        What every combo is simulated with.

    Returns
    -------
    ComboSimulation
        Shared by all calls and threads.

    Raises
    ------
    ShapeError
        If the scores or the benchmark do not fit the market, or a parameter is out of range.
    NonFiniteError
        If the cash is not above 0, or a level of the benchmark not a positive number.
    DataError
        If the frequency is unknown.

    Notes
    -----
    NaN: a day and name counts for a combo if all of its models score it. Timing: a session uses
    scores of an earlier one; the first own row never trades. Source: decisions 7 and 10.
    """
    shape = inputs.tables.mark.shape
    if panel.scores.shape[1:] != shape:
        raise ShapeError(
            "The scores do not fit the market.", expected=shape, found=panel.scores.shape[1:]
        )
    rule = terms.rules.decision_rule()
    if terms.n_blocks < 1:
        raise ShapeError("There are no blocks.", expected="n_blocks ≥ 1", found=terms.n_blocks)
    if terms.cash_fen < 1:
        raise NonFiniteError(
            "The opening cash is not above 0.", expected="whole fen", found=terms.cash_fen
        )
    oldest = oldest_signals(inputs.dates, frequency=terms.frequency)
    is_scored = np.array([~np.isnan(of_model).all(axis=1) for of_model in panel.scores])
    is_common = np.logical_and.reduce([~np.isnan(of_model) for of_model in panel.scores], axis=0)
    is_traded_on = _traded_on(oldest, is_common.any(axis=1))
    return ComboSimulation(
        inputs=inputs,
        models=panel.models,
        terms=terms,
        shared=ComboShared(
            tables=inputs.tables,
            fusion=fusion_tables(panel.scores, is_traded_on),
            oldest=oldest,
            benchmark=_benchmark(terms.benchmark, shape[0]),
            opening=int(terms.cash_fen),
            rule=rule,
            terms=session_terms(terms.rules),
            blocks=_blocks(is_scored, terms.n_blocks),
        ),
    )


def _check_combos(members: IntArray, starts: IntArray, n_models: int) -> None:
    is_array = members.dtype == starts.dtype == np.int64 and members.ndim == starts.ndim == 1
    if (
        not is_array
        or starts.size < 1
        or starts[0] != 0
        or starts[-1] != members.size
        or (np.diff(starts) < 1).any()
    ):
        raise ShapeError(
            "The combos do not fit their starts.",
            expected="int64, starts from 0 to the number of members, no empty combo",
            found=(members.shape, starts.shape),
        )
    is_first = np.zeros(members.size + 1, dtype=np.bool_)
    is_first[starts] = True
    is_rising = (np.diff(members) > 0) | is_first[1:-1] if members.size else np.array([True])
    if members.size and not (is_rising.all() and 0 <= members.min() <= members.max() < n_models):
        raise ShapeError(
            "The models of a combo are not ascending numbers.",
            expected=f"ascending, from 0 to {n_models - 1}",
        )


def _paths(n_combos: int, n_sessions: int, n_blocks: int) -> ComboPaths:
    first, stop, turnover, cost = np.zeros((4, n_combos), dtype=np.int64)
    return ComboPaths(
        first=first,
        stop=stop,
        turnover=turnover,
        cost=cost,
        metrics=np.zeros((n_combos, len(COMBO_COLUMNS))),
        moments=np.zeros((n_combos, 2, n_blocks)),
        nav=np.zeros((n_combos if n_sessions else 0, n_sessions), dtype=np.int64),
    )


def _rows(paths: ComboPaths, begin: int, end: int) -> ComboPaths:
    return ComboPaths(
        first=paths.first[begin:end],
        stop=paths.stop[begin:end],
        turnover=paths.turnover[begin:end],
        cost=paths.cost[begin:end],
        metrics=paths.metrics[begin:end],
        moments=paths.moments[begin:end],
        nav=paths.nav[begin:end],
    )


def _traded_on(oldest: IntArray, is_for_all: BoolArray) -> BoolArray:
    """Return the days that some combo may trade on: back to the last one that counts for all."""
    result = np.zeros(oldest.size, dtype=np.bool_)
    for row in range(oldest.size):
        for signal in range(row - 1, oldest[row] - 1, -1):
            result[signal] = True
            if is_for_all[signal]:
                break
    return result


def _blocks(is_scored: BoolArray, n_blocks: int) -> ComboBlocks:
    """Return equal blocks from the day after all models have begun to the first one's last day."""
    n_rows = is_scored.shape[1]
    if not is_scored.any(axis=1).all():
        return ComboBlocks(0, 0, n_blocks)
    first = int(is_scored.argmax(axis=1).max()) + 1
    stop = n_rows - int(is_scored[:, ::-1].argmax(axis=1).max())
    length = max(stop - first, 0) // n_blocks
    return ComboBlocks(stop - length * n_blocks, length, n_blocks)


def _benchmark(levels: FloatArray | None, n_sessions: int) -> FloatArray:
    if levels is None:
        return np.zeros(0)
    if levels.shape != (n_sessions,):
        raise ShapeError(
            "The benchmark does not fit the market.", expected=(n_sessions,), found=levels.shape
        )
    if not (np.isfinite(levels) & (levels > 0)).all():
        raise NonFiniteError("A level of the benchmark is not a positive number.")
    return np.ascontiguousarray(levels, dtype=np.float64)

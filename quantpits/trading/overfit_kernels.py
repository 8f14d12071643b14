# ruff: noqa: PLR0917 - kernels take no keyword-only arguments
"""The kernels of the cross-validation: ratios of many paths on many unions of blocks.

The sessions are cut into S blocks; a union of blocks is a bit mask, bit j standing for block j. The
sums over a union are found by adding two table entries, one for the lower half of the bits and one
for the upper half, so a ratio costs four reads whatever the number of blocks.

Paths are compared by the square of the Sharpe ratio that keeps its sign: it orders them as the
ratio does and needs no root. The order of the additions is fixed, so equal paths have equal keys,
and results are the same bit for bit on every machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quantpits.trading.kernels import kernel

if TYPE_CHECKING:
    from quantpits.trading.kernels import FloatArray, IntArray

__all__ = ["best_paths_nb", "count_worse_nb", "keys_nb", "subset_sums_nb"]

# Variance over mean square below which a path counts as without deviation: it held cash only.
_NO_DEVIATION = 1e-9


@kernel
def subset_sums_nb(blocks: FloatArray, table: FloatArray) -> None:
    """Fill `table` with the sums over every subset of some blocks.

    Parameters
    ----------
    blocks : float64 [h, L]
        A figure of L paths in each block.
    table : float64 [2**h, L]
        Written; row m is the sum of the blocks whose bit is set in m, the highest bit added first.

    Notes
    -----
    Equals ``table[m] = sum(blocks[j] for j in range(h) if m >> j & 1)`` up to rounding. NaN
    spreads.
    """
    for path in range(table.shape[1]):
        table[0, path] = 0.0
    for subset in range(1, table.shape[0]):
        lowest = 0
        while not (subset >> lowest) & 1:
            lowest += 1
        rest = subset & (subset - 1)
        for path in range(table.shape[1]):
            table[subset, path] = table[rest, path] + blocks[lowest, path]


@kernel
def keys_nb(
    sum_low: FloatArray,
    sum_high: FloatArray,
    square_low: FloatArray,
    square_high: FloatArray,
    n_sessions: float,
    keys: FloatArray,
) -> None:
    """Write the ranking key of each path on one union of blocks.

    Parameters
    ----------
    sum_low, sum_high : float64 [L]
        Sum of returns over the union's blocks of the lower and of the upper half.
    square_low, square_high : float64 [L]
        Likewise the sum of squares.
    n_sessions : float
        Sessions of the union.
    keys : float64 [L]
        Written: ``total * abs(total) / (n * squares - total ** 2)``, and 0 without a deviation.

    Notes
    -----
    The squared Sharpe ratio of one period is ``abs(key) * (n - 1) / n``. NaN: refused upstream.
    """
    for path in range(keys.shape[0]):
        total = sum_low[path] + sum_high[path]
        squares = n_sessions * (square_low[path] + square_high[path])
        spread = squares - total * total
        is_defined = spread > _NO_DEVIATION * squares
        # A plain division may raise, which would keep the loop from running on vectors.
        ratio = np.divide(total * abs(total), spread if is_defined else 1.0)
        keys[path] = ratio if is_defined else 0.0


@kernel
def best_paths_nb(
    tables: FloatArray,
    masks: IntArray,
    n_sessions: FloatArray,
    first_path: int,
    keys: FloatArray,
    best_keys: FloatArray,
    best_paths: IntArray,
) -> None:
    """Carry the best path of every union on through one tile of paths.

    Parameters
    ----------
    tables : float64 [4, 2**h, L]
        Subset sums of a tile: returns (lower, upper blocks), squares (lower, upper blocks).
    masks : int64 [K]
        Unions of blocks.
    n_sessions : float64 [K]
        Sessions of each.
    first_path : int
        Number of the tile's first path.
    keys : float64 [L]
        Scratch.
    best_keys : float64 [K]
        Read and written; start at minus infinity.
    best_paths : int64 [K]
        Written. Of equal paths the first is kept.

    Notes
    -----
    Equals `numpy.argmax` over all paths when the tiles come in order.
    """
    n_low = tables.shape[1]
    for place in range(masks.shape[0]):
        low, high = masks[place] % n_low, masks[place] // n_low
        keys_nb(
            tables[0, low],
            tables[1, high],
            tables[2, low],
            tables[3, high],
            n_sessions[place],
            keys,
        )
        # Whether there is a better one at all is a loop on vectors; finding it seldom happens.
        highest = best_keys[place]
        n_better = 0
        for path in range(keys.shape[0]):
            n_better += keys[path] > highest
        if n_better:
            for path in range(keys.shape[0]):
                if keys[path] > best_keys[place]:
                    best_keys[place] = keys[path]
                    best_paths[place] = first_path + path


@kernel
def count_worse_nb(
    tables: FloatArray,
    masks: IntArray,
    n_sessions: FloatArray,
    chosen_keys: FloatArray,
    keys: FloatArray,
    counts: IntArray,
) -> None:
    """Count, for every union, the paths of one tile below and level with a chosen key.

    Parameters
    ----------
    tables : float64 [4, 2**h, L]
        As in `best_paths_nb`.
    masks : int64 [K]
        Unions of blocks.
    n_sessions : float64 [K]
        Sessions of each.
    chosen_keys : float64 [K]
        The key to compare with.
    keys : float64 [L]
        Scratch.
    counts : int64 [2, K]
        Added to: paths with a lower key, and with the same.

    Notes
    -----
    Equals ``(keys < chosen).sum()`` and ``(keys == chosen).sum()``.
    """
    n_low = tables.shape[1]
    for place in range(masks.shape[0]):
        low, high = masks[place] % n_low, masks[place] // n_low
        keys_nb(
            tables[0, low],
            tables[1, high],
            tables[2, low],
            tables[3, high],
            n_sessions[place],
            keys,
        )
        chosen = chosen_keys[place]
        n_below = 0
        n_level = 0
        for path in range(keys.shape[0]):
            n_below += keys[path] < chosen
            n_level += keys[path] == chosen
        counts[0, place] += n_below
        counts[1, place] += n_level

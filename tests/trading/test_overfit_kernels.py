"""The kernels of the cross-validation, compiled and plain, against numpy."""

from __future__ import annotations

import numpy as np
import pytest

from quantpits.trading import overfit_kernels


def _forms(name):
    compiled = getattr(overfit_kernels, name)
    return [compiled, getattr(compiled, "py_func", compiled)]


@pytest.mark.parametrize("subset_sums", _forms("subset_sums_nb"))
def test_every_subset_is_summed(subset_sums):
    blocks = np.arange(1.0, 7.0).reshape(3, 2)
    table = np.full((8, 2), np.nan)
    subset_sums(blocks, table)
    for subset in range(8):
        members = [block for block in range(3) if subset >> block & 1]
        assert blocks[members].sum(axis=0).tolist() == table[subset].tolist()


@pytest.mark.parametrize("keys_of", _forms("keys_nb"))
def test_a_key_is_the_squared_ratio_with_its_sign(keys_of):
    low = np.array([[0.2, -0.3, 0.0, 0.1], [0.05, 0.06, 0.0, 0.0025]])
    keys = np.full(4, np.nan)
    keys_of(low[0], low[0], low[1], low[1], 8.0, keys)
    total, squares = 2 * low[0], 8.0 * 2 * low[1]
    expected = total * np.abs(total) / np.where(squares > total**2, squares - total**2, np.inf)
    expected[3] = 0.0  # eight equal returns: no deviation
    assert expected.tolist() == keys.tolist()


@pytest.fixture
def tile():
    """Tables of 6 paths on two blocks a half."""
    rng = np.random.default_rng(0)
    blocks = np.abs(rng.normal(0.1, 0.05, (2, 4, 6)))
    blocks[0, :, 4] = blocks[0, :, 1]  # paths 1 and 4 are equal
    blocks[1, :, 4] = blocks[1, :, 1]
    blocks[0] -= 0.1
    tables = np.empty((4, 4, 6))
    for figure in range(2):
        overfit_kernels.subset_sums_nb(blocks[figure, :2], tables[2 * figure])
        overfit_kernels.subset_sums_nb(blocks[figure, 2:], tables[2 * figure + 1])
    return blocks, tables


MASKS = np.array([0b0011, 0b0101, 0b1001, 0b1110], dtype=np.int64)
SESSIONS = np.array([20.0, 20.0, 20.0, 30.0])


def _keys(blocks):
    """Keys [masks, paths] by plain sums."""
    rows = []
    for mask, sessions in zip(MASKS.tolist(), SESSIONS.tolist(), strict=True):
        members = [block for block in range(4) if mask >> block & 1]
        total, squares = blocks[:, members].sum(axis=1)
        rows.append(total * np.abs(total) / (sessions * squares - total**2))
    return np.array(rows)


@pytest.mark.parametrize("best_paths", _forms("best_paths_nb"))
def test_the_best_path_is_the_argmax(best_paths, tile):
    blocks, tables = tile
    best, chosen = np.full(4, -np.inf), np.full(4, -1)
    best_paths(tables, MASKS, SESSIONS, 100, np.empty(6), best, chosen)
    keys = _keys(blocks)
    assert (100 + keys.argmax(axis=1)).tolist() == chosen.tolist()
    assert keys.max(axis=1).tolist() == pytest.approx(best.tolist())


@pytest.mark.parametrize("best_paths", _forms("best_paths_nb"))
def test_a_later_tile_must_be_better(best_paths, tile):
    _, tables = tile
    best, chosen = np.full(4, -np.inf), np.full(4, -1)
    best_paths(tables, MASKS, SESSIONS, 0, np.empty(6), best, chosen)
    before = chosen.tolist()
    best_paths(tables, MASKS, SESSIONS, 6, np.empty(6), best, chosen)
    assert before == chosen.tolist()


@pytest.mark.parametrize("count_worse", _forms("count_worse_nb"))
def test_lower_and_equal_keys_are_counted(count_worse, tile):
    blocks, tables = tile
    keys = np.empty(6)
    chosen = np.empty(4)
    for place in range(4):
        low, high = MASKS[place] % 4, MASKS[place] // 4
        overfit_kernels.keys_nb(*_rows(tables, low, high), SESSIONS[place], keys)
        chosen[place] = keys[1]
    counts = np.ones((2, 4), dtype=np.int64)
    count_worse(tables, MASKS, SESSIONS, chosen, np.empty(6), counts)
    plain = _keys(blocks)
    below = (plain < plain[:, [1]] - 1e-12).sum(axis=1)
    assert (1 + below).tolist() == counts[0].tolist()
    assert [3] * 4 == counts[1].tolist()  # itself and its equal, on top of the one before


def _rows(tables, low, high):
    return tables[0, low], tables[1, high], tables[2, low], tables[3, high]

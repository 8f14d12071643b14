"""The arrays of a simulation: one book each, room for what is asked for."""

from __future__ import annotations

import numpy as np

from quantpits.trading.simulator_book import session_book, session_paths


def test_a_book_is_a_copy_with_room_for_everything():
    shares, age = np.array([0, 300, 5]), np.array([0, 2, 9])
    book = session_book(shares, age)
    assert [False, True, True] == book.is_held.tolist()
    book.shares[1] = 0
    assert [0, -2, -9] == book.since.tolist()
    book.since[2] = 1
    assert ([0, 300, 5], [0, 2, 9]) == (shares.tolist(), age.tolist())
    assert book.work.held is book.names
    arrays = [book.sized, book.received, *book.work[:-1], *book.sales, *book.buys]
    assert {(3,)} == {array.shape for array in arrays}
    assert len(arrays) == len({array.__array_interface__["data"][0] for array in arrays})


def test_paths_have_room_for_positions_if_asked():
    assert (4, 3) == session_paths(4, 3, is_keeping_shares=True).shares.shape
    assert (0, 0) == session_paths(4, 3, is_keeping_shares=False).shares.shape
    assert (4,) == session_paths(4, 3, is_keeping_shares=False).nav.shape

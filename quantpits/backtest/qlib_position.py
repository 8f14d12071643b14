"""Qlib's position with a fixed order of its instruments; only Qlib imports this module.

Qlib walks over a set of codes, whose order changes from process to process. Where two holdings
without a score compete for a sale, or cash is too short for a cost, its results do too. In the
order of the codes, ties go to the lower one, as everywhere here (decision 6).
"""

from __future__ import annotations

from qlib.backtest.position import Position

__all__ = ["OrderedPosition"]


class OrderedPosition(Position):  # type: ignore[misc]  # Qlib ships no types
    """A position that lists its instruments in ascending order."""

    def get_stock_list(self) -> list[str]:
        """Return the instruments that are held.

        Returns
        -------
        list of str
            Ascending.
        """
        return sorted(super().get_stock_list())

"""The order of a position's instruments."""

from __future__ import annotations

from quantpits.backtest.qlib_position import OrderedPosition


def test_instruments_are_listed_in_ascending_order():
    held = {f"SH{number:06d}": {"amount": 100.0, "price": 1.0} for number in (7, 3, 9, 1, 5)}
    position = OrderedPosition(cash=1000.0, position_dict=held)
    assert sorted(held) == position.get_stock_list()

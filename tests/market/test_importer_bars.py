"""Units, suspensions, odd prices and factors, one rule at a time."""

from __future__ import annotations

import numpy as np
import pytest

from quantpits.errors import DataError
from quantpits.market.importer_bars import BarRules, adjust_bars
from quantpits.market.importer_reading import SourceTable

NAN = np.nan


def make_table(n_rows=4, instruments=("SH600000",), flags=None, is_st=None, **numbers):
    """Return a table of `n_rows` sessions for each instrument, all prices 10 unless given."""
    size = n_rows * len(instruments)
    given = {"open": 10, "high": 10, "low": 10, "close": 10, "volume": 100} | numbers
    return SourceTable(
        instruments=instruments,
        sessions=np.arange("2026-01-05", "2026-02-05", dtype="datetime64[D]")[:n_rows],
        column=np.repeat(np.arange(len(instruments)), n_rows),
        row=np.tile(np.arange(n_rows), len(instruments)),
        numbers={
            name: np.broadcast_to(np.asarray(value, dtype=float), size)
            for name, value in given.items()
        },
        is_flagged=np.zeros(size, bool) if flags is None else np.array(flags),
        sources=(),
        is_st=None if is_st is None else np.array(is_st),
    )


def adjust(table, *, is_index=None, volume_unit=1.0, amount_unit=1.0, adjusted=False):
    index = np.zeros(len(table.instruments), bool) if is_index is None else np.array(is_index)
    return adjust_bars(table, index, rules=BarRules(volume_unit, amount_unit, adjusted))


def codes(bars):
    return [finding.code for finding in bars.findings]


def message(bars, code):
    return next(finding.message for finding in bars.findings if finding.code == code)


def test_prices_are_multiplied_and_volume_divided_by_the_factor():
    table = make_table(factor=[1, 1, 2, 2], close=[10, 10, 5, 5.5], low=5, amount=1000)
    bars = adjust(table)
    assert [10, 10, 10, 11] == bars.fields["close"].tolist()
    assert [100, 100, 50, 50] == bars.fields["volume"].tolist()
    assert [1000] * 4 == bars.fields["amount"].tolist()
    np.testing.assert_allclose([NAN, 0, 0, 0.1], bars.fields["change"])
    assert () == bars.findings


def test_adjusted_prices_stay_and_volume_is_still_raw():
    table = make_table(factor=2, close=10, amount=500)
    bars = adjust(table, adjusted=True)
    assert [10] * 4 == bars.fields["close"].tolist()
    assert [50] * 4 == bars.fields["volume"].tolist()
    assert [10] * 4 == bars.fields["vwap"].tolist()


def test_units_are_applied_and_give_the_average_price():
    table = make_table(volume=3, amount=[3, 3, 3, 3.03], factor=2, high=10.1)
    bars = adjust(table, volume_unit=100, amount_unit=1000)
    assert [150] * 4 == bars.fields["volume"].tolist()
    np.testing.assert_allclose([3000, 3000, 3000, 3030], bars.fields["amount"])
    np.testing.assert_allclose([20, 20, 20, 20.2], bars.fields["vwap"])


def test_wrong_units_stop_the_import():
    with pytest.raises(DataError, match=r"about 100 times the close[\s\S]*volume unit of 100"):
        adjust(make_table(volume=1, amount=1000, factor=1))


def test_a_given_average_price_is_used_and_a_strange_one_left_out():
    bars = adjust(make_table(vwap=[10, 0, 10, 12], factor=2))
    np.testing.assert_array_equal([20, NAN, 20, NAN], bars.fields["vwap"])
    assert ["IMP007"] == codes(bars)


def test_suspended_rows_are_left_out():
    table = make_table(
        5, volume=[100, 0, NAN, 100, 100], flags=[False] * 4 + [True], factor=1, amount=1000
    )
    bars = adjust(table)
    assert [True, False, False, True, False] == bars.is_traded.tolist()
    for name in ("open", "high", "low", "close", "vwap", "volume", "amount"):
        np.testing.assert_array_equal(bars.is_traded, np.isfinite(bars.fields[name]))
    np.testing.assert_array_equal([NAN, NAN, NAN, 0, NAN], bars.fields["change"])
    assert [1] * 5 == bars.fields["factor"].tolist()
    assert "1 rows have no volume" in message(bars, "IMP001")
    assert ["IMP001"] == codes(bars)


def test_the_change_spans_a_suspension_and_not_two_instruments():
    table = make_table(
        3,
        ("A", "B"),
        volume=[1, 0, 1, 1, 1, 1],
        close=[10, 9, 12, 6, 6, 6],
        low=1,
        high=20,
        factor=1,
    )
    np.testing.assert_allclose([NAN, NAN, 0.2, NAN, 0, 0], adjust(table).fields["change"])


def test_blank_suspended_rows_are_no_fault():
    bars = adjust(
        make_table(
            2, volume=[0, 5], open=[0, 10], high=[0, 10], low=[0, 10], close=[NAN, 10], factor=1
        )
    )
    assert () == bars.findings


def test_a_price_not_above_zero_is_left_out():
    bars = adjust(make_table(open=[10, 0, 10, 10], low=[10, 10, -1, 10], factor=1))
    np.testing.assert_array_equal([10, NAN, 10, 10], bars.fields["open"])
    np.testing.assert_array_equal([10, 10, NAN, 10], bars.fields["low"])
    assert "2 rows have a price not above 0" in message(bars, "IMP002")


def test_a_missing_price_is_reported():
    bars = adjust(make_table(open=[10, NAN, 10, 10], factor=1))
    assert "1 rows lack a price: SH600000 on 2026-01-06." == message(bars, "IMP003")


def test_contradicting_prices_leave_the_close():
    bars = adjust(make_table(close=[10, 11, 10, 10], open=[10, 10, 9, 10], factor=1))
    np.testing.assert_array_equal([10, NAN, NAN, 10], bars.fields["open"])
    np.testing.assert_array_equal([10, NAN, NAN, 10], bars.fields["high"])
    np.testing.assert_array_equal([10, NAN, NAN, 10], bars.fields["low"])
    np.testing.assert_array_equal([10, 11, 10, 10], bars.fields["close"])
    assert message(bars, "IMP004").startswith("2 rows")


def test_a_missing_factor_is_filled_forward_then_backward():
    table = make_table(4, ("A", "B"), factor=[NAN, 2, 0, 4, NAN, NAN, NAN, NAN])
    bars = adjust(table)
    assert [2, 2, 2, 4, 1, 1, 1, 1] == bars.fields["factor"].tolist()
    assert "6 rows lack a factor" in message(bars, "IMP006")
    assert "and 1 more" in message(bars, "IMP006")


@pytest.mark.parametrize(("adjusted", "text"), [(True, "unknown"), (False, "returns")])
def test_no_factor_at_all_is_one_and_said(adjusted, text):
    bars = adjust(make_table(), adjusted=adjusted)
    assert [1] * 4 == bars.fields["factor"].tolist()
    assert text in message(bars, "IMP005")


def test_an_index_keeps_factor_one_and_is_never_suspended():
    table = make_table(2, ("SH000300", "SH600000"), volume=[0, 5, 5, 5], factor=3, amount=1)
    with pytest.raises(DataError, match="does not fit"):
        adjust(table)  # the stock's amount is wrong; an index's is not looked at
    table = make_table(2, ("SH000300", "SH600000"), volume=[0, 5, 5, 5], factor=3, amount=50)
    bars = adjust(table, is_index=[True, False])
    assert [1, 1, 3, 3] == bars.fields["factor"].tolist()
    assert [10, 10, 30, 30] == bars.fields["close"].tolist()
    assert np.isnan(bars.fields["volume"][:2]).all()
    assert np.isnan(bars.fields["vwap"][:2]).all()
    assert bars.is_traded.all()
    assert () == bars.findings


def test_an_index_with_volume_keeps_it():
    bars = adjust(make_table(2, volume=[3, 5], factor=1), is_index=[True])
    assert [3, 5] == bars.fields["volume"].tolist()


def test_jumps_are_judged_after_adjustment():
    split = make_table(high=10, low=4, close=[10, 10, 4, 4], factor=[1, 1, 2.5, 2.5])
    assert () == adjust(split).findings
    forgotten = make_table(high=10, low=4, close=[10, 10, 4, 4], factor=1)
    assert "SH600000 on 2026-01-07" in message(adjust(forgotten), "IMP008")


def test_without_a_factor_no_average_of_adjusted_prices_is_made_up():
    bars = adjust(make_table(amount=9000), adjusted=True)
    assert np.isnan(bars.fields["vwap"]).all()


def test_only_shares_that_were_risk_warned_once_get_the_field():
    codes = ("SH600000", "SH600001")
    bars = adjust(make_table(2, codes, is_st=[False, False, True, False]))
    np.testing.assert_array_equal([NAN, NAN, 1.0, 0.0], bars.fields["is_st"])
    assert "is_st" not in adjust(make_table(2, codes)).fields

"""From the rows of files to Qlib's fields: units, suspensions, odd prices, factor, average price.

What is odd is either left out (NaN) or kept, never made up, and always reported. The rules:

- A row is suspended if its flag says so or its volume is 0 or NaN: prices, volume and amount are
  left out. Indices have no volume of their own and are never suspended.
- A price that is not above 0 is left out.
- Open, high, low and close that contradict each other: only the close is kept, since books and
  labels need it and nothing tells which of them is wrong.
- A factor that is NaN or not above 0 is carried forward from the instrument's row before (for its
  first rows: backward from the row after); without any factor it is 1.
- Whether a share is risk-warned is taken from the column, for suspended rows too.
- The average price is the column's, else amount / volume. If it does not fit the closes, the units
  are wrong and the import stops; where single ones lie outside low to high they are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from quantpits.errors import DataError, Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantpits.market.importer_reading import SourceTable
    from quantpits.market.quotes import FloatArray

__all__ = ["PRICES", "AdjustedBars", "BarRules", "adjust_bars"]

BoolArray = npt.NDArray[np.bool_]

PRICES = ("open", "high", "low", "close")

_JUMP = 0.5
_SHOWN = 5
_UNIT_TOLERANCE = 2.0  # an average price is never twice the close; a lot is 100 shares
_RANGE_TOLERANCE = 0.01


@dataclass(frozen=True, slots=True)
class BarRules:
    """How to read the columns.

    Attributes
    ----------
    volume_unit : float
        Shares per unit.
    amount_unit : float
        CNY per unit.
    adjusted : bool
        Whether the prices are adjusted already.
    """

    volume_unit: float
    amount_unit: float
    adjusted: bool


@dataclass(frozen=True, slots=True, eq=False)
class AdjustedBars:
    """Qlib's fields for each of the R rows of a table.

    Attributes
    ----------
    fields : mapping of str to float64 [R]
        Adjusted prices, adjusted volume, amount [CNY], factor, and ``change``: the adjusted close
        against that of the instrument's traded session before.
    is_traded : bool [R]
        False for suspended rows.
    findings : tuple of Finding
        What was odd.
    """

    fields: Mapping[str, FloatArray]
    is_traded: BoolArray
    findings: tuple[Finding, ...]


def adjust_bars(table: SourceTable, is_index: BoolArray, *, rules: BarRules) -> AdjustedBars:
    """Turn the rows of files into Qlib's fields.

    Parameters
    ----------
    table : SourceTable
        R rows of N instruments.
    is_index : bool [N]
        Which instruments are indices.
    rules : BarRules
        Units and whether prices are adjusted.

    Returns
    -------
    AdjustedBars
        Qlib's fields, and what was odd.

    Raises
    ------
    DataError
        If the units of volume and amount do not fit the prices.
    """
    notes = _Notes(table)
    index_row = is_index[table.column]
    volume = table.numbers["volume"] * rules.volume_unit
    is_traded = index_row | ((volume > 0) & ~table.is_flagged)
    notes.add(
        "IMP001",
        np.isnan(volume) & ~index_row & ~table.is_flagged,
        text="rows have no volume and count as suspended",
    )
    prices = _clean_prices(table, is_traded, notes)
    factor = _clean_factor(table, index_row, notes, adjusted=rules.adjusted)
    scale = np.ones_like(factor) if rules.adjusted else factor
    fields = {name: np.where(is_traded, prices[name] * scale, np.nan) for name in PRICES}
    volume = np.where(is_traded & (volume > 0), volume, np.nan)
    amount = table.numbers.get("amount", np.full(volume.size, np.nan)) * rules.amount_unit
    amount = np.where(is_traded & (amount > 0), amount, np.nan)
    if "vwap" in table.numbers:
        vwap = np.where(table.numbers["vwap"] > 0, table.numbers["vwap"] * scale, np.nan)
    elif rules.adjusted and "factor" not in table.numbers:
        vwap = np.full(volume.size, np.nan)  # amount / volume is raw, and no factor adjusts it
    else:
        vwap = amount / volume * factor
    vwap = np.where(is_traded & ~index_row, vwap, np.nan)
    fields["vwap"] = _check_vwap(vwap, fields, notes)
    # An index that has no volume on some session is given none at all, so that no reader takes
    # that session for a suspension.
    gap = np.bincount(table.column[index_row & np.isnan(volume)], minlength=is_index.size) > 0
    fields["volume"] = np.where(gap[table.column], np.nan, volume / factor)
    fields["amount"] = amount
    fields["factor"] = factor
    fields["change"] = _changes(table.column, fields["close"])
    if table.is_st is not None:
        # Most shares never are: those get no file, and a market without the field says the same.
        ever = np.bincount(table.column, weights=table.is_st) > 0
        fields["is_st"] = np.where(ever[table.column], table.is_st.astype(np.float64), np.nan)
    notes.add(
        "IMP008",
        (np.abs(fields["change"]) > _JUMP) & ~index_row,
        text="closes jump by more than 50 % after adjustment, as for a split not in the factor",
    )
    return AdjustedBars(fields, is_traded, tuple(notes.findings))


class _Notes:
    """Collects findings about rows of a table."""

    def __init__(self, table: SourceTable) -> None:
        self.table = table
        self.findings: list[Finding] = []

    def add(self, code: str, mask: BoolArray, *, text: str) -> None:
        """Report the rows in `mask`, if there are any."""
        rows = np.flatnonzero(mask)
        if rows.size == 0:
            return
        shown = ", ".join(
            f"{self.table.instruments[self.table.column[row]]} on "
            f"{self.table.sessions[self.table.row[row]]}"
            for row in rows[:_SHOWN]
        )
        rest = f" and {rows.size - _SHOWN} more" if rows.size > _SHOWN else ""
        subject = self.table.instruments[self.table.column[rows[0]]]
        message = f"{rows.size} {text}: {shown}{rest}."
        self.findings.append(Finding(code, "warning", message, "import", subject))


def _clean_prices(table: SourceTable, is_traded: BoolArray, notes: _Notes) -> dict[str, FloatArray]:
    prices = {name: table.numbers[name] for name in PRICES}
    given = np.stack(list(prices.values()))
    # Vendors leave suspended rows blank or fill them with 0; that is no fault of the row.
    is_blank = ~is_traded & ~(given > 0).any(axis=0)
    notes.add("IMP002", (given <= 0).any(axis=0) & ~is_blank, text="rows have a price not above 0")
    notes.add("IMP003", np.isnan(given).any(axis=0) & ~is_blank, text="rows lack a price")
    prices = {name: np.where(values > 0, values, np.nan) for name, values in prices.items()}
    # Comparisons with NaN are false, so a row is judged by the prices that it has.
    is_bad = np.zeros(is_traded.size, dtype=np.bool_)
    for name in PRICES:
        is_bad |= (prices[name] > prices["high"]) | (prices[name] < prices["low"])
    notes.add(
        "IMP004",
        is_bad,
        text="rows have an open or close outside low to high; only the close is kept",
    )
    for name in ("open", "high", "low"):
        prices[name] = np.where(is_bad, np.nan, prices[name])
    return prices


def _clean_factor(
    table: SourceTable, index_row: BoolArray, notes: _Notes, *, adjusted: bool
) -> FloatArray:
    if "factor" not in table.numbers:
        what = "traded prices are unknown" if adjusted else "splits and dividends look like returns"
        notes.findings.append(
            Finding("IMP005", "warning", f"There is no factor: it is 1, and {what}.", "import")
        )
        return np.ones(table.column.size)
    given = table.numbers["factor"]
    is_known = (given > 0) & ~index_row
    notes.add("IMP006", ~is_known & ~index_row, text="rows lack a factor; filled from those around")
    factor = np.where(is_known, given, np.nan)
    factor = _fill_forward(table.column, factor)
    factor = _fill_forward(table.column[::-1], factor[::-1])[::-1]
    return np.where(np.isnan(factor), 1.0, factor)


def _fill_forward(column: npt.NDArray[np.int64], values: FloatArray) -> FloatArray:
    """Replace NaN by the last value before it of the same instrument, where there is one."""
    positions = np.arange(values.size)
    last = np.maximum.accumulate(np.where(np.isnan(values), 0, positions))
    return np.where(column[last] == column, values[last], np.nan)


def _check_vwap(vwap: FloatArray, fields: Mapping[str, FloatArray], notes: _Notes) -> FloatArray:
    ratio = vwap / fields["close"]
    if not np.isfinite(ratio).any():
        return vwap
    usual = float(np.nanmedian(ratio))
    if not 1 / _UNIT_TOLERANCE < usual < _UNIT_TOLERANCE:
        raise DataError(
            "The average price, or amount / volume, does not fit the prices.",
            expected="an average price near the close",
            found=f"about {usual:.4g} times the close",
            hint="Check the units: volume in lots of 100 shares needs a volume unit of 100, an "
            "amount in thousands an amount unit of 1000. Check whether the prices are adjusted.",
        )
    low = fields["low"] * (1 - _RANGE_TOLERANCE)
    is_bad = (vwap < low) | (vwap > fields["high"] * (1 + _RANGE_TOLERANCE))
    notes.add("IMP007", is_bad, text="rows have an average price outside low to high; left out")
    return np.where(is_bad, np.nan, vwap)


def _changes(column: npt.NDArray[np.int64], close: FloatArray) -> FloatArray:
    """Return on the adjusted close of the traded session before; NaN without one."""
    change = np.full(close.size, np.nan)
    rows = np.flatnonzero(np.isfinite(close))
    is_same = column[rows[1:]] == column[rows[:-1]]
    change[rows[1:]] = np.where(is_same, close[rows[1:]] / close[rows[:-1]] - 1.0, np.nan)
    return change

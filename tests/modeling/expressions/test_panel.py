"""Which instruments are computed together, and which rows they have."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from quantpits.market import MarketSource, open_qlib
from quantpits.modeling.expressions.load import read_raw_fields
from quantpits.modeling.expressions.panel import Panel, Rows, split_by_extent
from quantpits.modeling.expressions.plan import group_columns, parse_group
from tests.modeling.expressions.market import APART, DATES, NO_VWAP, make_loader, write_market

LOADER = ["$vwap/$volume", "Mean($close, 3)"]


@pytest.fixture(scope="module")
def hard_market(tmp_path_factory):
    return write_market(tmp_path_factory.mktemp("hard"))


@pytest.fixture(autouse=True)
def opened(hard_market):
    open_qlib(MarketSource(hard_market, "cn", is_synthetic=True, label="hard"))


def split(universe="all", *, start=20, end=110):
    loader = make_loader(LOADER)
    dates = {"start": DATES[start], "end": DATES[end]}
    raw = read_raw_fields(loader, ["feature"], instruments=universe, **dates)
    nodes = parse_group(loader, "feature")[2]
    return raw, nodes, *split_by_extent(nodes, raw, end=end)


def test_instruments_are_together_by_the_fields_they_have():
    raw, _, extents, others = split()
    names = {each.absent: [raw.instruments[at] for at in each.instruments] for each in extents}
    assert list(NO_VWAP) == names[frozenset({"$vwap"})]
    assert "SH600004" in names[frozenset()]
    # Both begin apart before session 18, so that only the one that ends apart differs.
    assert ["SH700002"] == [raw.instruments[at] for at in others]
    assert set(APART) == {raw.instruments[at] for at in split(start=0)[3]}


def test_rows_are_where_data_and_universe_are():
    raw, _, extents, _ = split("plain")
    (some,) = extents
    rows = Rows(raw, some, first=20, last=110)
    assert rows.index.is_monotonic_increasing
    by_name = pd.Series(rows.session).groupby(rows.index.get_level_values(1))
    spans = {name: (each.min(), each.max(), len(each)) for name, each in by_name}
    assert (47, 110, 64) == spans["SH600004"]
    assert (20, 80, 61) == spans["SH600005"]
    assert (20, 110, 42) == spans["SH600008"]
    assert sorted(rows.order) == list(range(len(rows.index)))


def test_a_panel_forgets_what_nothing_more_is_made_from():
    raw, nodes, extents, _ = split("plain")
    (some,) = extents
    rows = Rows(raw, some, first=20, last=110)
    values = np.full((2, len(rows.index)), -1, dtype=np.float32)
    for (first, last), columns in group_columns(nodes, start=20, end=110, wanted=20).items():
        panel = Panel(raw, some, first=first, last=last)
        panel.fill(columns, rows, values=values)
        assert {} == panel._known
        assert {0} == set(panel._counts.values())
    assert (values != -1).all()

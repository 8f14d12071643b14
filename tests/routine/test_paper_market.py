"""The paper broker's market: the simulator's tables, whichever window is asked for."""

from __future__ import annotations

import numpy as np
import pytest

from quantpits.config import StrategySettings
from quantpits.errors import DataError, MissingDataError
from quantpits.market import MarketSource
from quantpits.routine.paper_market import load_paper_market

SETTINGS = StrategySettings(deal_price="open")


@pytest.fixture
def source(eventful):
    return MarketSource(eventful[0], "cn", is_synthetic=True, label="small")


@pytest.fixture
def whole(source, eventful):
    bars = eventful[1]
    days = (bars.dates[0].item(), bars.dates[-1].item())
    return load_paper_market(source, SETTINGS, instruments=bars.instruments, days=days)


@pytest.mark.parametrize("row", [1, 14, 33, 59])
def test_window_equals_its_part_of_the_whole(source, whole, row):
    names = whole.instruments[3:17]
    day = whole.dates[row].item()
    window = load_paper_market(source, SETTINGS, instruments=reversed(names), days=(day, day))
    assert names == window.instruments
    ours, theirs = window.session(day, names), whole.session(day, names)
    np.testing.assert_array_equal(ours.price_fen, theirs.price_fen)
    for mine, other in zip(ours.rules[:2], theirs.rules[:2], strict=True):
        np.testing.assert_array_equal(mine, other)
    for mine, other in zip(ours.rules[4:], theirs.rules[4:], strict=True):
        np.testing.assert_array_equal(mine, other)
    mine = window.actions(day)
    assert {name: each for name, each in whole.actions(day).items() if name in names} == mine


def test_jump_without_facts_is_a_distribution(whole, eventful):
    bars = eventful[1]
    jumps = np.nan_to_num(np.diff(bars.factor, axis=0)) > 0
    unstated = jumps & (bars.dividend[1:] == 0) & (bars.bonus[1:] == 0)
    row, column = (int(axis[0]) for axis in np.nonzero(unstated))
    action = whole.actions(bars.dates[row + 1].item())[bars.instruments[column]]
    assert action.dividend_e6 > 0 == action.bonus_e6


def test_volumes_and_other_columns(whole):
    day, names = whole.dates[2].item(), whole.instruments[:2]
    assert [1e6, 1e6] == whole.volumes(day, names).tolist()
    table = whole.on_columns(whole.inputs.tables.price, ("nobody", *names))
    assert (table[:, 0] == 0).all()
    np.testing.assert_array_equal(table[:, 1:], whole.inputs.tables.price[:, :2])


def test_price_nothing_trades_at_is_refused(source):
    with pytest.raises(DataError, match="no such price"):
        load_paper_market(
            source, StrategySettings(deal_price="high"), instruments=("SH600000",), days=()
        )


def test_unknown_instrument_is_refused(source, whole):
    day = whole.dates[0].item()
    with pytest.raises(MissingDataError, match="SH600999"):
        load_paper_market(source, SETTINGS, instruments=("SH600999",), days=(day, day))

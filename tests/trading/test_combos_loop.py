"""The loop over a block: compiled, as plain Python, and with what an earlier block left behind."""

from __future__ import annotations

import numpy as np
import pytest

from quantpits.trading.combos_fusion import fusion_work
from quantpits.trading.combos_loop import ComboPaths, combo_books, run_combos_nb
from quantpits.trading.combos_metrics import COMBO_COLUMNS
from quantpits.trading.simulator_combos import ComboTerms, combo_simulation
from tests.trading.session_markets import CODES, draw_bars, draw_rules, inputs_of
from tests.trading.test_simulator_combos import CASH, MODELS, all_combos, arrays_of, draw_panel


def room(n_combos, n_sessions, *, is_keeping_nav=True):
    first, stop, turnover, cost = np.full((4, n_combos), -7, dtype=np.int64)
    return ComboPaths(
        first=first,
        stop=stop,
        turnover=turnover,
        cost=cost,
        metrics=np.full((n_combos, len(COMBO_COLUMNS)), -7.0),
        moments=np.full((n_combos, 2, 4), -7.0),
        nav=np.full((n_combos, n_sessions) if is_keeping_nav else (0, 0), -7, dtype=np.int64),
    )


def simulation_of(seed, *, has_benchmark):
    bars = draw_bars(seed)
    levels = np.linspace(1.0, 2.0, bars.dates.size)
    terms = ComboTerms(
        frequency="week" if seed % 2 else "day",
        rules=draw_rules(seed),
        cash_fen=CASH,
        benchmark=levels if has_benchmark else None,
        n_blocks=4,
    )
    panel = draw_panel(seed, bars, coverage="names" if seed % 3 else "few")
    return combo_simulation(inputs_of(bars), panel, terms=terms)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("has_benchmark", [True, False])
def test_compiled_and_plain_write_the_same_bytes(plain, seed, has_benchmark):
    simulation = simulation_of(seed, has_benchmark=has_benchmark)
    members, starts = arrays_of(all_combos(len(MODELS))[:10])
    n_sessions = simulation.dates.size
    found = []
    for call in (lambda kernel: kernel, plain):
        books, work = (
            combo_books(10, n_sessions=n_sessions, n_instruments=len(CODES)),
            fusion_work(4, len(CODES)),
        )
        paths = room(10, n_sessions)
        call(run_combos_nb)(members, starts, simulation.shared, books, work, paths)
        found.append([path.tobytes() for path in paths])
    assert found[0] == found[1]


def test_room_that_was_used_before_gives_the_same(plain):
    simulation = simulation_of(4, has_benchmark=True)
    n_sessions = simulation.dates.size
    books, work = (
        combo_books(4, n_sessions=n_sessions, n_instruments=len(CODES)),
        fusion_work(4, len(CODES)),
    )
    found = {}
    for combos in ([(0,), (1, 2)], [(3,), (2, 3), (0, 1, 2, 3)], [(0,), (1, 2)]):
        paths = room(len(combos), n_sessions, is_keeping_nav=False)
        run_combos_nb(*arrays_of(combos), simulation.shared, books, work, paths)
        values = [path.tobytes() for path in paths]
        assert values == found.setdefault(tuple(combos), values)

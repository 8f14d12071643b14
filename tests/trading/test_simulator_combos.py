"""Many combinations at once: each equals the one simulation of its own fused scores."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantpits.errors import DataError, NonFiniteError, ShapeError
from quantpits.signals import ScorePanel, align, fuse, standardise
from quantpits.trading import CN_RULES
from quantpits.trading.metrics import path_metrics
from quantpits.trading.simulator import simulate_sessions
from quantpits.trading.simulator_combos import (
    COMBO_COLUMNS,
    ComboPanel,
    ComboTerms,
    combo_simulation,
)
from quantpits.trading.simulator_market import RawBefore, session_inputs
from quantpits.trading.simulator_rules import Opening, SimulationRules
from quantpits.trading.simulator_schedule import signal_rows
from tests.trading.session_markets import CODES, draw_bars, draw_rules, inputs_of

SEEDS = st.integers(0, 2**31)
CASH = 6_000_000
MODELS = ("gbdt", "gru", "linear", "lstm")
COVERAGES = ("same", "few", "days", "names")


def draw_panel(seed, bars, *, coverage="same", models=MODELS):
    """Draw raw scores; models cover the same cells, or differ in a few of them, by day, by name."""
    rng = np.random.default_rng(seed + 5)
    shape = (len(models), *bars.close_fen.shape)
    scores = rng.normal(size=shape) * rng.choice([1e-3, 1.0, 40.0], size=(len(models), 1, 1))
    scores[:, :3] = np.round(scores[:, :3])  # ties, and days that are flat
    scores[:, rng.random(shape[1:]) < 0.1] = np.nan
    if coverage == "few":
        scores[rng.random(shape) < 0.03] = np.nan
    elif coverage == "days":
        for of_model in scores:
            of_model[: rng.integers(0, 6)] = np.nan
            of_model[shape[1] - rng.integers(0, 6) :] = np.nan
            of_model[rng.random(shape[1]) < 0.2] = np.nan
    elif coverage == "names":
        for of_model in scores:
            of_model[:, rng.random(shape[2]) < 0.4] = np.nan
    return ComboPanel(models, scores)


def all_combos(n_models):
    sizes = range(1, n_models + 1)
    return [combo for size in sizes for combo in combinations(range(n_models), size)]


def arrays_of(combos):
    sizes = [len(combo) for combo in combos]
    members = np.array([model for combo in combos for model in combo], dtype=np.int64)
    return members, np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def fused_alone(bars, panel, combo):
    """The combo's scores as research and orders make them, on the rows of the market."""
    placed = np.full(bars.close_fen.shape, np.nan)
    own = {
        panel.models[model]: ScorePanel(bars.dates, bars.instruments, panel.scores[model])
        for model in combo
    }
    if not np.logical_and.reduce([each.is_scored for each in own.values()]).any():
        return placed
    aligned = standardise(align(own))
    row = np.searchsorted(bars.dates, aligned.dates)
    column = np.searchsorted(np.array(bars.instruments), np.array(aligned.instruments))
    placed[np.ix_(row, column)] = fuse(aligned.scores, np.ones(len(combo)))
    return placed


def alone(inputs, placed, terms):
    """One simulation of fused scores by itself; None if there are none."""
    has_signal = ~np.isnan(placed).all(axis=1)
    if not has_signal.any():
        return None
    first = int(has_signal.argmax())
    stop = has_signal.size - int(has_signal[::-1].argmax())
    result = simulate_sessions(
        inputs,
        placed,
        signal_rows=signal_rows(inputs.dates, has_signal, frequency=terms.frequency),
        rules=terms.rules,
        opening=Opening(terms.cash_fen),
    )
    return first, stop, result


@pytest.mark.property
@settings(max_examples=60, deadline=None)
@given(SEEDS, st.sampled_from(["day", "week"]), st.sampled_from(COVERAGES))
def test_every_combo_equals_its_own_simulation_to_the_fen(seed, frequency, coverage):
    bars, rules = draw_bars(seed), draw_rules(seed)
    panel = draw_panel(seed, bars, coverage=coverage)
    inputs = inputs_of(bars)
    terms = ComboTerms(frequency=frequency, rules=rules, cash_fen=CASH, n_blocks=4)
    combos = all_combos(len(MODELS))
    simulation = combo_simulation(inputs, panel, terms=terms)
    found = simulation.run(*arrays_of(combos), is_keeping_nav=True)
    for place, combo in enumerate(combos):
        expected = alone(inputs, fused_alone(bars, panel, combo), terms)
        if expected is None:
            assert (0, 0) == (found.first_row[place], found.stop_row[place])
            assert [CASH] * bars.dates.size == found.nav[place].tolist()
            assert np.isnan(found.metrics[place, 1:]).all()
            continue
        first, stop, result = expected
        assert (first, stop) == (found.first_row[place], found.stop_row[place])
        nav = result.nav[first:stop]
        assert nav.tolist() == found.nav[place, first:stop].tolist()
        assert {CASH} >= set(found.nav[place, :first].tolist())
        assert {nav[-1]} >= set(found.nav[place, stop:].tolist())
        assert result.turnover[first:stop].sum() == found.turnover_fen[place]
        assert result.cost[first:stop].sum() == found.cost_fen[place]


def _metrics_row(nav, benchmark):
    figures = path_metrics(nav, CASH, benchmark_returns=benchmark)
    values = [getattr(figures, name) for name in COMBO_COLUMNS]
    return [np.nan if value is None else value for value in values]


@pytest.mark.property
@settings(max_examples=30, deadline=None)
@given(SEEDS, st.booleans())
def test_metrics_and_moments_are_those_of_the_path(seed, has_benchmark):
    bars, rules = draw_bars(seed), draw_rules(seed)
    panel = draw_panel(seed, bars, coverage="days")
    rng = np.random.default_rng(seed)
    levels = 4_000 * np.cumprod(1 + rng.normal(0, 0.01, bars.dates.size))
    terms = ComboTerms(
        frequency="day",
        rules=rules,
        cash_fen=CASH,
        benchmark=levels if has_benchmark else None,
        n_blocks=3,
    )
    simulation = combo_simulation(inputs_of(bars), panel, terms=terms)
    found = simulation.run(*arrays_of(all_combos(len(MODELS))), is_keeping_nav=True)
    begin, length = simulation.common_first, simulation.block_rows
    assert simulation.common_stop == begin + 3 * length
    for place in range(found.first_row.size):
        first, stop = found.first_row[place], found.stop_row[place]
        if stop == 0:
            continue
        returns = np.concatenate([[0.0], levels[first + 1 : stop] / levels[first : stop - 1] - 1])
        expected = _metrics_row(found.nav[place, first:stop], returns if has_benchmark else None)
        np.testing.assert_allclose(found.metrics[place], expected, rtol=1e-12, atol=1e-14)
        path = np.concatenate([[CASH], found.nav[place]])
        gains = (path[1:] / path[:-1] - 1)[begin : begin + 3 * length].reshape(3, length)
        moments = [gains.sum(axis=1), (gains**2).sum(axis=1)]
        np.testing.assert_allclose(found.moments[place], moments, rtol=1e-12, atol=1e-15)


@pytest.fixture(scope="module")
def case():
    bars = draw_bars(8)
    models = tuple("abcdefgh")
    panel = draw_panel(8, bars, coverage="few", models=models)
    terms = ComboTerms(
        frequency="day", rules=SimulationRules(topk=3, n_drop=1), cash_fen=CASH, n_blocks=4
    )
    return combo_simulation(inputs_of(bars), panel, terms=terms), all_combos(len(models))


def _bytes(found, order=slice(None)):
    values = [getattr(found, field.name) for field in fields(found)]
    return [value[order].tobytes() for value in values if value is not None]


def test_order_blocks_and_threads_change_nothing(case):
    simulation, combos = case
    expected = simulation.run(*arrays_of(combos), is_keeping_nav=True)
    order = np.random.default_rng(1).permutation(len(combos))
    shuffled = simulation.run(*arrays_of([combos[at] for at in order]), is_keeping_nav=True)
    assert _bytes(expected, order) == _bytes(shuffled)
    parts = [combos[at : at + 37] for at in range(0, len(combos), 37)]
    with ThreadPoolExecutor(3) as pool:
        found = list(
            pool.map(lambda part: simulation.run(*arrays_of(part), is_keeping_nav=True), parts)
        )
    joined = [np.concatenate([part.nav for part in found])]
    joined += [np.concatenate([part.metrics for part in found])]
    assert [expected.nav.tobytes(), expected.metrics.tobytes()] == [j.tobytes() for j in joined]


@pytest.mark.property
@settings(max_examples=30, deadline=None)
@given(SEEDS, st.permutations(range(len(CODES))))
def test_the_order_of_the_instruments_changes_nothing(seed, order):
    bars, rules = draw_bars(seed), draw_rules(seed)
    # Ranks are whole numbers: their mean is exact in any order, and there are no ties.
    panel = draw_panel(seed, bars)
    scores = np.argsort(np.argsort(panel.scores, axis=2), axis=2).astype(np.float64)
    order = list(order)
    names = ("price_fen", "close_fen", "dividend", "bonus", "factor")
    permuted = replace(
        bars,
        instruments=tuple(CODES[name] for name in order),
        **{name: np.ascontiguousarray(getattr(bars, name)[:, order]) for name in names},
    )
    terms = ComboTerms(frequency="day", rules=rules, cash_fen=CASH)
    combos = arrays_of([(0,), (1,), (2,)])
    found = combo_simulation(inputs_of(bars), ComboPanel(MODELS, scores), terms=terms)
    other = combo_simulation(
        inputs_of(permuted), ComboPanel(MODELS, scores[:, :, order]), terms=terms
    )
    assert (
        found.run(*combos, is_keeping_nav=True).nav.tolist()
        == other.run(*combos, is_keeping_nav=True).nav.tolist()
    )


@pytest.mark.property
@settings(max_examples=30, deadline=None)
@given(SEEDS, st.integers(4, 22), st.sampled_from(COVERAGES))
def test_changing_what_comes_later_changes_nothing(seed, last, coverage):
    bars, rules = draw_bars(seed), draw_rules(seed)
    panel = draw_panel(seed, bars, coverage=coverage)
    other, later = draw_bars(seed + 1), draw_panel(seed + 1, bars).scores
    changed = {
        name: np.concatenate([getattr(bars, name)[: last + 1], getattr(other, name)[last + 1 :]])
        for name in ("price_fen", "close_fen", "factor")
    }
    changed |= {name: getattr(bars, name) * 1.0 for name in ("dividend", "bonus")}
    changed["dividend"][last + 1 :] = 0.0
    later[:, : last + 1] = panel.scores[:, : last + 1]
    terms = ComboTerms(frequency="day", rules=rules, cash_fen=CASH)
    combos = arrays_of(all_combos(len(MODELS)))
    before = combo_simulation(inputs_of(bars), panel, terms=terms)
    after = combo_simulation(
        inputs_of(replace(bars, **changed)), ComboPanel(MODELS, later), terms=terms
    )
    before, after = (each.run(*combos, is_keeping_nav=True) for each in (before, after))
    # Where a combo's own rows end before the change in one of the two, it stops trading there.
    stop = np.minimum(np.minimum(before.stop_row, after.stop_row), last + 1)
    for place, end in enumerate(stop):
        assert before.nav[place, :end].tolist() == after.nav[place, :end].tolist()


@pytest.mark.property
@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(1, 8), st.integers(16, 24))
def test_a_window_of_a_longer_market_gives_what_it_gives_alone(seed, first, stop):
    bars, rules = draw_bars(seed), draw_rules(seed)
    panel = draw_panel(seed, bars, coverage="few")
    terms = ComboTerms(frequency="week", rules=rules, cash_fen=CASH)
    combos = arrays_of(all_combos(len(MODELS)))
    whole = inputs_of(bars)
    known = [column[np.isfinite(column)] for column in bars.factor[:first].T]
    before = RawBefore(
        mark_fen=whole.tables.mark[first - 1],
        factor=np.array([column[-1] if column.size else np.nan for column in known]),
    )
    names = ("dates", "price_fen", "close_fen", "dividend", "bonus", "factor")
    cut = replace(bars, **{name: getattr(bars, name)[first:stop] for name in names})
    window = session_inputs(cut, CN_RULES, before=before)
    scores = panel.scores.copy()
    scores[:, :first], scores[:, stop:] = np.nan, np.nan
    inside = combo_simulation(whole, ComboPanel(MODELS, scores), terms=terms)
    apart = combo_simulation(window, ComboPanel(MODELS, panel.scores[:, first:stop]), terms=terms)
    inside, apart = (each.run(*combos, is_keeping_nav=True) for each in (inside, apart))
    assert inside.nav[:, first:stop].tolist() == apart.nav.tolist()
    assert inside.metrics.tobytes() == apart.metrics.tobytes()


@pytest.fixture
def parts():
    bars = draw_bars(8)
    terms = ComboTerms(frequency="day", rules=SimulationRules(topk=3, n_drop=1), cash_fen=CASH)
    return inputs_of(bars), draw_panel(8, bars), terms


@pytest.mark.parametrize(
    ("models", "shape", "match"),
    [
        (("a",), (2, 3, 4), "one matrix for each model"),
        ((), (0, 3, 4), "one matrix for each model"),
        (("a",), (3, 4), "one matrix for each model"),
        (("b", "a"), (2, 3, 4), "ascending"),
        (("a", "a"), (2, 3, 4), "ascending"),
    ],
)
def test_panels_that_make_no_sense_are_refused(models, shape, match):
    with pytest.raises(ShapeError, match=match):
        ComboPanel(models, np.zeros(shape))


def test_an_infinite_score_is_refused():
    with pytest.raises(NonFiniteError, match="infinite"):
        ComboPanel(("a",), np.full((1, 2, 2), np.inf))


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"n_blocks": 0}, ShapeError, "no blocks"),
        ({"cash_fen": 0}, NonFiniteError, "opening cash"),
        ({"benchmark": np.ones(3)}, ShapeError, "benchmark does not fit"),
        ({"benchmark": np.zeros(24)}, NonFiniteError, "benchmark is not"),
        ({"frequency": "month"}, DataError, "no such frequency"),
        ({"rules": SimulationRules(topk=0, n_drop=1)}, ShapeError, "out of range"),
    ],
)
def test_terms_that_make_no_sense_are_refused(parts, change, error, match):
    inputs, panel, terms = parts
    with pytest.raises(error, match=match):
        combo_simulation(inputs, panel, terms=replace(terms, **change))


def test_a_panel_of_another_market_is_refused(parts):
    inputs, panel, terms = parts
    with pytest.raises(ShapeError, match="do not fit the market"):
        combo_simulation(inputs, ComboPanel(MODELS, panel.scores[:, 1:]), terms=terms)


@pytest.mark.parametrize(
    ("members", "starts", "match"),
    [
        ([0, 1], [0, 1], "do not fit their starts"),
        ([0, 1], [1, 2], "do not fit their starts"),
        ([0, 1], [0, 0, 2], "do not fit their starts"),
        ([0, 1], [], "do not fit their starts"),
        ([1, 0], [0, 2], "not ascending"),
        ([0, 0], [0, 2], "not ascending"),
        ([0, 4], [0, 2], "not ascending"),
        ([-1, 0], [0, 2], "not ascending"),
    ],
)
def test_combos_that_make_no_sense_are_refused(parts, members, starts, match):
    inputs, panel, terms = parts
    simulation = combo_simulation(inputs, panel, terms=terms)
    with pytest.raises(ShapeError, match=match):
        simulation.run(np.array(members, dtype=np.int64), np.array(starts, dtype=np.int64))
    with pytest.raises(ShapeError, match="do not fit their starts"):
        simulation.run(np.array([0], dtype=np.int32), np.array([0, 1]))


def test_no_combo_is_no_row(parts):
    inputs, panel, terms = parts
    simulation = combo_simulation(inputs, panel, terms=terms)
    found = simulation.run(np.array([], dtype=np.int64), np.array([0]))
    assert (0, len(COMBO_COLUMNS)) == found.metrics.shape
    assert found.nav is None
    assert simulation.dates.tolist() == inputs.dates.tolist()
    assert simulation.work_bytes > 128 * 25 * len(CODES)


def test_columns_have_names(parts):
    inputs, panel, terms = parts
    found = combo_simulation(inputs, panel, terms=terms).run(*arrays_of([(0, 1)]))
    assert found.metrics[:, 5].tolist() == found.column("sharpe").tolist()
    with pytest.raises(DataError, match="no such metric"):
        found.column("luck")


def test_without_a_common_day_there_are_no_blocks(parts):
    inputs, panel, terms = parts
    scores = panel.scores.copy()
    scores[0] = np.nan
    simulation = combo_simulation(inputs, ComboPanel(MODELS, scores), terms=terms)
    assert (0, 0, 0) == (simulation.common_first, simulation.common_stop, simulation.block_rows)
    assert 0.0 == np.abs(simulation.run(*arrays_of([(1,)])).moments).sum()

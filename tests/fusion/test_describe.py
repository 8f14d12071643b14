"""A combo in plain values."""

from pathlib import Path

from quantpits.fusion.describe import describe_combo, figures_of, page_facts
from tests.fusion.conftest import ANCHOR, traded_combo


def test_describe_combo_counts_what_is_scored(traded):
    combo = describe_combo(traded.fusion, Path("x.csv"))
    assert ("ensemble_adhoc", None, "dynamic") == (combo.label, combo.combo, combo.method)
    assert (110, 12, 1320, 12) == (
        combo.n_days,
        combo.n_instruments,
        combo.n_rows,
        combo.n_on_last_date,
    )
    assert ANCHOR == combo.last_date
    assert 5 == len(combo.best)
    assert (None, None) == (combo.csv_sha256, combo.figures)
    assert traded.fusion.daily_weights[-1].tolist() == list(combo.weights.values())


def test_figures_of_a_backtest_are_those_of_the_combo_and_of_equal_weights(traded):
    figures = figures_of(traded)
    metrics = traded.ensemble.performance.metrics
    assert metrics.annualised_return == figures.annualised_return
    assert traded.equal_weight.performance.metrics.annualised_return == figures.equal_weight_return
    assert ("next_session", "week", ANCHOR) == (
        figures.execution,
        figures.frequency,
        figures.last_date,
    )
    assert (traded.ensemble.sharpe_low, traded.ensemble.ic.ic) == (figures.sharpe_low, figures.ic)


def test_page_facts_hold_the_conventions(traded):
    facts = dict(page_facts(ANCHOR, "Qlib data (market)", setting=traded.setting))
    assert {"Anchor", "Market", "Dates", "Timing", "Strategy", "Account", "Figures"} == set(facts)
    assert "net of all costs" in facts["Figures"]
    facts = dict(page_facts(ANCHOR, "Qlib data (market)", setting=None))
    assert {"Anchor": str(ANCHOR), "Market": "Qlib data (market)", "Backtest": "none"} == facts


def test_figures_without_a_skill_are_none(traded, priced_lab):
    single = traded_combo(priced_lab, ("gru",), "equal", start_date=ANCHOR)
    figures = figures_of(single)
    assert (None, None, None) == (figures.ic, figures.icir, figures.sharpe_low)
    assert ANCHOR == figures.first_date

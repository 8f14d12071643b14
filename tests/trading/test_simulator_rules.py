"""What a simulation is told: refused if it makes no sense."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from quantpits.errors import NonFiniteError, ShapeError
from quantpits.trading.selection import DecisionRule
from quantpits.trading.simulator_rules import SimulationResult, SimulationRules

RULES = SimulationRules(topk=20, n_drop=3)
RESULT = SimulationResult(
    execution="next_session",
    unit="fen",
    dates=np.array(["2024-01-02", "2024-01-03"], dtype="datetime64[D]"),
    opening=10_000,
    nav=np.array([11_000, 5_500]),
    cash=np.array([0, 0]),
    turnover=np.array([0, 0]),
    cost=np.array([0, 0]),
    n_held=np.array([1, 1]),
    shares=None,
)


def test_rules_become_the_parameters_of_the_decision():
    assert DecisionRule(20, 3, 1, is_only_tradable=True, is_corrected=True) == RULES.decision_rule()


@pytest.mark.parametrize(
    "change", [{"topk": 0}, {"n_drop": -1}, {"buy_suggestion_factor": 0}, {"hold_thresh": -1}]
)
def test_a_parameter_out_of_range_is_refused(change):
    with pytest.raises(ShapeError, match="out of range"):
        replace(RULES, **change).decision_rule()


def test_the_buffer_rule_has_no_quirks_of_qlib():
    with pytest.raises(ShapeError, match="no parity mode"):
        replace(RULES, strategy="topk_buffer", corrected=False).decision_rule()


@pytest.mark.parametrize("risk_degree", [0.0, 1.5, np.nan])
def test_the_risk_degree_is_a_fraction(risk_degree):
    with pytest.raises(NonFiniteError, match="risk degree"):
        replace(RULES, risk_degree=risk_degree).decision_rule()


def test_returns_start_from_the_opening_value():
    assert [0.1, -0.5] == pytest.approx(RESULT.returns.tolist())


def test_values_are_cny_whatever_the_unit():
    assert [110.0, 55.0] == RESULT.nav_cny.tolist()
    assert [11_000.0, 5_500.0] == replace(RESULT, unit="cny").nav_cny.tolist()

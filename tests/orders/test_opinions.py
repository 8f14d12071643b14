from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quantpits.orders.opinions import (
    Opinion,
    OpinionSource,
    OpinionTable,
    Verdicts,
    opinion_table,
    verdicts,
)
from quantpits.orders.plan import make_plan
from tests.orders.conftest import MEMBERS, OUTSIDE, SCORES

HELD = {"SH600000": 100, "SH600001": 100, "SZ300001": 130}


def source(name, kind="model"):
    return OpinionSource(
        column=f"{kind}_{name}",
        kind=kind,
        name=name,
        file=f"{name}.csv",
        csv_sha256="0",
        models=(name,),
    )


def scored(inputs, scores):
    return replace(
        inputs, scores=np.array([scores.get(name, np.nan) for name in inputs.instruments])
    )


def said(inputs):
    return verdicts(inputs, make_plan(inputs))


def told(table: OpinionTable):
    return {
        name: opinion.text() for name, opinion in zip(table.instruments, table.basis, strict=True)
    }


def test_actions_are_those_of_the_orders(make_inputs):
    inputs = make_inputs(held=HELD)
    found = said(inputs).opinions
    assert {
        "SH600000": "HOLD (1)",
        "SH600001": "HOLD (2)",
        "SZ300001": "SELL (6)",
        "SH600002": "BUY (3)",
        "SH688001": "BUY* (4)",
        "SZ000001": "-- (5)",
    } == {name: opinion.text() for name, opinion in found.items()}


def test_what_is_not_scored_has_no_rank(make_inputs):
    scores = {**SCORES, "SZ000001": np.nan}
    inputs = make_inputs(held={OUTSIDE: 100, "SH600001": 100}, scores=scores, outside=(OUTSIDE,))
    found = said(inputs).opinions
    assert "-" == found["SZ000001"].text()
    assert "SELL (-)" == found[OUTSIDE].text()


@pytest.mark.property
@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    ranks=st.permutations(range(6)),
    held=st.sets(st.sampled_from(MEMBERS), max_size=4),
    cash=st.integers(0, 20_000_000),
)
def test_the_basis_is_the_orders_whatever_they_are(make_inputs, ranks, held, cash):
    scores = dict(zip(MEMBERS, map(float, ranks), strict=True))
    inputs = make_inputs(scores=scores, held=dict.fromkeys(held, 200), cash_fen=cash)
    plan = make_plan(inputs)
    table = opinion_table(inputs, plan, label="ensemble", sources=(), said={})
    expected = dict.fromkeys(plan.holds, "HOLD")
    for order in plan.orders:
        action = "SELL" if order.side == "sell" else "BUY"
        expected[order.instrument] = action + ("*" if order.role == "alternate" else "")
    assert expected == {
        name: opinion.action for name, opinion in zip(table.instruments, table.basis, strict=True)
    }
    ranks_told = {order.instrument: order.rank for order in plan.orders}
    for name, opinion in zip(table.instruments, table.basis, strict=True):
        assert ranks_told.get(name, opinion.rank) == opinion.rank


def test_the_same_scores_give_the_same_opinion_by_construction(make_inputs):
    inputs = make_inputs(held=HELD)
    plan = make_plan(inputs)
    table = opinion_table(
        inputs, plan, label="ensemble", sources=[source("gru")], said={"model_gru": said(inputs)}
    )
    assert [(opinion,) for opinion in table.basis] == list(table.cells)
    assert {1.0} == set(table.agreement)
    assert 1.0 == table.mean_agreement


def test_agreement_counts_single_models_that_score_the_name(make_inputs):
    inputs = make_inputs(held=HELD)
    reverse = {name: -score for name, score in SCORES.items()}
    partial = {name: score for name, score in SCORES.items() if name != "SZ300001"}
    opinions = {
        "combo_A": said(scored(inputs, reverse)),
        "model_gru": said(inputs),
        "model_mlp": said(scored(inputs, reverse)),
        "model_tiny": said(scored(inputs, partial)),
    }
    sources = [source("A", "combo"), *(source(name) for name in ("gru", "mlp", "tiny"))]
    table = opinion_table(
        inputs, make_plan(inputs), label="ensemble", sources=sources, said=opinions
    )
    shares = table.agreement_by_instrument()
    assert 0.5 == shares["SZ300001"]  # gru sells, mlp keeps, tiny does not score it
    assert pytest.approx(2 / 3) == shares["SH600002"]  # bought by gru and tiny
    assert pytest.approx((0.5 + 2 / 3) / 2) == table.mean_agreement


def test_without_models_there_is_no_agreement(make_inputs):
    inputs = make_inputs()
    table = opinion_table(
        inputs,
        make_plan(inputs),
        label="ensemble",
        sources=[source("A", "combo")],
        said={"combo_A": said(inputs)},
    )
    assert {None} == set(table.agreement)
    assert table.mean_agreement is None
    assert {} == table.agreement_by_instrument()
    assert list(told(table)) == list(table.instruments)


def test_opinions_and_verdicts_are_values():
    assert Opinion("BUY", 1).is_owner
    assert not Opinion("BUY*", 2).is_owner
    assert not Opinion("-", None).is_known
    assert Verdicts(opinions={}) == Verdicts(opinions={})

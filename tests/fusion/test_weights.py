"""Weights by each method, and what is refused. Faults 14, 16 and 39 of the earlier system."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantpits.errors import ModelError, UsageError
from quantpits.fusion.weights import (
    ModelMetrics,
    check_manual_weights,
    equal_weights,
    icir_weights,
    manual_weights,
    parse_weights,
)


def metrics(**icir_by_model):
    return {model: ModelMetrics(0.05, icir) for model, icir in icir_by_model.items()}


@pytest.mark.parametrize(
    "text",
    [
        "gru:0.6,mlp:0.4",
        "gru:0.6 mlp:0.4",
        "gru: 0.6, mlp :0.4",
        " gru:0.6 , mlp:4e-1 ",
    ],
)
def test_parse_weights_takes_commas_and_spaces(text):
    assert {"gru": 0.6, "mlp": 0.4} == parse_weights(text)


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("gru", "gru"),
        ("gru:0.6,mlp", "mlp"),
        ("gru:0.6,:0.4", ":0.4"),
        ("gru:much", "gru:much"),
        ("gru:nan", "gru:nan"),
        ("gru:inf", "gru:inf"),
        ("gru:", "gru:"),
        ("gru:0.5,", ""),
        ("", ""),
    ],
)
def test_parse_weights_refuses_a_broken_item_by_name(text, item):
    with pytest.raises(UsageError, match="a colon and a finite number") as caught:
        parse_weights(text)
    assert repr(item) == caught.value.found


def test_parse_weights_refuses_a_model_twice():
    with pytest.raises(UsageError, match="two weights"):
        parse_weights("gru:0.6,gru:0.4")


@pytest.mark.parametrize(
    ("weights", "problem"),
    [
        ({"gru": 1.0}, "no weight for 'mlp'"),
        ({"gru": 1.0, "mlp": 1.0, "lstm": 1.0}, "'lstm', which is not in the combo"),
        ({"gru": 1.0, "mlp": -0.1}, "a negative weight for 'mlp'"),
        ({"gru": 0.0, "mlp": 0.0}, "sum to 0"),
        ({"gru": 1.0, "mlp": math.nan}, "'mlp' is not a finite number"),
        ({"gru": 1.0, "mlp": math.inf}, "'mlp' is not a finite number"),
    ],
)
def test_check_manual_weights_finds(weights, problem):
    (found,) = check_manual_weights(("gru", "mlp"), weights)
    assert problem in found


def test_check_manual_weights_takes_any_scale():
    assert () == check_manual_weights(("gru", "mlp"), {"mlp": 30.0, "gru": 0.0})


def test_equal_weights_are_one_over_the_number():
    assert {"a": 0.25, "b": 0.25, "c": 0.25, "d": 0.25} == equal_weights("abcd")


def test_icir_weights_are_in_proportion():
    weights = icir_weights(("gru", "mlp"), metrics(gru=0.3, mlp=0.1), min_model_ic=0.0)
    assert {"gru": pytest.approx(0.75), "mlp": pytest.approx(0.25)} == weights


def test_icir_weights_compare_the_threshold_with_the_mean_ic():
    # Fault 14: the earlier system compared min_model_ic with ICIR.
    known = {"gru": ModelMetrics(0.005, 0.9), "mlp": ModelMetrics(0.02, 0.005)}
    assert {"gru": 0.0, "mlp": 1.0} == icir_weights(("gru", "mlp"), known, min_model_ic=0.01)


def test_icir_weights_want_more_than_the_threshold():
    known = {"gru": ModelMetrics(0.01, 0.9), "mlp": ModelMetrics(0.02, 0.1)}
    assert 0.0 == icir_weights(("gru", "mlp"), known, min_model_ic=0.01)["gru"]


@pytest.mark.parametrize("metric", [ModelMetrics(None, 0.3), ModelMetrics(0.1, None)])
def test_icir_weights_give_nothing_for_the_undefined(metric):
    known = {"gru": metric, "mlp": ModelMetrics(0.02, 0.1)}
    assert {"gru": 0.0, "mlp": 1.0} == icir_weights(("gru", "mlp"), known, min_model_ic=0.0)


def test_icir_weights_never_fall_back_to_equal():
    # Fault 16: with a negative threshold and no positive ICIR every model got 1/n.
    known = {"gru": ModelMetrics(-0.01, -0.2), "mlp": ModelMetrics(0.01, None)}
    with pytest.raises(ModelError, match="No model of 'gru', 'mlp' qualifies") as caught:
        icir_weights(("gru", "mlp"), known, min_model_ic=-1.0)
    assert "gru IC -0.0100 ICIR -0.2000, mlp IC 0.0100 ICIR undefined" == caught.value.found


def test_manual_weights_are_normalised_over_what_is_there():
    weights = {"gru": 6.0, "mlp": 2.0, "lstm": 2.0}
    assert {"mlp": 0.5, "lstm": 0.5} == manual_weights(("mlp", "lstm"), weights)


def test_manual_weights_want_a_weight_among_what_is_left():
    with pytest.raises(ModelError, match="no weight"):
        manual_weights(("mlp",), {"gru": 1.0, "mlp": 0.0})


@pytest.mark.property
@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.tuples(st.floats(-1, 1), st.floats(-2, 2)).map(lambda pair: ModelMetrics(*pair)),
        min_size=1,
        max_size=6,
    ),
    st.floats(-1, 1),
)
def test_icir_weights_sum_to_one_or_raise(known, threshold):
    named = {f"m{at}": metric for at, metric in enumerate(known)}
    if not any(metric.ic > threshold and metric.icir > 0 for metric in known):
        with pytest.raises(ModelError, match="qualifies"):
            icir_weights(tuple(named), named, min_model_ic=threshold)
        return
    weights = icir_weights(tuple(named), named, min_model_ic=threshold)
    assert 1.0 == pytest.approx(sum(weights.values()), abs=1e-12)
    assert all(weight >= 0.0 for weight in weights.values())
    assert list(named) == list(weights)

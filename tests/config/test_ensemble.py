"""Combos: one default, weights that name exactly the models."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.config.ensemble import Combo, EnsembleConfig, weight_problems
from quantpits.config.validation import model_from_text
from quantpits.errors import ConfigError


def read(**document):
    return model_from_text(EnsembleConfig, json.dumps(document), "config/ensemble_config.json")


def problems_of(**document):
    with pytest.raises(ConfigError) as caught:
        read(**document)
    return {problem.key: problem.message for problem in caught.value.problems}


def test_new_form():
    config = read(
        combos={
            "combo_A": {
                "models": ["gru", "mlp"],
                "method": "icir_weighted",
                "default": False,
                "description": "both",
            },
            "combo_B": {"models": ["gru"], "default": True, "enabled": True},
        },
        min_model_ic=0.01,
    )
    assert ["combo_A", "combo_B"] == list(config.combos)
    assert (
        Combo(models=("gru", "mlp"), method="icir_weighted", description="both")
        == (config.combos["combo_A"])
    )
    assert "equal" == config.combos["combo_B"].method
    assert "combo_B" == config.default_combo
    assert 0.01 == config.min_model_ic


def test_min_model_ic_is_zero_by_default():
    assert 0.0 == read(combos={"a": {"models": ["gru"], "default": True}}).min_model_ic


def test_combo_weights_are_kept():
    # fault 26: the earlier system read them nowhere
    config = read(
        combos={
            "a": {
                "models": ["gru", "mlp"],
                "method": "manual",
                "manual_weights": {"gru": 0.9, "mlp": 0.1},
                "default": True,
            }
        }
    )
    assert {"gru": 0.9, "mlp": 0.1} == config.combos["a"].manual_weights


def test_flat_form_is_one_default_combo_named_legacy():
    config = read(
        models=["gru", "mlp"],
        ensemble_method="manual",
        manual_weights={"gru": 3, "mlp": 1},
        use_ensemble=True,
        min_model_ic=0.02,
    )
    assert {"legacy": Combo(models=("gru", "mlp"), method="manual", default=True)} == config.combos
    assert "legacy" == config.default_combo
    assert {"gru": 3.0, "mlp": 1.0} == config.manual_weights
    assert 0.02 == config.min_model_ic


def test_config_made_in_python():
    combo = Combo(models=("gru",), default=True)
    config = EnsembleConfig(combos={"a": combo})
    assert "a" == config.default_combo
    assert config == EnsembleConfig.model_validate(config)


@pytest.mark.parametrize(
    ("flags", "found"),
    [((False, False), "none"), ((True, True), "'a', 'b'")],
)
def test_exactly_one_default(flags, found):
    combos = {
        name: {"models": ["gru"], "default": flag} for name, flag in zip("ab", flags, strict=True)
    }
    expected = f'exactly one combo should have "default": true, found {found}'
    assert {"combos": expected} == problems_of(combos=combos)


def test_default_problem_shows_beside_others():
    combos = {"a": {"models": ["gru"], "method": "equl"}, "b": {"models": []}, "c": 3}
    found = problems_of(combos=combos, min_ic=0)
    assert {"combos.a.method", "combos.b.models", "combos.c", "combos", "min_ic"} == set(found)
    assert "there is no such key; did you mean 'min_model_ic'?" == found["min_ic"]


@pytest.mark.parametrize(
    ("combo", "key", "message"),
    [
        ({"models": []}, "models", "should not be empty, found []"),
        ({"models": ["gru", "mlp", "gru"]}, "models.2", "'gru' is listed twice"),
        ({"models": ["a/b"]}, "models.0", "should be at most 100 letters"),
        ({"method": "median"}, "method", "should be 'equal', 'icir_weighted', 'manual' or"),
        ({"manual_weights": {"gru": 1}}, "manual_weights", "no weight for 'mlp'"),
        (
            {"manual_weights": {"gru": 1, "mlp": 1, "x": 1}},
            "manual_weights",
            "a weight for 'x', which is not in the combo",
        ),
        ({"manual_weights": {"gru": -1, "mlp": 2}}, "manual_weights", "a negative weight for"),
        ({"manual_weights": {"gru": 0, "mlp": 0}}, "manual_weights", "the weights sum to 0"),
        ({"manual_weights": {"gru": "1", "mlp": 0}}, "manual_weights.gru", "should be a number"),
        ({"enabled": False}, "enabled", "the default combo must be enabled"),
        ({"weights": {}}, "weights", "there is no such key; did you mean 'manual_weights'?"),
    ],
)
def test_wrong_combo_is_refused(combo, key, message):
    found = problems_of(combos={"a": {"models": ["gru", "mlp"], "default": True, **combo}})
    assert [f"combos.a.{key}"] == list(found)
    assert message in found[f"combos.a.{key}"]


def test_problems_of_the_flat_form_carry_the_users_keys():
    assert {"models.1": "'gru' is listed twice"} == problems_of(models=["gru", "gru"])
    found = problems_of(models=[], ensemble_method="median", default=True)
    assert {"models", "ensemble_method", "default"} == set(found)


def test_forms_cannot_be_mixed():
    found = problems_of(models=["gru"], combos={"a": {"models": ["gru"], "default": True}})
    assert ["models"] == list(found)
    assert "older flat form" in found["models"]


@pytest.mark.parametrize("document", [{}, {"min_model_ic": 0.0}])
def test_file_without_combos_is_refused(document):
    assert {"combos": "this key is required and missing"} == problems_of(**document)


@pytest.mark.parametrize("combos", [{}, [], None])
def test_combos_must_be_a_mapping_with_something_in_it(combos):
    assert ["combos"] == list(problems_of(combos=combos))


def test_anything_but_a_mapping_is_refused():
    with pytest.raises(ConfigError, match="found a list"):
        model_from_text(EnsembleConfig, "[]", "config/ensemble_config.json")
    with pytest.raises(ValueError, match="valid dictionary"):
        EnsembleConfig.model_validate([])


@pytest.mark.property
@given(st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 1e6), min_size=1))
def test_weights_that_name_their_models_are_fine_when_they_sum_to_something(weights):
    problems = weight_problems(tuple(weights), weights)
    assert (sum(weights.values()) > 0) == (problems == [])

"""Which combos a request means, what it refuses, and what orders may follow."""

import pytest

from quantpits.config import EnsembleConfig
from quantpits.errors import ConfigError, UsageError
from quantpits.fusion.plan import nearest_hint, plan_combos
from quantpits.fusion.request import FuseRequest
from quantpits.fusion.window import Window

FULL = Window("full")


def config(**extra):
    combos = {
        "A": {"models": ["gru", "mlp"], "method": "equal", "default": True},
        "B": {"models": ["mlp", "lstm"], "method": "icir_weighted"},
        "C": {"models": ["gru", "lstm"], "enabled": False},
    }
    top = {key[1:]: extra.pop(key) for key in list(extra) if key.startswith("_")}
    return EnsembleConfig.model_validate({"combos": {**combos, **extra}, **top})


def plan(request, known=None, window=FULL):
    return plan_combos(request, known if known is not None else config(), window=window)


def codes(findings):
    return [finding.code for finding in findings]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (FuseRequest(from_config=True), ["ensemble_A"]),
        (FuseRequest(from_config_all=True), ["ensemble_A", "ensemble_B"]),
        (FuseRequest(combo="B"), ["ensemble_B"]),
        (FuseRequest(combo="C"), ["ensemble_C"]),
        (FuseRequest(models=("gru", "lstm")), ["ensemble_adhoc"]),
    ],
)
def test_plan_chooses(request_, expected):
    plans, _ = plan(request_)
    assert expected == [item.label for item in plans]


def test_plan_of_the_default_combo_is_what_orders_follow():
    (first, second), _ = plan(FuseRequest(from_config_all=True))
    assert (True, True) == (first.is_default, first.is_tradable)
    assert (False, False) == (second.is_default, second.is_tradable)
    assert (("gru", "mlp"), "equal") == (first.models, first.method)
    assert "combo 'A'" == first.title


def test_plan_of_models_is_not_what_orders_follow_beside_a_default_combo():
    # Fault 28: an ad-hoc run used to overwrite the file that orders follow.
    ((item,), _) = plan(FuseRequest(models=("gru", "lstm")))
    assert not item.is_tradable
    assert "fusion of 'gru', 'lstm'" == item.title


def test_plan_of_models_is_what_orders_follow_when_published():
    ((item,), _) = plan(FuseRequest(models=("gru",), publish=True))
    assert ("ensemble", True, False) == (item.label, item.is_tradable, item.is_default)


def test_plan_of_models_is_what_orders_follow_without_combos():
    ((item,), _) = plan_combos(FuseRequest(models=("gru",)), None, window=FULL)
    assert ("ensemble", True) == (item.label, item.is_tradable)


@pytest.mark.parametrize(
    ("request_", "label"),
    [
        (FuseRequest(from_config=True), "ensemble_A_oos"),
        (FuseRequest(models=("gru",)), "ensemble_adhoc_oos"),
    ],
)
def test_plan_of_cut_dates_is_never_what_orders_follow(request_, label):
    ((item,), _) = plan(request_, window=Window("oos"))
    assert (label, False) == (item.label, item.is_tradable)


def test_plan_of_cut_dates_without_combos_is_not_what_orders_follow_either():
    ((item,), _) = plan_combos(FuseRequest(models=("gru",)), None, window=Window("cut"))
    assert ("ensemble_adhoc_cut", False) == (item.label, item.is_tradable)


def test_plan_takes_the_first_of_several_choices_and_says_so():
    request = FuseRequest(models=("gru",), combo="B", from_config_all=True, from_config=True)
    (item,), findings = plan(request)
    assert "ensemble_adhoc" == item.label
    assert ["FUS001"] == codes(findings)
    assert "--models decides" in findings[0].message


def test_plan_lets_an_explicit_method_win_and_says_so():
    (first, second), findings = plan(FuseRequest(from_config_all=True, method="equal"))
    assert ("equal", "equal") == (first.method, second.method)
    assert ["FUS002", "FUS004"] == codes(findings)
    assert "B" == findings[0].subject


def test_plan_says_that_a_combo_names_no_method():
    ((item,), findings) = plan(FuseRequest(combo="C"))
    assert "equal" == item.method
    assert ["FUS003"] == codes(findings)


def test_plan_says_which_combos_are_disabled():
    _, findings = plan(FuseRequest(from_config_all=True))
    assert [("FUS004", "C")] == [(finding.code, finding.subject) for finding in findings]


@pytest.mark.parametrize(
    ("request_", "match"),
    [
        (FuseRequest(), "nothing to fuse"),
        (FuseRequest(models=()), "list of models"),
        (FuseRequest(models=("gru", "gru")), "list of models"),
        (FuseRequest(combo="AA"), "no combo 'AA'"),
        (FuseRequest(from_config=True, method="equals"), "'equals' is not known"),
        (FuseRequest(from_config=True, freq="month"), "'month' is not known"),
        (FuseRequest(from_config=True, publish=True), "Only a fusion of named models"),
        (FuseRequest(from_config=True, weights="gru:1,mlp:1"), "no effect on the method 'equal'"),
        (FuseRequest(models=("gru",), weights="gru:1"), "no effect on the method 'equal'"),
        (FuseRequest(models=("gru",), method="manual"), "needs weights"),
        (FuseRequest(combo="A", method="manual"), "needs weights"),
        (FuseRequest(from_config_all=True, method="manual", weights="gru:1"), "several combos"),
    ],
)
def test_plan_refuses(request_, match):
    with pytest.raises(UsageError, match=match):
        plan(request_)


def test_plan_refuses_to_publish_cut_dates():
    with pytest.raises(UsageError, match="cut by dates cannot be published"):
        plan(FuseRequest(models=("gru",), publish=True), window=Window("cut"))


def test_plan_wants_a_configuration_for_combos():
    with pytest.raises(ConfigError, match=r"ensemble_config\.json: the file is missing"):
        plan_combos(FuseRequest(from_config=True), None, window=FULL)


def test_plan_takes_a_dynamic_combo():
    known = config(D={"models": ["gru"], "method": "dynamic"})
    ((item,), _) = plan(FuseRequest(combo="D"), known)
    assert "dynamic" == item.method


def test_plan_names_its_files():
    (first, second), _ = plan(FuseRequest(from_config_all=True))
    assert ("ensemble_A", "ensemble") == first.labels
    assert ("ensemble_B",) == second.labels
    ((published,), _) = plan(FuseRequest(models=("gru",), publish=True))
    assert ("ensemble",) == published.labels


def test_plan_suggests_the_nearest_combo():
    known = config(momentum={"models": ["gru"]})
    with pytest.raises(UsageError, match="did you mean 'momentum'"):
        plan(FuseRequest(combo="momentun"), known)


def test_nearest_hint_without_a_near_name_lists_what_there_is():
    assert "there are 'gru', 'mlp'" == nearest_hint("transformer", ["gru", "mlp"])


def test_plan_uses_the_manual_weights_of_the_combo():
    # Fault 26: weights inside a combo were ignored and every model weighed the same.
    known = config(
        D={"models": ["gru", "mlp"], "method": "manual", "manual_weights": {"gru": 9, "mlp": 1}},
        _manual_weights={"gru": 1.0, "mlp": 1.0},
    )
    ((item,), _) = plan(FuseRequest(combo="D"), known)
    assert {"gru": 9.0, "mlp": 1.0} == item.manual


def test_plan_uses_the_weights_on_top_of_the_file_next():
    known = config(_manual_weights={"gru": 3.0, "mlp": 1.0})
    ((item,), _) = plan(FuseRequest(combo="A", method="manual"), known)
    assert {"gru": 3.0, "mlp": 1.0} == item.manual
    ((item,), _) = plan(FuseRequest(models=("mlp", "gru"), method="manual"), known)
    assert {"gru": 3.0, "mlp": 1.0} == item.manual


def test_plan_lets_typed_weights_win():
    known = config(_manual_weights={"gru": 3.0, "mlp": 1.0})
    ((item,), _) = plan(FuseRequest(combo="A", method="manual", weights="gru:0.2,mlp:0.8"), known)
    assert {"gru": 0.2, "mlp": 0.8} == item.manual


@pytest.mark.parametrize(
    ("weights", "problem"),
    [
        ("gru:1", "no weight for 'mlp'"),
        ("gru:1,mlp:1,lstm:1", "'lstm', which is not in the combo"),
        ("gru:1,mlp:-1", "negative weight for 'mlp'"),
        ("gru:0,mlp:0", "sum to 0"),
    ],
)
def test_plan_refuses_typed_weights_that_do_not_fit(weights, problem):
    with pytest.raises(UsageError, match="do not fit the models") as caught:
        plan(FuseRequest(models=("gru", "mlp"), method="manual", weights=weights))
    assert problem in str(caught.value.found)


def test_plan_refuses_weights_of_the_file_that_do_not_fit():
    known = config(_manual_weights={"gru": 1.0, "lstm": 1.0})
    with pytest.raises(ConfigError, match="no weight for 'mlp'") as caught:
        plan(FuseRequest(combo="A", method="manual"), known)
    assert ["manual_weights"] * 2 == [problem.key for problem in caught.value.problems]


def test_plan_carries_the_ic_threshold():
    known = config(_min_model_ic=0.02)
    ((item,), _) = plan(FuseRequest(combo="B"), known)
    assert 0.02 == item.min_model_ic
    ((item,), _) = plan(FuseRequest(models=("gru",), method="icir_weighted"), known)
    assert 0.02 == item.min_model_ic


@pytest.mark.parametrize(
    ("request_", "window", "name"),
    [
        (FuseRequest(models=("gru",)), FULL, "adhoc"),
        (FuseRequest(models=("gru",)), Window("cut"), "adhoc_cut"),
        (FuseRequest(combo="B"), Window("oos"), "B_oos"),
    ],
)
def test_plan_never_writes_over_a_combo_of_that_name(request_, window, name):
    known = config(**{name: {"models": ["gru"]}})
    with pytest.raises(UsageError, match=f"written over that of combo '{name}'"):
        plan(request_, known, window)

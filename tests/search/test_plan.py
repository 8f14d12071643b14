"""From a request to the combos: what is refused, and what is left out with a word."""

from __future__ import annotations

import pytest

from quantpits.errors import MissingArtifactError, UsageError
from quantpits.search import SearchRequest
from quantpits.search.plan import check_request, choose_models, list_combos

RECORDED = ("gru", "linear", "mlp", "catboost")
GROUPS = {"nets": ("gru", "mlp", "tcn"), "trees": ("catboost",), "empty": ("xgb",)}


def listed(request, *, usable=RECORDED, **given):
    choice = choose_models(request, RECORDED, **given)
    return list_combos(request, choice, usable=usable).labels()


def test_a_good_request_passes():
    check_request(SearchRequest(auto_test_top=3, exclude_last_months=1))
    check_request(SearchRequest(auto_test_top=3, analysis_only=True))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"min_combo_size": 0}, "--min-combo-size is too small"),
        ({"max_combo_size": -1}, "--max-combo-size is too small"),
        ({"batch_size": 0}, "--batch-size is too small"),
        ({"n_jobs": -1}, "--n-jobs is too small"),
        ({"top_n": 0}, "--top-n is too small"),
        ({"auto_test_top": -1}, "--auto-test-top is too small"),
        ({"confirm": -1}, "--confirm is too small"),
        ({"candidates": "x.csv", "top": 0}, "--top is too small"),
        ({"min_combo_size": 4, "max_combo_size": 3}, "below the smallest"),
        ({"cost_rate": 1.0}, "cost rate is not a fraction"),
        ({"cost_rate": float("nan")}, "cost rate is not a fraction"),
        ({"resume": True, "restart": True}, "--restart begins anew"),
        ({"analysis_only": True, "skip_analysis": True}, "exclude each other"),
        ({"analysis_only": True, "restart": True}, "--restart exclude each other"),
        ({"auto_test_top": 5}, "nothing out-of-sample to test on"),
        (
            {"auto_test_top": 5, "exclude_last_years": 1, "skip_analysis": True},
            "not written without its overfit statistics",
        ),
        ({"candidates": "x.csv", "use_groups": True}, "names the combos already"),
        ({"candidates": "x.csv", "models": ("gru",)}, "names the combos already"),
        ({"candidates": "x.csv", "max_combo_size": 2}, "names the combos already"),
        ({"top": 5}, "--top counts candidates"),
    ],
)
def test_a_request_that_contradicts_itself_is_refused(given, message):
    with pytest.raises(UsageError, match=message):
        check_request(SearchRequest(**given))


def test_sizes_are_capped_at_the_number_of_models():
    assert 15 == len(listed(SearchRequest()))
    assert 5 == len(listed(SearchRequest(min_combo_size=3, max_combo_size=9)))
    with pytest.raises(UsageError, match="not enough models for combos of this size"):
        listed(SearchRequest(min_combo_size=5))


def test_named_models_only():
    assert ["gru", "mlp", "gru,mlp"] == listed(SearchRequest(models=("mlp", "gru")))
    with pytest.raises(UsageError, match="no trained model 'grv'") as caught:
        listed(SearchRequest(models=("grv", "mlp")))
    assert "did you mean 'gru'?" in caught.value.hint
    with pytest.raises(UsageError, match="nothing to combine"):
        listed(SearchRequest(models=("gru",)))


def test_groups_drop_what_is_unknown_and_say_so():
    request = SearchRequest(use_groups=True)
    choice = choose_models(request, RECORDED, groups=GROUPS)
    assert {"nets": ("gru", "mlp"), "trees": ("catboost",)} == choice.groups
    assert ["SEA001", "SEA001", "SEA002", "SEA003"] == [item.code for item in choice.findings]
    assert ["catboost", "gru", "mlp", "catboost,gru", "catboost,mlp"] == listed(
        request, groups=GROUPS
    )
    with pytest.raises(UsageError, match="the number of groups"):
        listed(SearchRequest(use_groups=True, min_combo_size=3), groups=GROUPS)


def test_an_unknown_group_is_refused():
    assert ["gru", "mlp"] == listed(SearchRequest(groups=("nets",)), groups=GROUPS)
    with pytest.raises(UsageError, match="There is no group 'net'") as caught:
        listed(SearchRequest(groups=("net",)), groups=GROUPS)
    assert "did you mean 'nets'?" in caught.value.hint
    with pytest.raises(UsageError, match="There is no group 'zzzz'") as caught:
        listed(SearchRequest(groups=("zzzz",)), groups=GROUPS)
    assert "check the spelling" in caught.value.hint


def test_candidates_are_the_combos():
    request = SearchRequest(candidates="x.csv")
    combos = [("mlp", "gru"), ("linear",)]
    assert ["gru,mlp", "linear"] == listed(request, candidates=combos)
    assert ["linear"] == listed(request, candidates=combos, usable=("gru", "linear"))
    with pytest.raises(UsageError, match="No candidate is left"):
        listed(request, candidates=combos, usable=("catboost",))
    with pytest.raises(MissingArtifactError, match="models that have no record"):
        listed(request, candidates=[("gru", "tcn")])


def test_models_that_cannot_be_used_are_in_no_combo():
    assert ["gru", "mlp", "gru,mlp"] == listed(SearchRequest(), usable=("gru", "mlp"))
    with pytest.raises(UsageError, match="nothing to combine"):
        listed(SearchRequest(), usable=("gru",))

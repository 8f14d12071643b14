"""Which models are selected."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.config import ModelRegistry
from quantpits.errors import UsageError
from quantpits.modeling.selection import ModelSelection, select_models, selection_of
from quantpits.prediction.request import PredictRequest

ENTRIES = {
    "gru": {"algorithm": "gru", "dataset": "Alpha158", "market": "csi300", "tags": ["NN", "ts"]},
    "gru_Alpha360": {"algorithm": "gru", "dataset": "Alpha360", "market": "csi300"},
    "linear_Alpha158": {"algorithm": "linear", "dataset": "Alpha158", "enabled": True},
    "lightgbm": {"algorithm": "lightgbm", "dataset": "Alpha158", "enabled": True, "tags": ["tree"]},
}
REGISTRY = ModelRegistry.model_validate(
    {"models": {name: {"yaml_file": "w.yaml", **entry} for name, entry in ENTRIES.items()}}
)


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (ModelSelection(models=("lightgbm", "gru")), ("gru", "lightgbm")),
        (ModelSelection(models=("gru", "gru")), ("gru",)),
        (ModelSelection(all_enabled=True), ("linear_Alpha158", "lightgbm")),
        (ModelSelection(algorithm="GRU"), ("gru", "gru_Alpha360")),
        (ModelSelection(algorithm="gru", dataset="alpha158"), ("gru",)),
        (ModelSelection(market="CSI300", tag="nn"), ("gru",)),
        (ModelSelection(tag="tree"), ("lightgbm",)),
        (ModelSelection(all_enabled=True, skip=("lightgbm",)), ("linear_Alpha158",)),
    ],
)
def test_select_models(selection, expected):
    assert expected == select_models(REGISTRY, selection)


def test_the_selection_of_a_request():
    request = PredictRequest(models=("gru",), tag="nn", skip=("lightgbm",))
    expected = ModelSelection(models=("gru",), tag="nn", skip=("lightgbm",))
    assert expected == selection_of(request)


def test_names_win_over_everything_and_do_not_ask_whether_enabled():
    selection = ModelSelection(models=("gru",), all_enabled=True, algorithm="linear")
    assert ("gru",) == select_models(REGISTRY, selection)


def test_all_enabled_wins_over_filters():
    selection = ModelSelection(all_enabled=True, algorithm="gru")
    assert ("linear_Alpha158", "lightgbm") == select_models(REGISTRY, selection)


def test_a_name_is_matched_whole_never_by_its_beginning():
    assert ("gru",) == select_models(REGISTRY, ModelSelection(models=("gru",)))


def test_an_unknown_name_is_an_error_with_its_nearest_names():
    with pytest.raises(UsageError, match="does not know the model 'linear_158'") as caught:
        select_models(REGISTRY, ModelSelection(models=("linear_158", "gru")))
    assert "did you mean 'linear_Alpha158'" in str(caught.value)
    assert 2 == caught.value.exit_code


def test_an_unknown_name_to_skip_is_an_error_too():
    with pytest.raises(UsageError, match="does not know the models 'LSTM', 'x'"):
        select_models(REGISTRY, ModelSelection(all_enabled=True, skip=("LSTM", "x")))


def test_a_name_unlike_any_other_gets_no_suggestion():
    with pytest.raises(UsageError, match="does not know") as caught:
        select_models(REGISTRY, ModelSelection(models=("%%%%",)))
    assert "did you mean" not in str(caught.value)


def test_nothing_asked_for_is_an_error():
    with pytest.raises(UsageError, match="Nothing says which models to use"):
        select_models(REGISTRY, ModelSelection())


@pytest.mark.parametrize(
    "selection", [ModelSelection(algorithm="tcn"), ModelSelection(models=("gru",), skip=("gru",))]
)
def test_nothing_left_is_an_error(selection):
    with pytest.raises(UsageError, match="No model is selected"):
        select_models(REGISTRY, selection)


@pytest.mark.property
@given(
    st.lists(st.sampled_from(sorted(ENTRIES)), min_size=1),
    st.sets(st.sampled_from(sorted(ENTRIES))),
)
def test_selection_is_a_subset_in_registry_order(names, skip):
    wanted = [name for name in ENTRIES if name in names and name not in skip]
    selection = ModelSelection(models=tuple(names), skip=tuple(sorted(skip)))
    if wanted:
        assert tuple(wanted) == select_models(REGISTRY, selection)
    else:
        with pytest.raises(UsageError, match="No model is selected"):
            select_models(REGISTRY, selection)

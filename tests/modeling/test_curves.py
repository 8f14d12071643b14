"""How models tell how they learned."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from quantpits.modeling.curves import Curve, TrainingCurves, training_curves
from quantpits.workspace import to_jsonable

NAN = float("nan")


def curves(results=None, *, logged=None, model=None, printed=""):
    return training_curves(results or {}, logged=logged or {}, model=model, printed=printed)


def test_networks_fill_a_list_for_each_part():
    found = curves({"train": [-1.0, -0.5], "valid": [-1.25, NAN]})
    assert "evals_result" == found.source
    expected = (
        Curve("train", (1, 2), (-1.0, -0.5)),
        Curve("valid", (1, 2), (-1.25, None)),
    )
    assert expected == found.curves


def test_boosters_fill_a_list_for_each_measure_of_each_part():
    found = curves({"train": {"l2": [0.5, 0.25]}, "valid": {"l2": [0.75, 0.5], "l1": [1.0, 1.0]}})
    assert ["train l2", "valid l2", "valid l1"] == [curve.name for curve in found.curves]
    assert ["train l2", "valid l2"] == [curve.name for curve in found.shown()]
    assert 2 == found.best_step()


def test_tra_fills_a_list_of_dictionaries():
    valid = [{"IC": 0.01, "MSE": 1.0}, {"IC": 0.03, "MSE": 0.9}, {"IC": 0.02}]
    found = curves({"train": [], "valid": valid, "test": []})
    assert ["valid IC", "valid MSE"] == [curve.name for curve in found.curves]
    assert (1.0, 0.9, None) == found.curves[1].values
    # More IC is better, less of an error.
    assert 2 == found.best_step()


def test_logged_numbers_with_two_steps_are_curves():
    logged = {"train_loss": {0: 1.0, 20: 0.5}, "val_loss": {20: 0.75, 0: 0.5}, "lr": {0: 0.1}}
    found = curves(logged=logged)
    assert "logged metrics" == found.source
    assert (Curve("train_loss", (0, 20), (1.0, 0.5)), Curve("val_loss", (0, 20), (0.5, 0.75))) == (
        found.curves
    )
    assert 1 == found.best_step()


def test_catboost_is_asked():
    results = {"learn": {"RMSE": [1.0, 0.5]}, "validation": {"RMSE": [1.0, 0.75]}}
    model = SimpleNamespace(model=SimpleNamespace(get_evals_result=lambda: results))
    found = curves(model=model)
    assert "model" == found.source
    assert ["learn RMSE", "validation RMSE"] == [curve.name for curve in found.shown()]


def test_lists_that_a_model_keeps_are_curves():
    found = curves(model=SimpleNamespace(train_loss=[0.5, 0.25], valid_loss=[0.5, 0.4], other=[1]))
    assert ["train_loss", "valid_loss"] == [curve.name for curve in found.curves]


def test_the_lines_of_lightgbm_are_the_last_resort():
    printed = (
        "Training until scores do not improve\n"
        "[20]\ttrain's l2: 0.99\tvalid's l2: 0.98\n"
        "[40]\ttrain's l2: 0.97\tvalid's l2: inf\n"
        "[20]\ttrain's l2: 0.96\tvalid's l2: 0.95\n"
    )
    found = curves(printed=printed)
    assert "printed lines" == found.source
    assert Curve("train l2, part 1", (20, 40), (0.99, 0.97)) == found.curves[0]
    assert Curve("valid l2, part 1", (20, 40), (0.98, None)) == found.curves[1]
    assert Curve("valid l2, part 2", (20,), (0.95,)) == found.curves[3]
    # All parts are shown, and no step is best for all of them.
    assert 4 == len(found.shown())
    assert found.best_step() is None


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"results": {"train": [], "valid": None, "note": "text"}},
        {"results": {"train": [NAN], "valid": ["many"], "other": [[1, 2]]}},
        {"logged": {"train_loss": {1: 0.5}}},
        {"model": SimpleNamespace(train_loss=0.5, model=None)},
        {"printed": "[20] nothing\n[x] train's l2: 1"},
    ],
)
def test_a_model_that_tells_nothing_has_no_curve(told):
    assert curves(told.get("results"), **{k: v for k, v in told.items() if k != "results"}) is None


@pytest.mark.parametrize(
    ("name", "values", "is_higher"),
    [
        ("valid", (0.5, 0.25), False),
        ("valid", (-0.5, -0.25), True),
        ("valid l2", (0.5,), False),
        ("valid rank_ic", (0.5,), True),
        ("val_metric", (0.5, -0.5), False),
        ("valid predict", (None,), False),
    ],
)
def test_which_way_is_better(name, values, is_higher):
    assert is_higher == Curve(name, tuple(range(len(values))), values).is_higher_better


def test_without_a_validation_curve_no_step_is_best():
    only = TrainingCurves("evals_result", (Curve("train", (1, 2), (0.5, 0.25)),))
    assert only.best_step() is None
    empty = TrainingCurves("evals_result", (Curve("valid", (1,), (None,)),))
    assert empty.best_step() is None


def test_where_phases_are_mixed_no_step_is_best():
    phases = (Curve("train", (1,), (0.5,)), Curve("valid", (1, 2), (0.125, 0.5)))
    assert TrainingCurves("evals_result", phases).best_step() is None


def test_the_first_of_equal_steps_is_the_best():
    equal = Curve("valid", (1, 2, 3), (-0.5, -0.25, -0.25))
    assert 2 == TrainingCurves("evals_result", (equal,)).best_step()


def test_curves_survive_json():
    found = curves({"train": [-1.0, NAN], "valid": [-1.25, -1.0]})
    assert found == TrainingCurves.from_plain(json.loads(json.dumps(to_jsonable(found))))


@pytest.mark.parametrize("plain", [{}, {"source": "model", "curves": []}, {"curves": [1]}])
def test_something_else_is_refused(plain):
    with pytest.raises((KeyError, TypeError, ValueError), match=r".*"):
        TrainingCurves.from_plain(plain)

"""What a prediction would do."""

from __future__ import annotations

import shutil
from datetime import date

import pytest

from quantpits.errors import MissingArtifactError, UsageError
from quantpits.prediction import PredictRequest
from quantpits.prediction.plan import make_plan


def test_every_selected_model_gets_the_test_window(trained):
    plan = make_plan(trained, PredictRequest(all_enabled=True))
    assert ["a", "b"] == list(plan.facts)
    assert date(2022, 3, 31) == plan.test[1]
    assert "Prod_Predict_WEEK" == plan.experiment
    assert {} == plan.current
    facts = plan.facts["a"]
    assert (date(2022, 3, 31), 7) == (facts.trained_at, facts.seed)
    assert facts.source.run_id == facts.source_run_id


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"models": ("b",)}, ["b"]),
        ({"algorithm": "A"}, ["a"]),
        ({"all_enabled": True, "skip": ("a",)}, ["b"]),
    ],
)
def test_a_selection(trained, asked, expected):
    plan = make_plan(trained, PredictRequest(**asked, experiment_name="Mine"))
    assert expected == list(plan.facts)
    assert "Mine" == plan.experiment


def test_the_fingerprint_follows_the_model_and_the_dates(trained, advance):
    request = PredictRequest(models=("a",))
    first = make_plan(trained, request).facts["a"].fingerprint
    assert first == make_plan(trained, request).facts["a"].fingerprint
    advance(trained)
    assert first != make_plan(trained, request).facts["a"].fingerprint


def test_nothing_asked_for_is_refused(trained):
    with pytest.raises(UsageError, match="Nothing says which models to use"):
        make_plan(trained, PredictRequest())


def test_an_unknown_model_is_refused_with_exit_code_2(trained):
    with pytest.raises(UsageError, match="does not know the model 'c'") as caught:
        make_plan(trained, PredictRequest(models=("c",)))
    assert 2 == caught.value.exit_code


def test_no_records_mean_nothing_was_trained(trained):
    trained.records_path.unlink()
    with pytest.raises(MissingArtifactError, match="no trained model"):
        make_plan(trained, PredictRequest(models=("a",)))


def test_a_model_that_was_never_trained_is_refused(trained, write_models, workflow):
    write_models(trained, {"a": workflow(), "new": workflow()})
    with pytest.raises(MissingArtifactError, match="There is no trained model 'new'") as caught:
        make_plan(trained, PredictRequest(all_enabled=True))
    assert "quantpits train --models new" in str(caught.value)


def test_other_records_can_name_the_models(trained):
    elsewhere = trained.root / "old_records.json"
    shutil.move(trained.records_path, elsewhere)
    request = PredictRequest(all_enabled=True, source_records=elsewhere)
    assert ["a", "b"] == list(make_plan(trained, request).facts)

"""A training goes on only where it stopped, and only if it is still the same training."""

from __future__ import annotations

import pytest

from quantpits.errors import StaleArtifactError, UsageError
from quantpits.prediction.request import PredictRequest
from quantpits.prediction.step import run as predict
from quantpits.records import read_train_records
from quantpits.training import StateRequest, TrainRequest
from quantpits.training.run_state import read_run_state
from quantpits.training.state_step import run as show
from quantpits.training.step import run


@pytest.fixture
def mended(tmp_path):
    return tmp_path / "mended"


@pytest.fixture
def broken(make, workflow, mended):
    """Three models, of which the second fails until the file `mended` exists."""
    return make(
        {
            "a": workflow(),
            "b": workflow("Exploding", mended=str(mended)),
            "c": workflow(weights=[0.0, 0.0, 1.0, 0.0]),
        }
    )


def test_some_models_are_published_although_one_failed(broken):
    report = run(broken, TrainRequest(models=("a", "b")))
    assert ["done", "failed"] == [each.status for each in report.models]
    assert ["TRN003"] == [finding.code for finding in report.findings]
    assert ["a"] == list(read_train_records(broken).models)
    assert ("b",) == read_run_state(broken).pending


def test_going_on_trains_what_is_left_of_the_same_models(broken, mended):
    run(broken, TrainRequest(models=("a", "b")))
    kept = read_train_records(broken).models["a"]
    mended.touch()
    report = run(broken, TrainRequest(resume=True))
    assert [("a", "reused"), ("b", "done")] == [(each.model, each.status) for each in report.models]
    records = read_train_records(broken)
    assert (["a", "b"], kept) == (list(records.models), records.models["a"])
    assert () == read_run_state(broken).pending


def test_models_may_be_named_again_but_no_others(broken, mended):
    run(broken, TrainRequest(models=("a", "b")))
    mended.touch()
    with pytest.raises(StaleArtifactError, match=r"it was not to train 'c'"):
        run(broken, TrainRequest(models=("b", "c"), resume=True))
    report = run(broken, TrainRequest(models=("b",), resume=True))
    assert [("b", "done")] == [(each.model, each.status) for each in report.models]
    assert ("a", "b") == read_run_state(broken).target_models
    assert () == read_run_state(broken).pending


def test_a_full_training_goes_on_as_a_full_one(broken, mended):
    with pytest.raises(Exception, match="1 of 3 models failed"):
        run(broken, TrainRequest())
    mended.touch()
    report = run(broken, TrainRequest(resume=True))
    assert ["reused", "done", "reused"] == [each.status for each in report.models]
    assert ["a", "b", "c"] == list(read_train_records(broken).models)


@pytest.mark.parametrize(
    "request_", [TrainRequest(resume=True), TrainRequest(resume=True, dry_run=True)]
)
def test_nothing_to_go_on_with(broken, mended, request_):
    with pytest.raises(UsageError, match="no state"):
        run(broken, request_)
    mended.touch()
    run(broken, TrainRequest())
    with pytest.raises(UsageError, match="all of 'a', 'b'"):
        run(broken, request_)


def test_last_week_s_state_does_not_stand_in_for_this_week(broken, mended, advance):
    # Fault 40: resume ignored the anchor, so a leftover state skipped this week's models.
    run(broken, TrainRequest(models=("a", "b")))
    mended.touch()
    advance(broken)
    with pytest.raises(StaleArtifactError, match="anchor is 2022-03-31, that of now 2022-04-15"):
        run(broken, TrainRequest(resume=True))
    report = run(broken, TrainRequest(models=("a", "b")))
    assert ["done", "done"] == [each.status for each in report.models]


def test_changed_settings_are_not_gone_on_with(broken, workflow):
    run(broken, TrainRequest(models=("a", "b")))
    text = workflow(weights=[1.0, 1.0, 1.0, 0.0])
    (broken.config_dir / "workflow_config_a.yaml").write_text(text)
    with pytest.raises(StaleArtifactError, match="configuration or data of 'a' changed since"):
        run(broken, TrainRequest(resume=True))


def test_another_experiment_is_not_gone_on_with(broken):
    run(broken, TrainRequest(models=("a", "b")))
    with pytest.raises(StaleArtifactError, match="'Prod_Train_WEEK', that of now 'E'"):
        run(broken, TrainRequest(resume=True, experiment_name="E"))


def test_a_training_that_was_stopped_before_publishing_is_published(broken, mended):
    mended.touch()
    run(broken, TrainRequest())
    published = read_train_records(broken).models
    broken.records_path.unlink()
    shown = show(broken, StateRequest())
    assert ((), ("a", "b", "c")) == (shown.pending, shown.unpublished)
    assert "Finished, but not published: a, b, c" in shown.summary()[-1]
    report = run(broken, TrainRequest(resume=True))
    assert ["reused", "reused", "reused"] == [each.status for each in report.models]
    assert published == read_train_records(broken).models
    assert () == show(broken, StateRequest()).unpublished


def test_a_prediction_since_is_no_interruption(broken, mended):
    mended.touch()
    run(broken, TrainRequest())
    predict(broken, PredictRequest(models=("a",)))
    assert read_run_state(broken).finished["a"].run_id != read_train_records(broken).models["a"]
    with pytest.raises(UsageError, match="There is no interrupted training"):
        run(broken, TrainRequest(resume=True))

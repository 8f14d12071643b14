"""The promises of training, each with the tests that hold it; a test that is gone is noticed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

STEP, RESUME, CRASH, REFUSALS = (
    f"training/test_{name}.py" for name in ("step", "resume", "crash", "refusals")
)
RECORDS, PERFORMANCE = "records/test_train_records.py", "records/test_performance.py"
ANY_WRITE = (CRASH, "test_a_stop_at_any_write_costs_only_the_model_in_flight")

PROMISES = {
    "a kill costs only the model in flight": (
        # killed, torn or out of disk at every write of ten models, then going on
        ANY_WRITE,
        (STEP, "test_kill_9_while_training_costs_only_the_model_in_flight"),
        ("training/test_seeds.py", "test_kill_9_costs_the_seed_in_flight_and_resume_does_the_rest"),
        (
            "modeling/test_run_database.py",
            "test_a_kill_while_the_tables_are_made_leaves_no_database",
        ),
    ),
    "--resume does what is missing, and only for the same training": (
        (RESUME, "test_going_on_trains_what_is_left_of_the_same_models"),
        (RESUME, "test_last_week_s_state_does_not_stand_in_for_this_week"),
        (RESUME, "test_changed_settings_are_not_gone_on_with"),
        (RESUME, "test_a_training_that_was_stopped_before_publishing_is_published"),
        (REFUSALS, "test_what_could_not_be_published_is_published_by_going_on"),
    ),
    "all or nothing": (
        (STEP, "test_a_failing_model_stops_publishing_but_not_the_others"),
        (STEP, "test_partial_publishes_the_successes_by_merge_and_reports_the_failures"),
    ),
    "running again changes no byte": (
        (STEP, "test_training_twice_trains_once_and_changes_no_byte"),
        (
            "modeling/test_artifacts.py",
            "test_equal_arrays_give_equal_pickles_whatever_objects_they_share",
        ),
    ),
    "errors say what, where and what to do": (
        (REFUSALS, "test_a_file_that_cannot_be_read"),  # bad YAML
        (REFUSALS, "test_a_registry_that_names_a_missing_workflow"),
        (REFUSALS, "test_dates_and_universes_that_do_not_exist"),  # empty segment, date, data end
        (REFUSALS, "test_a_model_that_cannot_be_trained"),  # missing class, NaN loss, sys.exit
        (REFUSALS, "test_no_torch_installed"),
        (REFUSALS, "test_a_database_that_cannot_be_used"),
        (
            "modeling/test_run_database.py",
            "test_a_database_in_use_is_refused_before_anything_is_trained",
        ),
        (REFUSALS, "test_a_workspace_that_is_read_only"),
        (REFUSALS, "test_a_disk_that_is_full_for_the_database"),
        (REFUSALS, "test_a_disk_that_is_full_while_a_model_writes"),
        (REFUSALS, "test_two_trainings_at_once"),
        (REFUSALS, "test_a_model_that_prints_megabytes_and_starts_processes"),
    ),
}

# The faults of the earlier system that training must not have, by number.
FAULTS = {
    "2 training saved no model that prediction could load": (
        ("modeling/test_fit.py", "test_a_training_is_recorded_completely"),
        ("prediction/test_step.py", "test_new_data_are_predicted_without_any_fit"),
        ("prediction/test_step.py", "test_nothing_trained_is_refused_and_nothing_written"),
    ),
    "18 no purge, several labels overwritten": (
        ("modeling/test_windows.py", "test_no_label_of_a_window_uses_a_price_of_the_next"),
        (
            "modeling/test_windows.py",
            "test_purge_moves_to_sessions_and_takes_the_horizon_away_by_hand",
        ),
        ("modeling/test_workflow.py", "test_several_labels_are_kept"),
        ("modeling/test_workflow.py", "test_the_farthest_of_several_labels_is_the_horizon"),
    ),
    "24 a name that contains another took its place as base": (
        ("training/test_bases.py", "test_a_base_comes_before_its_heir_and_gives_it_its_weights"),
    ),
    "25 an IC of zero became null, and NaN broke JSON": (
        (RECORDS, "test_an_ic_of_exactly_zero_is_stored_as_zero_not_null"),
        (RECORDS, "test_a_metric_that_is_not_finite_is_refused"),
        (PERFORMANCE, "test_zero_stays_zero_and_undefined_is_null"),
        (PERFORMANCE, "test_nan_is_refused_and_nothing_written"),
        ("modeling/test_publication.py", "test_a_real_zero_is_zero_and_the_undefined_is_null"),
    ),
    "30 records overwritten although models failed": (
        (STEP, "test_a_failing_model_stops_publishing_but_not_the_others"),
        (STEP, "test_a_failure_leaves_earlier_records_alone"),
        (STEP, "test_an_empty_map_is_never_published_not_even_partially"),
        (RECORDS, "test_an_empty_map_never_overwrites"),
        (RECORDS, "test_merge_replaces_and_appends_and_leaves_the_others_their_anchor"),
    ),
    "40 run ids only in memory, a resume of any state": (
        ANY_WRITE,
        (STEP, "test_kill_9_while_training_costs_only_the_model_in_flight"),
        (RESUME, "test_last_week_s_state_does_not_stand_in_for_this_week"),
        (RESUME, "test_another_experiment_is_not_gone_on_with"),
    ),
}


@pytest.mark.parametrize("promise", [*PROMISES, *FAULTS])
def test_every_promise_has_its_tests(promise: str) -> None:
    for module, name in {**PROMISES, **FAULTS}[promise]:
        assert re.search(rf"^def {name}\(", (TESTS / module).read_text("utf-8"), re.MULTILINE), name

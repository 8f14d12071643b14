"""The promises of the books, each with the tests that hold it; a test that is gone is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent

PROMISES = {
    "conservation": (
        ("test_histories.py", "test_random_histories_agree_with_a_dictionary"),
        ("test_entries.py", "test_every_entry_balances_and_moves_cash_by_the_line"),
    ),
    "idempotence": (
        ("test_step.py", "test_a_second_run_changes_no_byte"),
        ("test_settlements.py", "test_any_cut_and_overlap_of_the_files_gives_the_same_books"),
        ("test_schema.py", "test_a_line_is_imported_once"),
    ),
    "order and prefix": (
        ("test_step.py", "test_days_one_by_one_give_the_same_books_as_all_at_once"),
        ("test_correct.py", "test_nothing_is_erased"),
        (
            "test_settlements.py",
            "test_a_late_file_that_says_something_else_is_refused_line_by_line",
        ),
        ("test_step.py", "test_a_changed_file_is_refused"),
    ),
    "authority": (
        ("test_step.py", "test_the_brokers_cash_must_be_that_of_the_books"),
        ("test_step.py", "test_a_missing_file_stops_and_names_every_missing_day"),
        ("test_correct.py", "test_the_brokers_balance_stands_over_a_correction"),
    ),
    "crash safety": (
        ("test_crash.py", "test_a_stop_at_any_write_leaves_the_old_books_or_the_new_ones"),
        ("test_step.py", "test_a_kill_anywhere_is_finished_by_running_again"),
        ("test_ledger.py", "test_a_kill_during_a_transaction_leaves_none_of_it"),
    ),
    "concurrency": (
        ("test_step.py", "test_a_second_writer_is_turned_away"),
        ("test_ledger.py", "test_posting_on_other_books_is_refused"),
        ("test_ledger.py", "test_reading_leaves_nothing_beside_the_file"),
    ),
    "refusal": (
        ("test_step.py", "test_a_missing_file_stops_and_names_every_missing_day"),
        ("test_daybook.py", "test_a_settlement_date_that_contradicts_the_file_name_is_refused"),
        ("test_settlements.py", "test_a_line_on_a_day_that_is_no_session_is_refused"),
    ),
    "corporate actions": (
        ("test_step.py", "test_dividends_taxes_interest_and_bonus_shares"),
        ("test_step.py", "test_a_dividend_that_is_due_and_not_booked_is_reported"),
        ("test_entries.py", "test_new_shares_are_paid_then_listed_at_their_cost"),
    ),
    "replay": (
        ("test_rebuild.py", "test_the_ledger_and_every_file_are_made_again_byte_for_byte"),
        ("test_rebuild.py", "test_another_machine_gives_the_same_bytes"),
        ("test_rebuild.py", "test_a_ledger_that_vanished_is_no_first_run"),
    ),
    "audit": (("test_entry_list.py", "test_every_entry_is_traced_to_file_hash_and_row"),),
}


@pytest.mark.parametrize("promise", sorted(PROMISES))
def test_every_promise_has_its_tests(promise: str) -> None:
    for module, name in PROMISES[promise]:
        assert f"def {name}(" in (HERE / module).read_text(encoding="utf-8")

"""The promises of the books, each with the tests that hold it; a test that is gone is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent

STEP, CRASH, HISTORIES = "test_step.py", "test_crash.py", "test_histories.py"
GTJA, CELLS, KIT = (f"brokers/{name}.py" for name in ("test_gtja", "test_cells", "contract_kit"))
GOLDEN_BOOKS = (
    "test_golden_books.py",
    "test_an_export_becomes_the_books_that_were_computed_by_hand",
)

# In the order of the promises; what a test shows of each stands beside it.
PROMISES = {
    "conservation": (
        # cash and shares of every day are the sums of its lines; postings sum to zero
        (HISTORIES, "test_random_histories_agree_with_a_dictionary"),
        ("test_entries.py", "test_every_entry_balances_and_moves_cash_by_the_line"),
    ),
    "idempotence": (
        (STEP, "test_a_second_run_changes_no_byte"),
        ("test_settlements.py", "test_any_cut_and_overlap_of_the_files_gives_the_same_books"),
        ("test_schema.py", "test_a_line_is_imported_once"),
        # equal fills of one day are kept
        (GTJA, "test_equal_fills_are_all_kept"),
        (KIT, "test_lines_of_equal_content_are_all_kept_and_numbered"),
    ),
    "order and prefix": (
        (STEP, "test_days_one_by_one_give_the_same_books_as_all_at_once"),
        # what was posted is the beginning of what is posted later
        (HISTORIES, "test_random_histories_agree_with_a_dictionary"),
        ("test_correct.py", "test_nothing_is_erased"),
        # content drift fails closed
        (
            "test_settlements.py",
            "test_a_late_file_that_says_something_else_is_refused_line_by_line",
        ),
        (STEP, "test_a_changed_file_is_refused"),
    ),
    "authority": (
        (STEP, "test_the_brokers_cash_must_be_that_of_the_books"),
        ("test_reconcile.py", "test_another_position_is_refused_with_both_numbers"),
        (STEP, "test_a_missing_file_stops_and_names_every_missing_day"),
        ("test_correct.py", "test_the_brokers_balance_stands_over_a_correction"),
    ),
    "crash safety": (
        # killed, out of disk, torn or halted at every write of post-trade and of correct
        (CRASH, "test_a_stop_at_any_write_leaves_the_old_books_or_the_new_ones"),
        (STEP, "test_a_kill_anywhere_is_finished_by_running_again"),
        ("test_ledger.py", "test_a_kill_during_a_transaction_leaves_none_of_it"),
    ),
    "concurrency": (
        # the mode halt: another process reads and tries the same at every write
        (CRASH, "test_a_stop_at_any_write_leaves_the_old_books_or_the_new_ones"),
        (STEP, "test_a_second_writer_is_turned_away"),
        ("test_ledger.py", "test_posting_on_other_books_is_refused"),
        # what only reads makes no write, sync, rename or mkdir
        (CRASH, "test_what_only_reads_writes_nothing"),
        ("test_ledger.py", "test_reading_leaves_nothing_beside_the_file"),
    ),
    "refusal": (
        (STEP, "test_a_missing_file_stops_and_names_every_missing_day"),
        ("test_daybook.py", "test_a_settlement_date_that_contradicts_the_file_name_is_refused"),
        ("test_settlements.py", "test_a_line_on_a_day_that_is_no_session_is_refused"),
        # unknown type; unknown code; bad date; number that is none (NaN too)
        (GTJA, "test_an_unknown_trade_type_stops_and_says_how_to_declare_it"),
        (CELLS, "test_a_code_of_no_known_exchange_is_refused"),
        (CELLS, "test_what_is_no_date_is_refused"),
        (CELLS, "test_what_is_no_number_is_refused"),
        (GTJA, "test_a_cell_that_cannot_be_read_is_named_with_row_and_column"),
        # oversell, unheld sale, T+1, cash: the books stay as they were
        (STEP, "test_a_bad_later_day_leaves_everything_as_it_was"),
        # full width, text numbers, byte order mark, other order of columns: read exactly
        (GTJA, "test_every_form_of_a_cell_gives_the_same_line"),
        (GTJA, "test_text_gives_the_same_lines_as_a_workbook"),
        (KIT, "test_the_order_of_columns_changes_no_content"),
        # anything else: read right or refused
        ("brokers/test_fuzz.py", "test_fuzz"),
        (GTJA, "test_a_text_that_is_still_being_written_is_never_booked_wrongly"),
    ),
    "corporate actions": (
        # dividend, later tax, bonus, split, rights, new shares
        GOLDEN_BOOKS,
        (STEP, "test_dividends_taxes_interest_and_bonus_shares"),
        # custody, change of code, delisting
        (STEP, "test_custody_a_new_code_and_a_delisting_are_declared_and_booked"),
        # against the market data
        (STEP, "test_a_dividend_that_is_due_and_not_booked_is_reported_until_it_comes"),
        (STEP, "test_a_dividend_of_another_amount_is_a_contradiction"),
        (STEP, "test_a_jump_of_the_factor_is_due_in_cash_or_in_shares"),
    ),
    "replay": (
        ("test_rebuild.py", "test_the_ledger_and_every_file_are_made_again_byte_for_byte"),
        ("test_rebuild.py", "test_another_machine_gives_the_same_bytes"),
        ("test_rebuild.py", "test_a_ledger_that_vanished_is_no_first_run"),
        GOLDEN_BOOKS,
    ),
    "audit": (("test_entry_list.py", "test_every_entry_is_traced_to_file_hash_and_row"),),
}

# The faults of the earlier system that these books must not have, by number.
FAULTS = {
    "6 an empty portfolio": ((STEP, "test_an_empty_portfolio_processes_its_first_days"),),
    "31 a missing file is an empty day": (
        (STEP, "test_a_missing_file_stops_and_names_every_missing_day"),
        (STEP, "test_an_unreadable_file_is_no_empty_day"),
        (STEP, "test_an_archived_file_is_found"),
    ),
    "32 unheld sales, unknown types, oversell": (
        (STEP, "test_a_bad_later_day_leaves_everything_as_it_was"),
        (GTJA, "test_an_unknown_trade_type_stops_and_says_how_to_declare_it"),
    ),
    "33 unpriced holdings vanish": (
        (STEP, "test_a_holding_that_was_never_priced_stops"),
        (STEP, "test_a_suspension_is_reported_once"),
    ),
    "34 cash flows off session or twice": (
        ("test_cashflow.py", "test_a_flow_on_no_session_moves_to_the_next_one"),
        ("test_cashflow.py", "test_a_flow_of_the_future_stays_in_the_file"),
        (STEP, "test_deposits_are_applied_once_and_archived"),
        (STEP, "test_the_legacy_cashflow_is_applied_to_the_first_day_once"),
        (STEP, "test_a_bank_transfer_is_not_counted_a_second_time"),
    ),
    "36 labelled and archived suggestions": (
        ("test_classification.py", "test_trades_are_found_under_any_label_and_in_the_archive"),
    ),
    "37 buys and sales of one name": (
        ("test_classification.py", "test_a_purchase_and_a_sale_of_one_name_are_two_rows"),
    ),
    "38 no fee column": ((GTJA, "test_a_file_without_the_fee_column_is_fine"),),
    "41 a crash repeats days": (
        (CRASH, "test_a_stop_at_any_write_leaves_the_old_books_or_the_new_ones"),
        (STEP, "test_a_kill_anywhere_is_finished_by_running_again"),
    ),
    "42 no lock, torn files": (
        (CRASH, "test_a_stop_at_any_write_leaves_the_old_books_or_the_new_ones"),
        (STEP, "test_a_second_writer_is_turned_away"),
    ),
    "45 money as float": (
        (GTJA, "test_every_fen_of_a_trade_is_kept"),
        ("test_schema.py", "test_tables_are_strict"),
    ),
    "46 the whole market for every day": (
        (STEP, "test_only_what_is_held_is_priced_and_once_a_run"),
    ),
}


@pytest.mark.parametrize("promise", [*PROMISES, *FAULTS])
def test_every_promise_has_its_tests(promise: str) -> None:
    for module, name in {**PROMISES, **FAULTS}[promise]:
        assert f"def {name}(" in (HERE / module).read_text(encoding="utf-8")

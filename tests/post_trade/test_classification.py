from __future__ import annotations

import csv
from datetime import date

import pytest

from quantpits.post_trade.check import check_ledger
from quantpits.post_trade.classification import suggestions_of

MON, TUE = date(2026, 1, 5), date(2026, 1, 6)
SPDB, PAB = "SH600000", "SZ000001"


def rows_of(account) -> list[tuple[str, ...]]:
    with (account.data / "trade_classification.csv").open(encoding="utf-8") as file:
        return [tuple(row) for row in csv.reader(file)][1:]


def suggest(folder, name: str, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("folder", ["output", "data/order_history"])
@pytest.mark.parametrize("label", ["", "combo_a_", "any label_"])
def test_trades_are_found_under_any_label_and_in_the_archive(
    account, trade, *, folder, label
) -> None:
    """Fault 36: archived and labelled suggestions do not make trades manual."""
    text = f"instrument,role\n{SPDB},primary\n{PAB},alternate\n"
    suggest(account.workspace.root / folder, f"buy_suggestion_{label}2026-01-05.csv", text)
    account.settle(MON, [trade("buy", SPDB, 100, 10), trade("buy", PAB, 100, 12)])
    account.settle(TUE, [trade("sell", SPDB, 100, 10)])
    account.run(end_date=TUE)
    assert [
        ("2026-01-05", SPDB, "BUY", "S", "2026-01-05", "0", "1"),
        ("2026-01-05", PAB, "BUY", "A", "2026-01-05", "1", "1"),
        ("2026-01-06", SPDB, "SELL", "M", "", "", ""),
    ] == rows_of(account)


def test_a_purchase_and_a_sale_of_one_name_are_two_rows(account, trade) -> None:
    """Fault 37: the sides are not mixed, and no date is special."""
    account.state(100_000, [(SPDB, 500, 5000)])
    suggest(
        account.workspace.output_dir, "sell_suggestion_x_2026-01-05.csv", "instrument\nSH600000\n"
    )
    suggest(
        account.workspace.output_dir, "buy_suggestion_x_2026-01-02.csv", "instrument\nSH600000\n"
    )
    fills = [trade("sell", SPDB, 100, 10), trade("buy", SPDB, 100, 10)]
    account.settle(MON, [*fills, fills[0]])
    account.run(end_date=MON)
    assert [
        ("2026-01-05", SPDB, "BUY", "M", "", "", ""),
        ("2026-01-05", SPDB, "SELL", "S", "2026-01-05", "0", "1"),
    ] == rows_of(account)


def test_a_row_whose_suggestion_file_is_gone_stays(account, trade) -> None:
    name = "buy_suggestion_x_2026-01-05.csv"
    suggest(account.workspace.output_dir, name, "instrument\nSH600000\n")
    account.settle(MON, [trade("buy", SPDB, 100, 10)])
    account.settle(TUE)
    account.run(end_date=MON)
    (account.workspace.output_dir / name).unlink()
    account.run(end_date=TUE)
    assert ("S", "2026-01-05") == rows_of(account)[0][3:5]


def test_the_first_third_of_an_old_file_is_orders() -> None:
    text = "instrument\n" + "".join(f"N{number}\n" for number in range(4))
    found = suggestions_of(
        {("buy", "2026-01-05", ""): text, ("sell", "2026-01-05", ""): text}, buy_factor=3
    )
    classes = [found["BUY", "2026-01-05"][f"N{n}"].trade_class for n in range(4)]
    assert ["S", "S", "A", "A"] == classes
    assert {"S"} == {each.trade_class for each in found["SELL", "2026-01-05"].values()}


def test_the_best_of_several_labels_counts() -> None:
    texts = {
        ("buy", "2026-01-05", "a"): "instrument,role\nX,alternate\n",
        ("buy", "2026-01-05", "b"): "instrument,role\nY,primary\nX,primary\n",
    }
    found = suggestions_of(texts, buy_factor=3)["BUY", "2026-01-05"]
    assert ("S", 1, "b") == found["X"][:3]


def test_a_name_that_others_were_suggested_instead_of_is_manual(account, trade) -> None:
    suggest(account.workspace.output_dir, "buy_suggestion_x_2026-01-05.csv", "instrument\nN\n")
    account.settle(MON, [trade("buy", SPDB, 100, 10)])
    account.run(end_date=MON)
    assert ("M", "2026-01-05", "", "1") == rows_of(account)[0][3:]


def test_the_check_sees_a_classification_that_was_edited_or_lost(account, trade) -> None:
    name = "buy_suggestion_any_label_2026-01-05.csv"
    suggest(account.workspace.output_dir, name, f"instrument,role\n{SPDB},primary\n")
    account.settle(MON, [trade("buy", SPDB, 100, 10)])
    account.run(end_date=MON)
    path = account.data / "trade_classification.csv"
    right = path.read_text("utf-8")
    assert () == check_ledger(account.workspace)
    path.write_text(right.replace(",S,", ",M,"), "utf-8")
    (finding,) = check_ledger(account.workspace)
    assert ("LED006", "trade_classification.csv") == (finding.code, finding.subject)
    path.unlink()
    assert ["LED006"] == [each.code for each in check_ledger(account.workspace)]
    account.run(end_date=MON)
    assert right == path.read_text("utf-8")
    assert () == check_ledger(account.workspace)


def test_a_worse_suggestion_changes_nothing_and_other_files_are_none(account, trade) -> None:
    output = account.workspace.output_dir
    suggest(output, "buy_suggestion_a_2026-01-05.csv", f"instrument,role\n{SPDB},primary\n")
    suggest(output, "buy_suggestion_b_2026-01-05.csv", f"instrument,role\n{SPDB},alternate\n")
    suggest(output, "buy_suggestion_notes.csv", "instrument\nN\n")
    account.settle(MON, [trade("buy", SPDB, 100, 10)])
    account.run(end_date=MON)
    assert [("2026-01-05", SPDB, "BUY", "S", "2026-01-05", "0", "1")] == rows_of(account)

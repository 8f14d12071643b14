from __future__ import annotations

import json
import shutil
import sqlite3
from datetime import date

import pytest

from quantpits.errors import BooksMismatchError, CorruptArtifactError, MissingArtifactError
from quantpits.post_trade.check import check_ledger
from quantpits.post_trade.correct import run as correct
from quantpits.post_trade.ledger import load_journal
from quantpits.post_trade.rebuild import run as rebuild
from quantpits.post_trade.request import CorrectRequest, RebuildRequest

MON, TUE, WED, THU, FRI = (date(2026, 1, day) for day in (5, 6, 7, 8, 9))
SPDB, PAB = "SH600000", "SZ000001"


@pytest.fixture
def lived(account, trade):
    """An account with everything a ledger can hold: adoption, late file, deposits, corrections."""
    account.write("cashflow.json", {"cashflows": {"2026-01-06": 500, "2026-02-02": 7}})
    account.settle(MON, [trade("buy", SPDB, 1000, 10.2), trade("buy", SPDB, 1000, 10.2)])
    account.settle(WED, [trade("sell", SPDB, 400, 10.1)])
    account.settle_all([THU])
    account.run(end_date=MON)
    account.run(end_date=WED, assume_empty=(TUE,))
    account.write("prod_config.json", {**account.config, "current_cash": 70_000.5})
    account.run(end_date=WED, adopt=True)
    account.settle(TUE, [trade("buy", SPDB, 500, 10.3)])
    correct(account.workspace, CorrectRequest(day=TUE, reason="the file came late"))
    account.settle(MON, [trade("buy", SPDB, 1000, 10.2), trade("buy", SPDB, 900, 10.2)])
    correct(account.workspace, CorrectRequest(day=MON, reason="the broker replaced the file"))
    account.run(end_date=THU)
    return account


def content(path) -> bytes:
    """The ledger in a form that equal content gives equal bytes."""
    copy = path.with_name("canonical.db")
    connection = sqlite3.connect(path)
    connection.execute("VACUUM INTO ?", (str(copy),))
    connection.close()
    result = copy.read_bytes()
    copy.unlink()
    return result


def test_the_ledger_and_every_file_are_made_again_byte_for_byte(lived) -> None:
    before = lived.files()
    ledger = content(lived.workspace.ledger_path)
    for name in (
        "ledger.db",
        "trade_log_full.csv",
        "holding_log_full.csv",
        "daily_amount_log_full.csv",
        "trade_detail_2026-01-06.csv",
    ):
        (lived.data / name).unlink()
    # the state of another machine: everything as it was before the first run
    config = {**lived.config, "current_cash": 1, "current_date": "2025-12-31"}
    lived.write("prod_config.json", {**config, "last_processed_date": "2025-12-31"})
    lived.write(
        "cashflow.json",
        {"cashflows": {"2026-01-06": 500, "2026-02-02": 7}, "processed": {}},
    )
    report = rebuild(lived.workspace, RebuildRequest())
    assert report.changed
    assert ledger == content(lived.workspace.ledger_path)
    after = lived.files()
    assert set(before) == set(after)
    different = [name for name in before if before[name] != after[name]]
    assert set(different) <= {"data/ledger.db"}
    assert () == check_ledger(lived.workspace)
    assert not lived.run(end_date=THU).changed
    again = lived.files()
    assert not rebuild(lived.workspace, RebuildRequest()).changed
    assert again == lived.files()


def test_another_machine_gives_the_same_bytes(lived, tmp_path) -> None:
    other = lived.twin()
    for each in (lived, other):
        (each.data / "ledger.db").unlink()
        rebuild(each.workspace, RebuildRequest())
    assert lived.files() == other.files()


def test_a_ledger_that_vanished_is_no_first_run(lived) -> None:
    lived.workspace.ledger_path.unlink()
    before = lived.files()
    with pytest.raises(MissingArtifactError, match=r"ledger is gone[\s\S]*ledger rebuild"):
        lived.run(end_date=FRI)
    with pytest.raises(MissingArtifactError, match="ledger is gone"):
        check_ledger(lived.workspace)
    assert before == lived.files()
    (lived.data / "ledger_chronicle.jsonl").unlink()
    with pytest.raises(MissingArtifactError, match="ledger is gone"):
        lived.run(end_date=FRI)
    with pytest.raises(MissingArtifactError, match="nothing to make the books from"):
        rebuild(lived.workspace, RebuildRequest())


def test_an_export_that_is_gone_is_named(lived) -> None:
    lived.workspace.ledger_path.unlink()
    (lived.data / "2026-01-07-table.xlsx").unlink()
    before = lived.files()
    with pytest.raises(MissingArtifactError, match=r"2026-01-07-table\.xlsx"):
        rebuild(lived.workspace, RebuildRequest())
    assert before == lived.files()


def test_an_archived_export_is_found_in_the_ledger_while_there_is_one(lived) -> None:
    (lived.data / "2026-01-07-table.xlsx").unlink()
    assert not rebuild(lived.workspace, RebuildRequest()).changed


def test_a_damaged_ledger_is_made_again_and_kept(lived) -> None:
    head = load_journal(lived.workspace.ledger_path).head
    lived.workspace.ledger_path.write_bytes(b"damaged")
    assert rebuild(lived.workspace, RebuildRequest(dry_run=True)).changed
    assert b"damaged" == lived.workspace.ledger_path.read_bytes()
    report = rebuild(lived.workspace, RebuildRequest())
    assert head == report.digest == load_journal(lived.workspace.ledger_path).head
    (kept,) = lived.workspace.history_dir.glob("ledger_*.db")
    assert b"damaged" == kept.read_bytes()


def test_an_edited_chronicle_is_refused(lived) -> None:
    lived.workspace.ledger_path.unlink()
    path = lived.data / "ledger_chronicle.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines()
    first = json.loads(lines[0])
    first["cash_fen"] += 1
    path.write_text("\n".join([json.dumps(first), *lines[1:]]), encoding="utf-8")
    with pytest.raises(BooksMismatchError, match="cannot be made again"):
        rebuild(lived.workspace, RebuildRequest())
    path.write_text("{}\n", encoding="utf-8")
    with pytest.raises(CorruptArtifactError, match=r"ledger_chronicle\.jsonl:1"):
        rebuild(lived.workspace, RebuildRequest())


def test_a_run_that_was_interrupted_before_the_chronicle_is_no_loss(lived) -> None:
    shutil.copy(lived.data / "ledger_chronicle.jsonl", lived.data / "old")
    lived.settle(FRI)
    lived.run(end_date=FRI)
    (lived.data / "old").replace(lived.data / "ledger_chronicle.jsonl")
    rebuild(lived.workspace, RebuildRequest())
    assert FRI == load_journal(lived.workspace.ledger_path).last_date
    assert () == check_ledger(lived.workspace)

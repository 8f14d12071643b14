from __future__ import annotations

from datetime import date

from quantpits.post_trade.ledger import load_journal
from quantpits.post_trade.posting import KEPT_FOLDER, keep_sources, write_projections

MON = date(2026, 1, 5)


def test_files_that_are_so_already_are_not_written(account) -> None:
    path = account.settle(MON)
    account.run(end_date=MON)
    journal = load_journal(account.workspace.ledger_path)
    config = account.workspace.prod_config()
    assert [] == write_projections(account.workspace, journal, config=config)
    (account.data / "ledger_chronicle.jsonl").unlink()
    written = write_projections(account.workspace, journal, config=config)
    assert ["ledger_chronicle.jsonl"] == [each.name for each in written]
    (session,) = journal.sessions
    assert session.source is not None
    (kept,) = keep_sources(account.workspace, journal, displaced=[session.source.sha256])
    assert (KEPT_FOLDER, path.read_bytes()) == (kept.parent.name, kept.read_bytes())
    assert [] == keep_sources(account.workspace, journal, displaced=[session.source.sha256])

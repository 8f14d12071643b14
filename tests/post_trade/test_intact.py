from __future__ import annotations

from datetime import date

import pytest

from quantpits.errors import BooksMismatchError, MissingArtifactError
from quantpits.post_trade import ledger
from quantpits.post_trade.intact import chronicle_path, load_intact, open_journal

MON = date(2026, 1, 5)


def test_a_workspace_without_traces_has_no_books(account) -> None:
    assert not load_intact(account.workspace).is_open
    assert "ledger_chronicle.jsonl" == chronicle_path(account.workspace).name
    with pytest.raises(MissingArtifactError, match="not open yet"):
        open_journal(account.workspace)


def test_an_empty_ledger_beside_a_chronicle_is_refused(account) -> None:
    account.settle(MON)
    account.run(end_date=MON)
    account.workspace.ledger_path.unlink()
    with ledger.writing(account.workspace.ledger_path):
        pass
    with pytest.raises(MissingArtifactError, match="ledger is gone"):
        load_intact(account.workspace)


def test_an_interrupted_run_must_be_finished_first(account, monkeypatch) -> None:
    account.settle(MON)
    monkeypatch.setattr(ledger, "mark_projected", lambda _: None)
    account.run(end_date=MON)
    with pytest.raises(BooksMismatchError, match="interrupted"):
        open_journal(account.workspace)

from __future__ import annotations

from datetime import date

import pytest

from quantpits.errors import MissingArtifactError
from quantpits.post_trade.adopt import run
from quantpits.post_trade.request import PostTradeRequest

MON = date(2026, 1, 5)


def test_an_edit_is_adopted_and_no_session_processed(account) -> None:
    account.settle_all()
    account.run(end_date=MON)
    account.write("prod_config.json", {**account.config, "current_cash": 5})
    report = run(account.workspace, PostTradeRequest())
    assert (True, (), MON, 500) == (report.changed, report.days, report.last_date, report.cash_fen)
    assert not run(account.workspace, PostTradeRequest()).changed


def test_books_that_are_not_open_adopt_nothing(account) -> None:
    with pytest.raises(MissingArtifactError, match="not open yet"):
        run(account.workspace, PostTradeRequest())

from __future__ import annotations

from datetime import date

from quantpits.config import ProdConfig
from quantpits.post_trade.files import (
    differing_projections,
    write_cashflow,
    write_state,
)
from quantpits.post_trade.journal import AppliedFlow, FlowKind
from quantpits.post_trade.ledger import load_journal

MON = date(2026, 1, 5)


def test_state_that_is_shown_is_not_written(account) -> None:
    account.settle(MON)
    account.run(end_date=MON)
    journal = load_journal(account.workspace.ledger_path)
    config = account.workspace.prod_config()
    assert isinstance(config, ProdConfig)
    assert [] == write_state(account.workspace, journal, config=config)
    account.workspace.prod_config_path.write_text("{}", encoding="utf-8")
    stale = config.model_copy(update={"current_date": date(2025, 12, 31)})
    assert [account.workspace.prod_config_path] == write_state(
        account.workspace, journal, config=stale
    )
    assert "2026-01-05" == account.config["current_date"]


def test_the_users_numbers_are_kept(account) -> None:
    account.write("cashflow.json", '{"cashflows": {"2026-01-05": 0.10, "2026-01-06": "7"}}')
    moved = [AppliedFlow(MON, FlowKind.DATED, 10)]
    assert [account.workspace.cashflow_path] == write_cashflow(account.workspace, moved)
    assert {"cashflows": {"2026-01-06": "7"}, "processed": {"2026-01-05": 0.1}} == account.cashflow
    assert [] == write_cashflow(account.workspace, [])


def test_lists_and_flags_of_the_config_are_kept(account, trade) -> None:
    whole = {**account.config, "initial_holding": [], "experiment_name": None}
    account.write("prod_config.json", whole)
    account.settle(MON, [trade("buy", "SH600000", 100, 10)])
    account.run(end_date=MON)
    assert ([], None) == (account.config["initial_holding"], account.config["experiment_name"])


def test_every_file_that_does_not_show_the_books_is_named(account, trade) -> None:
    account.settle(MON, [trade("buy", "SH600000", 100, 10)])
    account.run(end_date=MON)
    journal = load_journal(account.workspace.ledger_path)
    assert [] == differing_projections(account.workspace, journal)
    (account.data / "holding_log_full.csv").unlink()
    (account.data / "trade_log_full.csv").write_text("changed", encoding="utf-8")
    account.write("prod_config.json", {**account.config, "current_cash": 1})
    assert [
        ("trade_log_full.csv", "trade_log_full.csv does not show the books."),
        (
            "holding_log_full.csv",
            "holding_log_full.csv is missing; run post-trade again to write it.",
        ),
        (
            "prod_config.json",
            "prod_config.json does not show the books: cash: 98995.00 in the books, 1.00 stated.",
        ),
    ] == differing_projections(account.workspace, journal)
    account.write(
        "prod_config.json", {**account.config, "current_cash": 98995, "current_date": "2026-01-06"}
    )
    assert "its dates" in differing_projections(account.workspace, journal)[-1][1]

from __future__ import annotations

import pytest

from quantpits.post_trade.brokers.codes import (
    cell_hk_instrument,
    cell_repo,
    cell_subscription,
    cell_ticker,
    code_reader,
)
from quantpits.post_trade.brokers.contract import Effect, TradeRule


@pytest.mark.parametrize(
    ("cell", "instrument"),
    [
        ("730001", "SH600001"),
        ("780138", "SH601138"),
        ("732501", "SH603501"),
        ("707117", "SH605117"),
        ("787981", "SH688981"),
        ("700016", "SH600016"),
        ("760988", "SH601988"),
        ("753899", "SH603899"),
        ("785981", "SH688981"),
        ("080001", "SZ000001"),
        ("082142", "SZ002142"),
        ("380750", "SZ300750"),
        (80001, "SZ000001"),
        ("301001", "SZ301001"),
        ("601138.SH", "SH601138"),
        ("780138.SH", "SH601138"),
        ("\t='780138'".replace("'", '"'), "SH601138"),
    ],
)
def test_a_subscription_is_to_a_share(cell, instrument: str) -> None:
    assert instrument == cell_subscription(cell)


def test_declared_codes_win_and_the_longest_that_fits_counts() -> None:
    codes = (("787009", "689009"), ("715", "605"), ("730", "601"))
    reader = code_reader(TradeRule(Effect.SUBSCRIPTION, share_codes=codes))
    assert reader is not None
    assert ["SH689009", "SH605117", "SH601001", "SH688981", "SZ000001"] == [
        reader(cell) for cell in ("787009", "715117", "730001", "787981", 80001)
    ]


@pytest.mark.parametrize("cell", ["", "741138", "78013", "ABC", "780138.SZ", "080001.SH", None])
def test_an_unknown_subscription_is_refused(cell) -> None:
    with pytest.raises(ValueError, match=r"code|names another exchange"):
        cell_subscription(cell)


@pytest.mark.parametrize(
    ("cell", "instrument"),
    [("204001", "SH204001"), (131810.0, "SZ131810"), ("204001.SH", "SH204001")],
)
def test_a_repo(cell, instrument: str) -> None:
    assert instrument == cell_repo(cell)


@pytest.mark.parametrize("cell", ["", "600000", "204001.SZ", "20400", None])
def test_what_is_no_repo_is_refused(cell) -> None:
    with pytest.raises(ValueError, match="is not the code of a repo"):
        cell_repo(cell)


@pytest.mark.parametrize("cell", ["", "0", "600000", "ABC", "00000", "700.SH", -1])
def test_what_is_no_hong_kong_code_is_refused(cell) -> None:
    with pytest.raises(ValueError, match="is not a Hong Kong code"):
        cell_hk_instrument(cell)


@pytest.mark.parametrize(
    ("cell", "instrument"),
    [("AAPL", "AAPL"), ("brk/b", "BRK.B"), ("BF-B", "BF.B"), ("BRK B", "BRK.B"), (" F ", "F")],
)
def test_a_ticker(cell, instrument: str) -> None:
    assert instrument == cell_ticker(cell)


@pytest.mark.parametrize("cell", ["", "123", "A" * 11, "AAPL 260116C", "苹果", 5.0])
def test_what_is_no_ticker_is_refused(cell) -> None:
    with pytest.raises(ValueError, match="is not a ticker"):
        cell_ticker(cell)


@pytest.mark.parametrize(
    ("effect", "has_code"),
    [
        (Effect.BUY, True),
        (Effect.LISTING, True),
        (Effect.SUBSCRIPTION, True),
        (Effect.REPO_LEND, True),
        (Effect.REPO_RETURN, True),
        (Effect.DEPOSIT, False),
        (Effect.INTEREST, False),
        (Effect.NONE, False),
    ],
)
def test_the_effect_says_which_code_a_line_has(effect: Effect, has_code: bool) -> None:  # noqa: FBT001
    assert has_code is (code_reader(TradeRule(effect)) is not None)
    assert cell_hk_instrument is code_reader(TradeRule(effect, is_hk_connect=True))

"""Live state: exact money, whole shares."""

from datetime import date
from decimal import Decimal

import pytest

from quantpits.config.prod import Holding, ProdConfig
from quantpits.config.validation import model_from_text
from quantpits.errors import ConfigError


def read(**keys):
    merged = {
        "current_date": '"2026-02-06"',
        "current_cash": "1000",
        "current_holding": "[]",
        **keys,
    }
    text = ",".join(f'"{key}": {value}' for key, value in merged.items() if value is not None)
    return model_from_text(ProdConfig, "{" + text + "}", "config/prod_config.json")


def test_defaults():
    config = read()
    assert ("GATs", "csi300", "SH000300", "gtja") == (
        config.model,
        config.market,
        config.benchmark,
        config.broker,
    )
    assert (None, None, None, None, None) == (
        config.topk,
        config.n_drop,
        config.buy_suggestion_factor,
        config.initial_cash,
        config.current_full_cash,
    )
    assert date(2026, 2, 6) == config.cursor


def test_the_cost_basis_is_average_or_diluted():
    assert ("average", "diluted") == (read().cost_basis, read(cost_basis='"diluted"').cost_basis)
    with pytest.raises(ConfigError, match="cost_basis"):
        read(cost_basis='"fifo"')


def test_cursor_is_the_last_processed_date_when_given():
    assert date(2026, 2, 9) == read(last_processed_date='"2026-02-09"').cursor


def test_money_does_not_pass_through_binary_floating_point():
    # fault 45: 0.1 as a float is not 0.1, and 17 digits do not survive
    config = read(current_cash="123456789012.12345678")
    assert Decimal("123456789012.12345678") == config.current_cash


def test_file_of_the_earlier_system_is_read():
    config = read(
        model='"GATs"',
        market='"csi300"',
        benchmark='"SH000300"',
        last_processed_date='"2026-02-06"',
        initial_cash="500000",
        current_full_cash="500000.0",
        initial_holding="[]",
        current_cash="8123.450000000001",
        current_holding='[{"instrument": "SH600000", "value": "1600.0", "amount": "-12.34"}]',
        TopK="20",
        DropN="3",
        buy_suggestion_factor="2",
        broker='"gtja"',
        experiment_name='"x"',
    )
    assert (Holding(instrument="SH600000", value=1600, amount=Decimal("-12.34")),) == (
        config.current_holding
    )
    assert (20, 3, 2) == (config.topk, config.n_drop, config.buy_suggestion_factor)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"current_date": None}, "current_date: this key is required"),
        ({"current_cash": None}, "current_cash: this key is required"),
        ({"current_holding": None}, "current_holding: this key is required"),
        ({"current_cash": '"a lot"'}, "current_cash: should be an amount"),
        ({"current_cash": "NaN"}, "NaN is not a number"),
        ({"last_processed_date": '"2026/02/06"'}, "last_processed_date: should be a date"),
        (
            {"current_holding": '[{"instrument": "600000.SH ", "value": 1, "amount": 1}]'},
            "current_holding.0.instrument: should be an instrument",
        ),
        (
            {"current_holding": '[{"instrument": "SH600000", "value": 0.5, "amount": 1}]'},
            "current_holding.0.value: should be a whole number of shares",
        ),
        (
            {"current_holding": '[{"instrument": "SH600000", "value": -100, "amount": 1}]'},
            "current_holding.0.value: should be a whole number of shares",
        ),
        (
            {"current_holding": '[{"instrument": "SH600000", "shares": 100, "amount": 1}]'},
            "current_holding.0.shares: there is no such key",
        ),
        ({"cash": "1"}, "cash: there is no such key"),
        ({"TopK": '"20"'}, "TopK: should be a whole number"),
    ],
)
def test_wrong_state_is_refused(keys, message):
    with pytest.raises(ConfigError) as caught:
        read(**keys)
    assert message in str(caught.value)


@pytest.mark.parametrize("key", ["current_holding", "initial_holding"])
def test_instrument_held_twice_is_refused(key):
    row = '{"instrument": "SH600000", "value": 100, "amount": 1}'
    with pytest.raises(ConfigError, match=rf"{key}\.2: 'SH600000' is listed twice"):
        read(**{key: f"[{row}, {row.replace('600000', '600004')}, {row}]"})

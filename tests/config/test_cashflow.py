"""Deposits and withdrawals, in both forms of the file."""

from datetime import date
from decimal import Decimal

import pytest

from quantpits.config.cashflow import CashflowConfig
from quantpits.config.validation import model_from_text
from quantpits.errors import ConfigError


def read(text):
    return model_from_text(CashflowConfig, text, "config/cashflow.json")


def test_dated_form_keeps_processed_entries():
    config = read(
        '{"cashflows": {"2026-02-06": 50000, "2026-02-09": "-0.10"},'
        ' "processed": {"2026-01-05": 1.5}}'
    )
    assert {date(2026, 2, 6): Decimal(50000), date(2026, 2, 9): Decimal("-0.10")} == (
        config.cashflows
    )
    assert {date(2026, 1, 5): Decimal("1.5")} == config.processed
    assert not config.is_legacy
    assert Decimal(0) == config.pending_without_date


def test_older_form():
    config = read('{"cash_flow_today": -1234.56}')
    assert config.is_legacy
    assert Decimal("-1234.56") == config.pending_without_date
    assert {} == config.cashflows


def test_empty_mapping_is_the_dated_form():
    assert not read("{}").is_legacy


def test_older_key_at_rest_beside_the_dated_form_is_harmless():
    config = read('{"cashflows": {}, "cash_flow_today": 0}')
    assert not config.is_legacy


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"cashflows": {}, "cash_flow_today": 5}', "give the amount its date there"),
        ('{"cashflows": {"2026-2-6": 5}}', "cashflows.2026-2-6: the name should be a date"),
        ('{"cashflows": {"2026-02-06": true}}', "cashflows.2026-02-06: should be an amount"),
        ('{"cashflows": {"2026-02-06": 1, "2026-02-06": 1}}', "2026-02-06: this key stands twice"),
        ('{"cashflow": {}}', "did you mean 'cashflows'?"),
        ("[]", "found a list"),
    ],
)
def test_wrong_cashflows_are_refused(text, message):
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert message in str(caught.value)

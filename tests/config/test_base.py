"""The value types: what they take, what they refuse, and that nothing is rounded on the way."""

import re
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

import quantpits.config
from quantpits.config.base import (
    CROSS_PROBLEM,
    FileSafeName,
    Flag,
    Instrument,
    Integer,
    IsoDate,
    Money,
    Number,
    OptionalDate,
    Rate,
    Shares,
    StrictModel,
    custom_error,
    problems_error,
)


class Example(StrictModel):
    number: Number = 1.5
    amount: Money = Decimal(0)


def read(kind, value):
    return TypeAdapter(kind).validate_python(value)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (Number, 3, 3.0),
        (Number, Decimal("0.1"), 0.1),
        (Number, -2.5, -2.5),
        (Integer, 0, 0),
        (Integer, -7, -7),
        (Money, 5, Decimal(5)),
        (Money, "1600.50", Decimal("1600.50")),
        (Money, "-1e3", Decimal(-1000)),
        (Money, Decimal("0.1"), Decimal("0.1")),
        (Rate, Decimal("0.0005"), Decimal("0.0005")),
        (Rate, 0, Decimal(0)),
        (Shares, 100, 100),
        (Shares, "1600", 1600),
        (Shares, "1600.0", 1600),
        (Shares, Decimal("3E+2"), 300),
        (IsoDate, "2026-02-06", date(2026, 2, 6)),
        (IsoDate, date(2026, 2, 6), date(2026, 2, 6)),
        (OptionalDate, "", None),
        (OptionalDate, None, None),
        (OptionalDate, "2024-02-29", date(2024, 2, 29)),
        (Flag, False, False),
        (Instrument, "SH600000", "SH600000"),
        (Instrument, "BJ920001", "BJ920001"),
        (Instrument, "BRK.B", "BRK.B"),
        (FileSafeName, "lightgbm_Alpha158", "lightgbm_Alpha158"),
        (FileSafeName, "线性", "线性"),
    ],
)
def test_value_is_taken(kind, value, expected):
    found = read(kind, value)
    assert expected == found
    assert type(expected) is type(found)


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (Number, True, "a number"),
        (Number, "3", "a number"),
        (Number, None, "a number"),
        (Number, 10**400, "a finite number"),
        (Integer, True, "a whole number"),
        (Integer, 20.0, "a whole number"),
        (Integer, Decimal(20), "a whole number"),
        (Integer, "20", "a whole number"),
        (Money, True, "an amount"),
        (Money, 0.1, "an amount"),
        (Money, "", "an amount"),
        (Money, "NaN", "an amount"),
        (Money, "Infinity", "an amount"),
        (Money, "1,000", "an amount"),
        (Money, "\uff11\uff10", "an amount"),
        (Money, None, "an amount"),
        (Money, Decimal("NaN"), "finite"),
        (Money, Decimal("1E+16"), "within"),
        (Money, Decimal("-1E+999999"), "within"),
        (Rate, Decimal(1), "less than 1"),
        (Rate, Decimal("-0.1"), "greater than or equal to 0"),
        (Shares, -1, "a whole number of shares"),
        (Shares, Decimal("0.5"), "a whole number of shares"),
        (Shares, "100.5", "a whole number of shares"),
        (Shares, Decimal("1E+99"), "a whole number of shares"),
        (Shares, Decimal("NaN"), "a whole number of shares"),
        (Shares, 100.0, "an amount"),
        (IsoDate, "2026-2-6", "a date such as"),
        (IsoDate, "20260206", "a date such as"),
        (IsoDate, "2026-02-30", "not a day"),
        (IsoDate, 20260206, "a date such as"),
        (IsoDate, datetime(2026, 2, 6, tzinfo=None), "without a time"),  # noqa: DTZ001 - YAML gives these
        (OptionalDate, "soon", "a date such as"),
        (Flag, 1, "boolean"),
        (Flag, "true", "boolean"),
        (Instrument, "sh600000", "an instrument in capitals"),
        (Instrument, "600000\n", "an instrument in capitals"),
        (Instrument, "", "an instrument in capitals"),
        (Instrument, "../X", "an instrument in capitals"),
        (FileSafeName, "", "letters, digits"),
        (FileSafeName, "a/b", "letters, digits"),
        (FileSafeName, ".hidden", "letters, digits"),
        (FileSafeName, "two words", "letters, digits"),
        (FileSafeName, "x" * 101, "letters, digits"),
        (FileSafeName, "a_2026-02-06", "must not contain a date"),
    ],
)
def test_value_is_refused(kind, value, message):
    with pytest.raises(ValidationError, match=message):
        read(kind, value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal("Infinity")])
def test_model_refuses_what_is_not_finite(value):
    with pytest.raises(ValidationError, match="finite number"):
        Example(number=value)


def test_model_is_frozen():
    example = Example()
    with pytest.raises(ValidationError, match="frozen"):
        example.number = 2.0


def test_model_refuses_unknown_keys():
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Example.model_validate({"nmber": 1})


def test_model_validates_its_defaults():
    class Wrong(StrictModel):
        number: Integer = 1.5

    with pytest.raises(ValidationError, match="a whole number"):
        Wrong()


def test_problems_error_lists_each_problem_under_its_key():
    error = problems_error("Example", [(("a", 0), "is {odd}"), (("b",), "is even")])
    lines = [(line["loc"], line["type"], line["msg"]) for line in error.errors()]
    assert [(("a", 0), CROSS_PROBLEM, "is {odd}"), (("b",), CROSS_PROBLEM, "is even")] == lines


def test_custom_error_keeps_braces():
    assert "{text} and {kind}" == custom_error("kind", "{text} and {kind}").message()


def models_of(root):
    for model in root.__subclasses__():
        if model.__module__.startswith("quantpits.config."):
            yield model
        yield from models_of(model)


@pytest.mark.parametrize(
    "model", [*models_of(quantpits.config.StrictModel)], ids=lambda m: m.__name__
)
def test_every_key_is_described_with_its_unit(model):
    assert [] == [
        name
        for name, field in model.model_fields.items()
        if not re.search(r"\[[^]]+\]$", field.description or "")
    ]


@pytest.mark.property
@given(st.decimals(min_value=-(10**13), max_value=10**13, places=4))
def test_money_as_text_keeps_every_digit(amount):
    assert amount == read(Money, f"{amount:f}")
    assert amount == read(Money, amount)


@pytest.mark.property
@given(st.integers(0, 10**15))
def test_shares_as_text_and_number_agree(count):
    assert count == read(Shares, count) == read(Shares, str(count)) == read(Shares, f"{count}.0")


@pytest.mark.property
@given(st.dates())
def test_dates_round_trip(day):
    assert day == read(IsoDate, day.isoformat())

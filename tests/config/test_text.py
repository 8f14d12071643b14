"""JSON and YAML without their traps."""

import contextlib
import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.config.text import parse_json_text, parse_yaml_text
from quantpits.errors import ConfigError


def test_json_decimals_are_exact():
    text = '{"a": 0.1, "b": 123456789012345.67, "c": 1e-3, "d": 7}'
    expected = {
        "a": Decimal("0.1"),
        "b": Decimal("123456789012345.67"),
        "c": Decimal("0.001"),
        "d": 7,
    }
    found = parse_json_text(text, "x.json")
    assert expected == found
    assert int is type(found["d"])


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_json_refuses_what_is_not_a_number(word):
    with pytest.raises(ConfigError, match=rf"x\.json: .*{word} is not a number"):
        parse_json_text(f'{{"a": {word}}}', "x.json")


def test_json_lists_every_repeated_key():
    with pytest.raises(ConfigError) as caught:
        parse_json_text('{"a": 1, "a": 2, "b": {"c": 1, "c": 1, "c": 1}}', "x.json")
    assert ["c", "a"] == [problem.key for problem in caught.value.problems]
    assert "x.json: a: this key stands twice" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1,\n "b" 2}', r"not JSON: .* \(line 2, column 6\)"),
        ("", r"not JSON: .* \(line 1, column 1\)"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a": ' + "9" * 5000 + "}", "not usable JSON"),
    ],
)
def test_json_that_cannot_be_read_is_a_config_error(text, message):
    with pytest.raises(ConfigError, match=message):
        parse_json_text(text, "x.json")


def test_yaml_follows_version_1_2():
    text = "a: no\nb: 1e-3\nc: 12:30:00\nd: 2026-02-06\ne: '000001'\nf: .5\n"
    expected = {
        "a": "no",
        "b": 0.001,
        "c": "12:30:00",
        "d": date(2026, 2, 6),
        "e": "000001",
        "f": 0.5,
    }
    assert expected == parse_yaml_text(text, "x.yaml")


def test_yaml_decimals_can_be_exact():
    found = parse_yaml_text("a: 0.0005\nb: 1_000.5\nc: 3\n", "x.yaml", exact_decimals=True)
    assert {"a": Decimal("0.0005"), "b": Decimal("1000.5"), "c": 3} == found


def test_yaml_infinity_stays_a_float_for_the_model_to_refuse():
    found = parse_yaml_text("a: .inf\nb: -.inf\n", "x.yaml", exact_decimals=True)
    assert {"a": float("inf"), "b": float("-inf")} == found


def test_yaml_aliases_are_the_same_object():
    found = parse_yaml_text("a: &x {p: 1}\nb: *x\n", "x.yaml")
    assert found["a"] is found["b"]


def test_yaml_empty_file_is_none():
    assert parse_yaml_text("# nothing yet\n", "x.yaml") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2\n", r'found duplicate key "a".*\(line 2, column 1\)'),
        ("a: [1,\n", r"\(line 2, column 1\)"),
        ("a: 1\n---\nb: 2\n", "another document"),
        ("a: !!python/object/apply:os.system [ls]\n", "could not determine a constructor"),
        ("a: 2026-13-45\n", "not YAML"),
        ("a: \x00\n", "not YAML"),
        ("[" * 5000, "nested too deeply"),
    ],
)
def test_yaml_that_cannot_be_read_is_a_config_error(text, message):
    with pytest.raises(ConfigError, match=message):
        parse_yaml_text(text, "x.yaml")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)


@pytest.mark.property
@given(json_values)
def test_json_reads_what_was_written(value):
    assert value == parse_json_text(json.dumps(value), "x.json")


@pytest.mark.property
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_as_config(text):
    for parse in (parse_json_text, parse_yaml_text):
        with contextlib.suppress(ConfigError):
            parse(text, "x")

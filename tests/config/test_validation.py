"""Reports of everything that is wrong, at once, with the key as the user wrote it."""

from decimal import Decimal
from typing import Annotated

import pytest
from pydantic import Field, model_validator

from quantpits.config.base import (
    ConfigFile,
    Flag,
    Instrument,
    Integer,
    IsoDate,
    Money,
    StrictModel,
    problems_error,
)
from quantpits.config.validation import model_from_text, nearest_name, validate_model
from quantpits.errors import ConfigError


class Part(StrictModel):
    size: Integer = 1
    name: str = Field(default="part", min_length=1)


class OtherPart(StrictModel):
    weight: Integer


class Whole(ConfigFile):
    file_names = ("whole.json",)
    also_known_keys = ("older",)

    count: Integer = Field(default=1, alias="Count")
    limit: Integer = 10
    flag: Flag = False
    part: Part | None = None
    parts: tuple[Part, ...] = ()
    named: dict[Instrument, Part] = Field(default_factory=dict)
    wrapped: dict[str, Annotated[Part, "note"]] = Field(default_factory=dict)
    either: Part | OtherPart | None = None
    flows: dict[IsoDate, Money] = Field(default_factory=dict)
    path: str = ""

    @model_validator(mode="after")
    def _check(self):
        if self.count > self.limit:
            raise problems_error("Whole", [(("Count",), f"is above limit {self.limit}")])
        return self


class Optional(Whole):
    is_required = False


def problems_of(data, model=Whole):
    with pytest.raises(ConfigError) as caught:
        validate_model(model, data, "whole.json")
    assert {"whole.json"} == {problem.source for problem in caught.value.problems}
    return {problem.key: problem.message for problem in caught.value.problems}


def test_valid_data_make_a_model():
    found = validate_model(Whole, {"Count": 3, "part": {"size": 2}}, "whole.json")
    assert (3, 2) == (found.count, found.part.size)


def test_every_problem_is_reported_at_once():
    data = {
        "count": 3,
        "limit": True,
        "flag": "yes",
        "part": {"sise": 2, "size": 1.5},
        "parts": [{"size": 1}, {"name": 7}, 3],
        "named": {"sh1": {"size": "1"}},
        "flows": {"2026-2-6": 1, "2026-02-06": 0.5},
        "path": 3,
    }
    expected = {
        "count": "there is no such key; did you mean 'Count'?",
        "limit": "should be a whole number, written without a decimal point, found True",
        "flag": "should be true or false, found 'yes'",
        "part.sise": "there is no such key; did you mean 'size'?",
        "part.size": "should be a whole number, written without a decimal point, found 1.5",
        "parts.1.name": "should be text, found 7",
        "parts.2": "should be a mapping, found 3",
        "named.sh1": "the name should be an instrument in capitals, such as SH600000, found 'sh1'",
        "named.sh1.size": "should be a whole number, written without a decimal point, found '1'",
        "flows.2026-2-6": "the name should be a date such as 2026-02-06, found '2026-2-6'",
        "flows.2026-02-06": "should be an amount such as 1234.50, found 0.5",
        "path": "should be text, found 3",
    }
    assert expected == problems_of(data)


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"parts": [{"sise": 1}]}, "parts.0.sise"),
        ({"named": {"SH1": {"sise": 1}}}, "named.SH1.sise"),
        ({"part": {"sise": 1}}, "part.sise"),
        ({"wrapped": {"a": {"sise": 1}}}, "wrapped.a.sise"),
    ],
)
def test_suggestions_come_from_the_model_at_that_place(data, key):
    assert {key: "there is no such key; did you mean 'size'?"} == problems_of(data)


def test_no_suggestion_where_one_of_several_models_may_stand():
    found = problems_of({"either": {"sise": 1}})
    assert "there is no such key" == found["either.Part.sise"]


def test_unknown_key_without_a_near_one_lists_the_known():
    message = problems_of({"zzz": 1})["zzz"]
    assert message.startswith("there is no such key; known are 'Count', 'limit'")
    assert "'older'" in message


def test_long_values_are_cut_in_messages():
    assert len(problems_of({"part": "x" * 500})["part"]) < 120


def test_decimals_are_shown_as_the_user_wrote_them():
    assert problems_of({"limit": Decimal("1.5")})["limit"].endswith("found 1.5")


def test_problems_between_keys_show_beside_a_wrong_key():
    found = problems_of({"Count": 99, "falg": True, "flows": {"x": 1}, "parts": [3]})
    assert {"falg", "flows.x", "parts.0", "Count"} == set(found)
    assert "is above limit 10" == found["Count"]


def test_problems_between_keys_are_not_claimed_about_a_wrong_key():
    assert {"Count"} == set(problems_of({"Count": "99"}))


def test_problems_between_keys_are_not_listed_twice():
    assert {"Count": "is above limit 10"} == problems_of({"Count": 99})


class Strict(ConfigFile):
    must: Integer
    low: Integer = 0
    high: Integer = 1


def test_missing_key_is_named():
    found = problems_of({"hgih": 3}, Strict)
    assert "this key is required and missing" == found["must"]
    assert "there is no such key; did you mean 'high'?" == found["hgih"]


@pytest.mark.parametrize(
    ("data", "found"), [(None, "nothing"), ([1], "a list"), ("text", "a str"), (3, "a int")]
)
def test_file_that_holds_no_mapping_is_refused(data, found):
    assert problems_of(data)[""].endswith(f"found {found}")


def test_model_from_json_text():
    assert 4 == model_from_text(Whole, '{"Count": 4}', "config/whole.json").count


@pytest.mark.parametrize("suffix", [".yaml", ".yml"])
def test_model_from_yaml_text_has_exact_decimals(suffix):
    found = model_from_text(Whole, "flows: {2026-02-06: 0.10}", f"whole{suffix}")
    assert ["0.10"] == [str(amount) for amount in found.flows.values()]


def test_comments_only_are_all_defaults_of_an_optional_file():
    assert Optional() == model_from_text(Optional, "# provider: qlib\n", "whole.yaml")
    with pytest.raises(ConfigError, match="found nothing"):
        model_from_text(Whole, "# provider: qlib\n", "whole.yaml")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("topk", "TopK"), ("TOPK", "TopK"), ("DropM", "DropN"), ("colour", None), ("", None)],
)
def test_nearest_name(name, expected):
    assert expected == nearest_name(name, ["TopK", "DropN"])

"""Groups of models."""

import pytest

from quantpits.config.groups import ComboGroups
from quantpits.config.validation import model_from_text
from quantpits.errors import ConfigError


def read(text):
    return model_from_text(ComboGroups, text, "config/combo_groups.yaml")


def test_groups_keep_their_order():
    found = read("groups:\n  trees: [lightgbm, catboost]\n  nets: [gru]\n").groups
    assert [("trees", ("lightgbm", "catboost")), ("nets", ("gru",))] == list(found.items())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("groups: {}", "groups: should not be empty"),
        ("", "found nothing"),
        ("group: {a: [b]}", "did you mean 'groups'?"),
        ("groups: {a: [x, y], b: [y]}", "groups.b.0: 'y' is already in group 'a'"),
        ("groups: {a: [x, x]}", "groups.a.1: 'x' is already in group 'a'"),
        ("groups: {a: x}", "groups.a: should be a list"),
    ],
)
def test_wrong_groups_are_refused(text, message):
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert message in str(caught.value)

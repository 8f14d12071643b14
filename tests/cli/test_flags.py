from __future__ import annotations

import pytest
from cyclopts import Token

from quantpits.cli.flags import Common, names_from, values_of


def tokens(*values: str) -> list[Token]:
    return [Token(value=value) for value in values]


@pytest.mark.parametrize(
    ("values", "names"),
    [
        (("a",), ("a",)),
        (("a,b",), ("a", "b")),
        (("a", "b"), ("a", "b")),
        (("a", "b,c"), ("a", "b", "c")),
        (("a, b ,", "c"), ("a", "b", "c")),
        (("b,a,b",), ("b", "a")),
    ],
)
def test_names_take_commas_spaces_or_both(values, names):
    assert names == names_from(None, tokens(*values))


@pytest.mark.parametrize("values", [(), ("",), (" , ",)])
def test_no_name_is_refused(values):
    with pytest.raises(ValueError, match="at least one name"):
        names_from(None, tokens(*values))


def test_values_of_a_flag_class():
    assert {"workspace": None, "json": True, "quiet": False, "verbose": False} == values_of(
        Common(json=True)
    )

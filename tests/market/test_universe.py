"""Membership by day, and the names people see."""

from __future__ import annotations

from datetime import date

import pytest

from quantpits.errors import CorruptArtifactError, MissingDataError
from quantpits.market.universe import instrument_names, list_universes, load_universe

MEMBERS = (
    "SZ000001\t2026-01-05\t2026-01-30\n"
    "sh600000\t2026-01-05\t2026-01-09\n"
    "SH600000\t2026-01-20\t2026-01-30\n"
)


@pytest.fixture
def universe_lab(lab):
    lab.universe("csi300", MEMBERS)
    lab.universe("all", MEMBERS)
    return lab


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-01-05", ("SH600000", "SZ000001")),
        ("2026-01-09", ("SH600000", "SZ000001")),
        ("2026-01-10", ("SZ000001",)),
        ("2026-01-20", ("SH600000", "SZ000001")),
        ("2026-01-30", ("SH600000", "SZ000001")),
    ],
)
def test_membership_includes_its_first_and_last_day(universe_lab, day, expected):
    assert expected == load_universe(universe_lab.source, "CSI300", date.fromisoformat(day))


def test_an_unknown_universe_is_refused_with_the_known_ones(universe_lab):
    with pytest.raises(MissingDataError, match=r"'csi500'[\s\S]*'all', 'csi300'"):
        load_universe(universe_lab.source, "csi500", date(2026, 1, 5))


def test_a_universe_without_members_is_refused(universe_lab):
    with pytest.raises(MissingDataError, match="no member on 2026-02-02"):
        load_universe(universe_lab.source, "csi300", date(2026, 2, 2))


def test_universes_are_listed(universe_lab):
    assert ("all", "csi300") == list_universes(universe_lab.source)


def test_names_are_read_where_there_are_any(universe_lab):
    assert {} == instrument_names(universe_lab.source)
    path = universe_lab.folder / "names.csv"
    path.write_text("instrument,name,name_en\nSH600000,合成001,SYNTH 001\n", encoding="utf-8")
    assert {"SH600000": "合成001"} == instrument_names(universe_lab.source)
    path.write_text("code,name\n", encoding="utf-8")
    with pytest.raises(CorruptArtifactError, match="cannot be read"):
        instrument_names(universe_lab.source)


def test_synthetic_names_say_so(source):
    names = instrument_names(source)
    assert names
    assert all(name.startswith("合成") for name in names.values())

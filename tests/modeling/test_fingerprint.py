"""What decides a result, as one hash."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.modeling.fingerprint import library_versions, result_fingerprint


@pytest.mark.property
@given(st.dictionaries(st.text(), st.integers() | st.text() | st.lists(st.integers())))
def test_the_order_of_the_parts_does_not_matter(parts):
    shuffled = dict(reversed(parts.items()))
    assert result_fingerprint(parts) == result_fingerprint(shuffled)


def test_any_change_changes_it():
    base = {"model": {"class": "A", "kwargs": {"lr": 0.1}}, "seed": 1}
    others = [{**base, "seed": 2}, {**base, "model": {"class": "A", "kwargs": {"lr": 0.2}}}]
    assert 3 == len({result_fingerprint(parts) for parts in [base, *others]})


def test_the_version_of_the_program_is_part_of_it(monkeypatch):
    before = result_fingerprint({})
    monkeypatch.setattr("quantpits.modeling.fingerprint.__version__", "99")
    assert before != result_fingerprint({})


@pytest.mark.parametrize(
    ("module", "library"),
    [
        ("qlib.contrib.model.gbdt", "lightgbm"),
        ("qlib.contrib.model.catboost_model", "catboost"),
        ("qlib.contrib.model.linear", "scikit-learn"),
        ("qlib.contrib.model.pytorch_gru_ts", "torch"),
        ("quantpits.modeling.zoo", "torch"),
    ],
)
def test_only_the_libraries_that_take_part_count(module, library):
    versions = library_versions(module)
    assert {"pyqlib", "numpy", "pandas", library} <= set(versions)
    assert versions["pyqlib"]
    assert {"pyqlib", "numpy", "pandas"} == set(library_versions("mine"))


def test_a_library_that_is_missing_is_said_to_be(monkeypatch):
    monkeypatch.setattr("quantpits.modeling.fingerprint._ALWAYS", ("no-such-library",))
    assert {"no-such-library": "not installed"} == library_versions("mine")

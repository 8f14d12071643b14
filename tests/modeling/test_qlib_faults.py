"""Classes of Qlib with a fault are named, and what stands in for them exists."""

from __future__ import annotations

import pytest

from quantpits.modeling.foreign import load_class
from quantpits.modeling.qlib_faults import fault_notes, stand_in

FAULTY = [
    ("GATs", "qlib.contrib.model.pytorch_gats_ts"),
    ("MTSDatasetH", "qlib.contrib.data.dataset"),
]


@pytest.mark.parametrize(("name", "module_path"), FAULTY)
def test_what_stands_in_is_the_same_class_mended(name, module_path):
    pytest.importorskip("torch", reason="networks need the extra nn")
    own = load_class({"class": name, "module_path": module_path}, "a")
    found = stand_in(name, module_path)
    better = load_class({"class": name, "module_path": found.module_path}, "a")
    assert own is not better
    assert issubclass(better, own)
    assert stand_in(name, found.module_path) is None


def test_notes_name_the_class_its_fault_and_the_way_out():
    model = {"class": "GATs", "module_path": "qlib.contrib.model.pytorch_gats_ts"}
    dataset = {"class": "TSDatasetH", "module_path": "qlib.data.dataset"}
    (note,) = fault_notes(model, dataset)
    assert note.startswith("Qlib's own GATs is not to be trusted: its scores of a day depend on")
    assert note.endswith("name module_path: quantpits.modeling.zoo_gats in its workflow")


def test_a_dotted_class_without_a_module_is_no_fault():
    assert [] == fault_notes({"class": "my.models.GATs"})

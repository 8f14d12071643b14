"""Values as JSON for a page."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.charts.encoding import array_json, date_texts, label_text, script_json


def test_an_array_is_its_bytes():
    coded = array_json(np.array([1.5, np.inf]))
    values = np.frombuffer(base64.b64decode(coded["bdata"]), dtype="<f4")
    assert 1.5 == values[0]
    assert np.isnan(values[1])
    assert "shape" not in coded


def test_a_matrix_has_its_shape():
    assert "2, 3" == array_json(np.zeros((2, 3)))["shape"]


def test_dates_are_iso_texts():
    assert ["2021-01-04"] == date_texts(np.array(["2021-01-04T00:00"], dtype="datetime64[m]"))


def test_a_label_is_no_markup_no_formula_and_one_line():
    assert "a &lt;a href=x&gt; &#36;x&#36;" == label_text("a\n<a href=x> $x$")


def test_nan_is_refused():
    with pytest.raises(ValueError, match="Out of range float"):
        script_json([float("nan")])


@pytest.mark.property
@given(st.recursive(st.text() | st.integers(), lambda inner: st.dictionaries(st.text(), inner)))
def test_whatever_it_holds_it_reads_back_and_cannot_end_a_script(value):
    text = script_json(value)
    assert value == json.loads(text)
    assert not set("<>&\u2028\u2029") & set(text)

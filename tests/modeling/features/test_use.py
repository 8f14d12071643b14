"""What is told about features."""

from __future__ import annotations

import pytest

from quantpits.modeling.features.use import FeatureUse


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        (FeatureUse(), "features were computed 0 times"),
        (FeatureUse(n_computed=2), "features were computed 2 times"),
        (FeatureUse(n_read=3), "features were computed 0 times, read from disk 3 times"),
        (
            FeatureUse(1, 1, 1, 5),
            (
                "features were computed 1 times, extended 1 times (by 5 sessions),"
                " read from disk 1 times"
            ),
        ),
    ],
)
def test_the_text_for_a_person(use, expected):
    assert expected == use.text()

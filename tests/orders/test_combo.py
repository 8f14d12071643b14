from __future__ import annotations

import dataclasses

import pytest

from quantpits.config import Combo, EnsembleConfig
from quantpits.errors import StaleArtifactError, UsageError
from quantpits.orders.combo import check_combo, refuse_unknown_combo
from tests.orders.test_request import provenance

__all__ = ["provenance"]  # fixture

CONFIG = EnsembleConfig(
    combos={
        "A": Combo(models=("gru", "mlp"), method="manual", default=True),
        "A_B": Combo(models=("gru", "tcn")),
    }
)


def messages(provenance, **changes):
    return [
        finding.message
        for finding in check_combo(dataclasses.replace(provenance, **changes), CONFIG)
    ]


def test_scores_of_the_combo_pass(provenance):
    assert [] == messages(provenance)
    assert [] == messages(
        provenance, label="ensemble_A_B", combo="A_B", models=("gru", "tcn"), method="equal"
    )


def test_scores_of_a_model_or_a_file_are_nobodys_combo(provenance):
    for label in ("gru", "custom", "ensemble_gone"):
        assert [] == messages(provenance, label=label, combo=None)
    assert [] == messages(provenance, has_meta=False, combo=None)


@pytest.mark.parametrize(
    "changes",
    [
        {"combo": "A_B", "models": ("gru", "tcn")},  # the default is another one now
        {"models": ("gru", "tcn")},  # the combo has other models now
        {"label": "ensemble_A_B"},  # another combo's file under this name
    ],
)
def test_scores_of_another_combo_are_refused(provenance, changes):
    """Faults 27 and 28: what orders trade on must be what the configuration says."""
    with pytest.raises(StaleArtifactError, match="not of the combo") as caught:
        messages(provenance, **changes)
    assert 3 == caught.value.exit_code


def test_missing_models_another_method_and_published_models_are_told(provenance):
    assert ["The scores were fused without 'mlp'"] == messages(provenance, models=("gru",))
    assert [
        "The scores were fused by the method 'equal'; the configuration says 'manual'"
    ] == messages(provenance, method="equal")
    (told,) = messages(provenance, combo=None)
    assert "published by hand, and not those of the default combo 'A'" in told


def test_an_unknown_combo_is_refused_with_the_nearest():
    refuse_unknown_combo("A_B", CONFIG)
    with pytest.raises(UsageError, match=r"(?s)no combo 'A_C'.*did you mean 'A_B'"):
        refuse_unknown_combo("A_C", CONFIG)
    with pytest.raises(UsageError, match=r"(?s)no combo 'momentum'.*there are 'A', 'A_B'"):
        refuse_unknown_combo("momentum", CONFIG)

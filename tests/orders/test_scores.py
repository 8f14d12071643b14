from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from quantpits.errors import MissingArtifactError, StaleArtifactError, UsageError
from quantpits.market import resolve_market
from quantpits.orders import OrderRequest
from quantpits.orders.scores import combo_label, find_current, load_scores, wanted
from tests.orders.conftest import ANCHOR, MEMBERS, SCORES


def load(lab, path, label):
    market = resolve_market(lab.workspace)
    return load_scores(lab.workspace, path, label=label, anchor=ANCHOR, market=market)


def test_a_file_wins_over_a_model_and_a_model_over_a_combo(lab):
    path = lab.predict("gru")
    lab.predict("ensemble_A")
    default = lab.predict()
    request = OrderRequest(prediction_file=path, model="none", combo="none")
    assert (path, "custom") == wanted(lab.workspace, request, anchor=ANCHOR)
    assert (path, "gru") == wanted(
        lab.workspace, OrderRequest(model="gru", combo="x"), anchor=ANCHOR
    )
    assert "ensemble_A" == wanted(lab.workspace, OrderRequest(combo="A"), anchor=ANCHOR)[1]
    assert (default, "ensemble") == wanted(lab.workspace, OrderRequest(), anchor=ANCHOR)
    assert (Path("/none.csv"), "custom") == wanted(
        lab.workspace, OrderRequest(prediction_file=Path("/none.csv")), anchor=ANCHOR
    )


def test_an_older_one_is_stale_and_none_is_missing(lab):
    lab.predict("gru", anchor=date(2026, 1, 23), last=date(2026, 1, 23))
    with pytest.raises(StaleArtifactError, match="latest was made on 2026-01-23"):
        find_current(lab.workspace, "gru", anchor=ANCHOR)
    with pytest.raises(MissingArtifactError, match="no prediction 'mlp'"):
        find_current(lab.workspace, "mlp", anchor=ANCHOR)
    with pytest.raises(UsageError, match="file name"):
        find_current(lab.workspace, "a/b", anchor=ANCHOR)


def test_the_last_day_is_read_with_its_provenance(lab):
    found = load(lab, lab.predict("ensemble_A"), "ensemble_A")
    assert SCORES == found.scores
    assert ("A", "manual", ("gru", "mlp")) == (
        found.provenance.combo,
        found.provenance.method,
        found.provenance.models,
    )
    assert () == found.findings


def test_a_prediction_under_another_name_is_refused(lab):
    """Fault 29: the scores of one model must not be traded as those of another."""
    path = lab.predict("mlp")
    other = path.with_name(path.name.replace("mlp", "gru"))
    for suffix in (".csv", ".meta.json"):
        path.with_suffix(suffix).rename(other.with_suffix(suffix))
    with pytest.raises(StaleArtifactError, match=r"(?s)another label.*expected: gru,.*found: mlp,"):
        load(lab, other, "gru")
    assert "custom" == load(lab, other, "custom").provenance.label  # a named file may be called so


def test_without_provenance_nothing_vouches(lab):
    found = load(lab, lab.predict_bare("gru_2026-01-30.csv"), "gru")
    assert set(MEMBERS) == set(found.scores)
    assert not found.provenance.has_meta
    assert ["ORD010"] == [finding.code for finding in found.findings]


def test_labels_of_combos():
    assert "ensemble_A_B" == combo_label("A_B")

"""Why a score is what it is: the steps add up to what was written."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from quantpits.errors import MissingArtifactError, MissingDataError
from quantpits.fusion import ExplainRequest, FuseRequest
from quantpits.fusion.explain import run
from quantpits.fusion.step import run as fuse
from quantpits.records import read_prediction_csv
from tests.fusion.conftest import ANCHOR, INSTRUMENTS


def explain(lab, day=ANCHOR, instrument="SH600003", **request):
    request = request or {"from_config_all": True}
    return run(
        lab.workspace,
        ExplainRequest(fuse=FuseRequest(**request), day=day, instrument=instrument),
    )


@pytest.mark.parametrize("method", ["equal", "icir_weighted", "dynamic"])
def test_explanation_adds_up_to_what_is_written(priced_lab, method):
    day = date(2026, 1, 20)
    models = ("mlp", "gru", "linear")
    request = {"models": models, "method": method}
    (combo,) = explain(priced_lab, day, **request).combos
    fuse(priced_lab.workspace, FuseRequest(**request, no_backtest=True, no_charts=True))
    written = read_prediction_csv(priced_lab.prediction("ensemble_adhoc")).loc[pd.Timestamp(day)]
    assert written["SH600003"] == combo.score
    assert pytest.approx(combo.score, abs=1e-12) == sum(share.share for share in combo.models)
    ranked = written.sort_values(ascending=False, kind="stable")
    assert 1 + list(ranked.index).index("SH600003") == combo.rank
    assert (12, list(models)) == (combo.n_ranked, [share.model for share in combo.models])
    assert pytest.approx(1.0) == sum(share.weight for share in combo.models)


def test_explanation_shows_raw_scores_and_z_scores(full_lab):
    (combo,) = explain(full_lab, models=("gru", "mlp")).combos
    raw = full_lab.scores(0).loc[pd.Timestamp(ANCHOR)]
    share = combo.models[0]
    assert raw["SH600003"] == share.raw
    assert pytest.approx((raw["SH600003"] - raw.mean()) / raw.std(ddof=1)) == share.z


def test_explanation_is_for_every_combo_asked_for(full_lab):
    report = explain(full_lab)
    assert ["A", "B"] == [combo.combo for combo in report.combos]
    text = "\n".join(report.summary())
    assert f"SH600003 on {ANCHOR}" in text
    assert "fused score" in text
    assert "of 12" in text
    assert {} == full_lab.files()


def test_explanation_of_a_name_that_one_model_leaves_out(full_lab):
    full_lab.add_model("gru", full_lab.scores(0, instruments=INSTRUMENTS[:5]))
    full_lab.write_combos(
        A={"models": ["gru", "mlp"], "default": True}, B={"models": ["linear"], "method": "equal"}
    )
    report = explain(full_lab, instrument="SH600009")
    first, second = report.combos
    assert (None, None) == (first.score, first.rank)
    assert first.models[0].raw is None
    assert first.models[1].raw is not None
    assert "no fused score: not scored by gru" in "\n".join(report.summary())
    assert second.score is not None


def test_explanation_of_a_cell_that_one_model_leaves_out(full_lab):
    scores = full_lab.scores(0)
    full_lab.add_model("gru", scores.drop(index=(pd.Timestamp(ANCHOR), "SH600003")))
    with pytest.raises(MissingDataError, match="No combo scores SH600003") as caught:
        explain(full_lab, from_config=True)
    assert "no score by gru" == caught.value.found


def test_explanation_of_an_unknown_name(full_lab):
    with pytest.raises(MissingDataError, match="No combo scores XX") as caught:
        explain(full_lab, instrument="XX")
    assert "such as SH600000" in caught.value.hint


@pytest.mark.parametrize(
    ("day", "near"),
    [(date(2026, 1, 20), "2026-01-09, 2026-01-16"), (date(2030, 1, 1), "2026-01-23, 2026-01-30")],
)
def test_explanation_of_a_day_without_scores(full_lab, day, near):
    with pytest.raises(MissingDataError, match="has no scores on") as caught:
        explain(full_lab, day, from_config=True)
    assert near in caught.value.found


def test_explanation_goes_on_without_a_combo_that_cannot_be_fused(full_lab):
    full_lab.write_combos(A={"models": ["gru"], "default": True}, B={"models": ["gone"]})
    report = explain(full_lab)
    assert ["A"] == [combo.combo for combo in report.combos]
    assert ["FUS008"] == [finding.code for finding in report.findings]
    with pytest.raises(MissingArtifactError, match="'gone' has not been trained"):
        explain(full_lab, combo="B")


def test_explanation_of_weights_that_change_uses_those_of_the_day(priced_lab):
    request = {"models": ("gru", "linear", "mlp"), "method": "dynamic"}
    early, late = (
        [share.weight for share in explain(priced_lab, day, **request).combos[0].models]
        for day in (date(2025, 9, 1), ANCHOR)
    )
    np.testing.assert_array_equal([1 / 3] * 3, early)
    assert early != late

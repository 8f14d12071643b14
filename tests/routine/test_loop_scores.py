"""The scores of a paper loop: cut to one day, with a provenance that says from what."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from quantpits.errors import CorruptArtifactError, MissingArtifactError
from quantpits.records import (
    PredictionMeta,
    prediction_path,
    read_prediction_csv,
    read_prediction_meta,
    store_prediction,
)
from quantpits.routine.loop_request import LoopRequest
from quantpits.routine.loop_scores import (
    followed_scores,
    in_sample_findings,
    load_score_series,
    store_cut,
)
from quantpits.workspace import Workspace

THURSDAY, FRIDAY = date(2021, 3, 4), date(2021, 3, 5)


@pytest.fixture
def workspace(tmp_path):
    workspace = Workspace(tmp_path)
    workspace.predictions_dir.mkdir(parents=True)
    return workspace


def scores() -> pd.Series:
    days = pd.to_datetime([THURSDAY, THURSDAY, FRIDAY])
    index = pd.MultiIndex.from_arrays(
        [days, ["SH600000", "SZ000001", "SH600000"]], names=["datetime", "instrument"]
    )
    return pd.Series([1.0, 0.1 + 0.2, -1.0], index=index, name="score")


def request(**changes) -> LoopRequest:
    return LoopRequest(start=THURSDAY, end=FRIDAY, **changes)


def test_newest_prediction_of_the_label_is_taken(workspace):
    for anchor, label in ((THURSDAY, "gru"), (FRIDAY, "gru"), (FRIDAY, "ensemble")):
        store_prediction(workspace, label, anchor=anchor, scores=scores())
    series = load_score_series(workspace, request(label="gru"))
    assert ("gru_2021-03-05.csv", None) == (series.path.name, series.meta)
    assert scores().tolist() == series.scores.tolist()


def test_named_file_is_taken_from_the_workspace_or_as_it_stands(workspace, tmp_path, monkeypatch):
    store_prediction(workspace, "ensemble", anchor=FRIDAY, scores=scores())
    path = prediction_path(workspace, "ensemble", FRIDAY)
    inside = load_score_series(workspace, request(prediction_file=path.relative_to(tmp_path)))
    assert path == inside.path
    assert path == load_score_series(workspace, request(prediction_file=path)).path
    monkeypatch.chdir(path.parent)
    assert (
        Path(path.name)
        == load_score_series(workspace, request(prediction_file=Path(path.name))).path
    )


def test_missing_and_edited_predictions_are_refused(workspace):
    with pytest.raises(MissingArtifactError, match="no prediction 'ensemble' to follow"):
        load_score_series(workspace, request())
    meta = PredictionMeta(label="ensemble", kind="ensemble", anchor_date=FRIDAY)
    store_prediction(workspace, "ensemble", anchor=FRIDAY, scores=scores(), meta=meta)
    path = prediction_path(workspace, "ensemble", FRIDAY)
    path.write_text(path.read_text("utf-8").replace("-1.0", "-2.0"), encoding="utf-8")
    with pytest.raises(CorruptArtifactError, match="not the one its provenance describes"):
        load_score_series(workspace, request())


def test_cut_has_one_day_and_says_from_what(workspace, tmp_path):
    meta = PredictionMeta(
        label="ensemble", kind="ensemble", anchor_date=FRIDAY, models=("gru",), combo="equal"
    )
    store_prediction(workspace, "ensemble", anchor=FRIDAY, scores=scores(), meta=meta)
    series = load_score_series(workspace, request())
    sandbox = Workspace(tmp_path / "sandbox")
    assert store_cut(sandbox, series, anchor=THURSDAY, market_label="somewhere")
    path = prediction_path(sandbox, "ensemble", THURSDAY)
    assert {pd.Timestamp(THURSDAY)} == set(read_prediction_csv(path).index.get_level_values(0))
    cut = read_prediction_meta(path)
    assert ("custom", THURSDAY, "somewhere", ("gru",)) == (
        cut.kind,
        cut.anchor_date,
        cut.market_label,
        cut.models,
    )
    assert {"ensemble_2021-03-05.csv": series.sha256} == cut.inputs
    assert {"SH600000": 1.0, "SZ000001": 0.1 + 0.2} == followed_scores(sandbox, THURSDAY)


def test_day_without_scores_writes_nothing(workspace, tmp_path):
    store_prediction(workspace, "ensemble", anchor=FRIDAY, scores=scores())
    series = load_score_series(workspace, request())
    sandbox = Workspace(tmp_path / "sandbox")
    assert not store_cut(sandbox, series, anchor=date(2021, 3, 8), market_label="")
    assert None is followed_scores(sandbox, date(2021, 3, 8))


def test_models_fitted_on_the_days_of_the_loop_are_named():
    trained = {"gru": FRIDAY, "linear": THURSDAY, "old": date(2020, 1, 1), "unknown": None}
    (finding,) = in_sample_findings(trained, THURSDAY)
    assert ("PAP012", "info") == (finding.code, finding.severity)
    assert "'gru', 'linear'" in finding.message
    assert () == in_sample_findings(trained, date(2021, 3, 6))

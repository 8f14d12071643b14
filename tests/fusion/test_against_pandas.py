"""The whole step against decisions 10 and 11 in plain pandas, to 1e-12, with all four methods."""

import numpy as np
import pandas as pd
import pytest

from quantpits.backtest import backtest_setting, place_scores, simulate
from quantpits.fusion import FuseRequest
from quantpits.fusion.step import run
from quantpits.records import read_prediction_csv, read_train_records
from quantpits.records.model_scores import load_model_prediction
from quantpits.signals import panel_from_series
from tests.fusion.conftest import ANCHOR, INSTRUMENTS
from tests.reference import fusion_oracle as oracle

MODELS = ("gru", "linear", "mlp", "cat")
MANUAL = {"gru": 5.0, "linear": 0.0, "mlp": 1.0, "cat": 2.5}


@pytest.fixture
def ragged(lab):
    """Four models that begin on different days, score different names and miss some cells."""
    sessions = lab.add_prices(n_days=150)
    rng = np.random.default_rng(11)
    for at, model in enumerate(MODELS):
        scores = lab.scores(at, dates=sessions[5 * at :], instruments=INSTRUMENTS[at : 12 - at])
        keep = rng.random(len(scores)) > 0.05
        keep |= scores.index.get_level_values(0) == pd.Timestamp(ANCHOR)
        lab.add_model(model, scores[keep], ic=0.02 * at, icir=0.1 + 0.1 * at)
    combos = {
        method: {"models": list(MODELS), "method": method, "default": method == "equal"}
        for method in ("equal", "icir_weighted", "manual", "dynamic")
    }
    lab.write_combos(**combos, _manual_weights=MANUAL)
    return lab


def series_of(lab):
    records = read_train_records(lab.workspace)
    return {model: load_model_prediction(lab.workspace, records, model) for model in MODELS}


def portfolio_returns(lab, series):
    """Trade each model by itself, day by day, through the simulator of one path."""
    panels = {model: panel_from_series(scores) for model, scores in series.items()}
    setting = backtest_setting(
        lab.workspace,
        instruments=INSTRUMENTS,
        start=min(panel.dates[0] for panel in panels.values()).item(),
        end=ANCHOR,
    )
    dates = pd.to_datetime(setting.dates)
    paths = {}
    for model, panel in panels.items():
        result = simulate(setting, place_scores(setting, panel))
        path = pd.Series(result.returns, index=dates)
        paths[model] = path[path.index > pd.Timestamp(panel.dates[0])]
    return paths


@pytest.mark.parametrize("method", ["equal", "icir_weighted", "manual", "dynamic"])
def test_every_method_equals_plain_pandas(ragged, method):
    run(ragged.workspace, FuseRequest(from_config_all=True, no_charts=True))
    series = series_of(ragged)
    normal = oracle.z_scores(oracle.own_rows(series))
    if method == "equal":
        weights = oracle.equal_weights(MODELS)
    elif method == "icir_weighted":
        ic = {model: 0.02 * at for at, model in enumerate(MODELS)}
        icir = {model: 0.1 + 0.1 * at for at, model in enumerate(MODELS)}
        weights = oracle.icir_weights(MODELS, ic, icir)
    elif method == "manual":
        weights = oracle.manual_weights(MODELS, MANUAL)
    else:
        dates = normal.index.get_level_values("datetime").unique()
        weights = oracle.dynamic_weights(portfolio_returns(ragged, series), dates)
        assert weights.round(3).nunique().max() > 20, "the weights hardly move: a weak test"
        written = pd.read_csv(
            ragged.workspace.ensemble_dir / f"ensemble_weights_dynamic_{ANCHOR}.csv",
            index_col="datetime",
            parse_dates=True,
        )
        np.testing.assert_allclose(weights, written[list(MODELS)], rtol=0, atol=1e-12)
    pd.testing.assert_series_equal(
        oracle.fuse(normal, weights),
        read_prediction_csv(ragged.prediction(f"ensemble_{method}")),
        check_names=False,
        check_index_type=False,
        rtol=0,
        atol=1e-12,
    )

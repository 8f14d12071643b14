"""What each model's own portfolio earned, and the weights of a combo from it."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from quantpits.backtest import backtest_setting, place_scores, simulate
from quantpits.errors import DataError, MissingDataError
from quantpits.fusion import FuseRequest
from quantpits.fusion.paths import ModelPaths, model_paths, paths_weights
from quantpits.fusion.step import run
from quantpits.signals import panel_from_series
from tests.fusion.conftest import ANCHOR, INSTRUMENTS
from tests.fusion.price_market import write_prices

DAYS = np.arange("2024-01-01", "2024-04-30", dtype="datetime64[D]")


def paths_of(n_models=3):
    returns = np.random.default_rng(0).normal(0.001, 0.01, size=(n_models, DAYS.size))
    return ModelPaths(
        dates=DAYS,
        models=tuple("abcdef"[:n_models]),
        returns=returns,
        first_rows=np.zeros(n_models, dtype=np.int64),
    )


def test_model_paths_equal_each_model_simulated_alone(lab):
    sessions = lab.add_prices()
    panels = {
        name: panel_from_series(lab.scores(at, dates=sessions[7 * at :]))
        for at, name in enumerate(("mlp", "gru"))
    }
    setting = backtest_setting(
        lab.workspace, instruments=INSTRUMENTS, start=sessions[0], end=ANCHOR
    )
    paths = model_paths(setting, panels)
    assert ("gru", "mlp") == paths.models
    assert [7, 0] == paths.first_rows.tolist()
    for at, name in enumerate(paths.models):
        alone = simulate(setting, place_scores(setting, panels[name]))
        np.testing.assert_array_equal(alone.returns, paths.returns[at])


def test_model_paths_refuse_scores_outside_the_market(lab):
    sessions = lab.add_prices()
    setting = backtest_setting(
        lab.workspace, instruments=INSTRUMENTS[:4], start=sessions[0], end=ANCHOR
    )
    with pytest.raises(DataError, match="instruments"):
        model_paths(setting, {"gru": panel_from_series(lab.scores(1, dates=sessions))})


def test_paths_weights_follow_the_order_of_the_models():
    dates = DAYS[[70, 90]]
    forth = paths_weights(paths_of(), ("a", "b", "c"), dates=dates)
    back = paths_weights(paths_of(), ("c", "a", "b"), dates=dates)
    assert forth[:, [2, 0, 1]].tobytes() == back.tobytes()


def test_paths_weights_know_no_other_model():
    dates = DAYS[[70, 90]]
    few = paths_weights(paths_of(2), ("a", "b"), dates=dates)
    many = paths_of(3)
    many.returns[:2] = paths_of(2).returns
    assert few.tobytes() == paths_weights(many, ("a", "b"), dates=dates).tobytes()


@pytest.mark.parametrize("day", ["2023-12-31", "2025-01-01"])
def test_paths_weights_refuse_a_day_that_is_no_session(day):
    dates = np.array([day], dtype="datetime64[D]")
    with pytest.raises(MissingDataError, match="not a session"):
        paths_weights(paths_of(), ("a",), dates=dates)


def weights_and_scores(lab):
    """Fuse with method dynamic and return the lines of both files by date."""
    request = FuseRequest(combo="D", no_backtest=True, no_charts=True)
    run(lab.workspace, request)
    weights = lab.workspace.ensemble_dir / f"ensemble_weights_D_{ANCHOR}.csv"
    return weights.read_text().splitlines(), lab.prediction("ensemble_D").read_text().splitlines()


@pytest.mark.parametrize("back", [2, 30, 62])
def test_the_future_changes_no_weight_and_no_score(priced_lab, back):
    # Fault 11: the earlier system looked five sessions ahead.
    models = ("gru", "linear", "mlp")
    priced_lab.write_combos(
        A={"models": ["gru"], "default": True, "method": "equal"},
        D={"models": list(models), "method": "dynamic"},
    )
    before = weights_and_scores(priced_lab)
    sessions = list(pd.bdate_range(end=ANCHOR, periods=120).date)
    cut = sessions[-back]

    def change(close):
        close[-back + 1 :] *= np.random.default_rng(5).uniform(0.9, 1.1, close[-back + 1 :].shape)
        close[:] = np.round(close, 2)

    write_prices(priced_lab.workspace.root / "market", INSTRUMENTS, sessions, change=change)
    for at, model in enumerate(models):
        scores = priced_lab.scores(at, dates=sessions[10:])
        later = scores.index.get_level_values(0).date > cut
        scores[later] = -3.0 * scores[later]
        priced_lab.add_model(model, scores)
    after = weights_and_scores(priced_lab)
    for old, new in zip(before, after, strict=True):
        known = [at for at, line in enumerate(old[1:], start=1) if _day(line) <= cut]
        assert [old[at] for at in known] == [new[at] for at in known]
        assert old != new
    assert len({line.partition(",")[2] for line in before[0]}) > 20, "the weights hardly move"


def _day(line):
    return date.fromisoformat(line.partition(",")[0])

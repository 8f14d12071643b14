"""One combo's scores: pandas' numbers, its own rows, and no influence from elsewhere."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantpits.errors import MissingDataError, ModelError, StaleArtifactError, UsageError
from quantpits.fusion.compute import ModelScores, fuse_combo
from quantpits.fusion.plan import ComboPlan
from quantpits.fusion.weights import ModelMetrics
from quantpits.fusion.window import Window
from quantpits.signals import panel_from_series, panel_to_series

ANCHOR = date(2024, 1, 26)
DATES = pd.date_range("2024-01-05", ANCHOR, freq="7D")
NAMES = ("A", "B", "C", "D", "E")
FULL = Window("full")


def random_series(seed, dates=DATES, names=NAMES):
    index = pd.MultiIndex.from_product([dates, list(names)], names=["datetime", "instrument"])
    return pd.Series(np.random.default_rng(seed).normal(size=len(index)), index=index)


def model_scores(failures=None, **series):
    return ModelScores(
        anchor=ANCHOR,
        panels={name: panel_from_series(values) for name, values in series.items()},
        failures=failures or {},
        metrics={name: ModelMetrics(0.05, 0.1 * at) for at, name in enumerate(series, start=1)},
    )


def combo(*models, method="equal", **extra):
    return ComboPlan(label="ensemble_A", combo="A", models=models, method=method, **extra)


def pandas_fusion(weights, **series):
    """Inner join, z-score per day, weighted sum, in plain pandas."""
    frame = pd.concat(series, axis=1).dropna()
    days = frame.groupby(level=0)
    normal = (frame - days.transform("mean")) / days.transform("std")
    total = sum(weights.values())
    return sum(normal[name] * weight / total for name, weight in weights.items()).sort_index()


def fused(plan, scores, window=FULL, **options):
    return panel_to_series(fuse_combo(plan, scores, window=window, **options).panel)


@pytest.mark.parametrize("method", ["equal", "icir_weighted", "manual"])
def test_fuse_combo_equals_pandas(method):
    series = {"gru": random_series(1), "mlp": random_series(2).iloc[3:], "lin": random_series(3)}
    weights = {
        "equal": {"gru": 1.0, "mlp": 1.0, "lin": 1.0},
        "icir_weighted": {"gru": 0.1, "mlp": 0.2, "lin": 0.3},
        "manual": {"gru": 5.0, "mlp": 0.0, "lin": 1.0},
    }[method]
    manual = weights if method == "manual" else None
    plan = combo("gru", "mlp", "lin", method=method, manual=manual)
    result = fused(plan, model_scores(**series))
    expected = pandas_fusion(weights, **series)
    pd.testing.assert_series_equal(
        expected, result, check_names=False, check_index_type=False, rtol=1e-12
    )


def test_fuse_combo_reports_models_and_weights_in_the_order_given():
    plan = combo("mlp", "gru", method="icir_weighted")
    fusion = fuse_combo(plan, model_scores(gru=random_series(1), mlp=random_series(2)), window=FULL)
    assert ("mlp", "gru") == fusion.models
    assert ["mlp", "gru"] == list(fusion.weights)
    assert pytest.approx(2 / 3) == fusion.weights["mlp"]
    assert {} == fusion.missing
    assert () == fusion.findings


def test_fuse_combo_correlation_follows_the_order_given():
    series = {"a": random_series(1), "b": random_series(2)}
    series["c"] = series["a"] + 0.1 * random_series(3)
    fusion = fuse_combo(combo("c", "b", "a"), model_scores(**series), window=FULL)
    assert fusion.correlation[0, 2] > 0.9
    assert abs(fusion.correlation[0, 1]) < 0.9


def test_fuse_combo_is_the_same_bytes_in_any_order_and_company():
    # Fault 27: a model of another combo used to change which rows count.
    series = {"gru": random_series(1), "mlp": random_series(2), "lin": random_series(3)}
    short = random_series(4, dates=DATES[1:], names=NAMES[:2])
    alone = fused(combo("gru", "mlp", "lin"), model_scores(**series))
    beside = fused(combo("lin", "gru", "mlp"), model_scores(**series, other=short))
    assert alone.to_numpy().tobytes() == beside.to_numpy().tobytes()


def test_fuse_combo_of_one_model_is_its_z_score():
    series = random_series(1)
    np.testing.assert_allclose(
        pandas_fusion({"gru": 1.0}, gru=series), fused(combo("gru"), model_scores(gru=series))
    )


def test_fuse_combo_keeps_the_window():
    window = Window("cut", date(2024, 1, 10), date(2024, 1, 19))
    scores = model_scores(gru=random_series(1))
    result = fused(combo("gru"), scores, window)
    assert ["2024-01-12", "2024-01-19"] == [
        str(day.date()) for day in result.index.get_level_values(0).unique()
    ]
    whole = fused(combo("gru"), scores)
    pd.testing.assert_series_equal(whole.loc[result.index], result, check_index_type=False)


def test_fuse_combo_refuses_an_empty_window():
    window = Window("cut", date(2030, 1, 1))
    with pytest.raises(UsageError, match="No prediction lies between") as caught:
        fuse_combo(combo("gru"), model_scores(gru=random_series(1)), window=window)
    assert "2030-01-01 to the end" == caught.value.found
    assert "dates within 2024-01-05 to 2024-01-26" == caught.value.expected


def test_fuse_combo_names_the_beginning_of_an_open_window():
    window = Window("cut", None, date(2020, 1, 1))
    with pytest.raises(UsageError, match="the beginning to 2020-01-01"):
        fuse_combo(combo("gru"), model_scores(gru=random_series(1)), window=window)


def test_fuse_combo_refuses_models_that_share_nothing():
    scores = model_scores(
        gru=random_series(1, names=("A", "B")), mlp=random_series(2, names=("C",))
    )
    with pytest.raises(MissingDataError, match="scored by all models"):
        fuse_combo(combo("gru", "mlp"), scores, window=FULL)


def test_fuse_combo_refuses_models_that_share_nothing_at_the_anchor():
    other = pd.concat(
        [random_series(2, dates=DATES[:-1]), random_series(3, dates=DATES[-1:], names=("Z",))]
    )
    with pytest.raises(MissingDataError, match="share no instrument at the anchor") as caught:
        fuse_combo(combo("gru", "mlp"), model_scores(gru=random_series(1), mlp=other), window=FULL)
    assert "the last common date is 2024-01-19" == caught.value.found


STALE = StaleArtifactError("mlp ends early.", where="mlp.pkl", expected="26", found="19", hint="h")


def test_fuse_combo_stops_without_a_model():
    # Fault 26: a missing model was dropped and the rest re-weighted with only a printed line.
    scores = model_scores({"mlp": STALE}, gru=random_series(1))
    with pytest.raises(
        StaleArtifactError, match="combo 'A' cannot be fused without 'mlp'"
    ) as caught:
        fuse_combo(combo("gru", "mlp"), scores, window=FULL)
    error = caught.value
    assert ("mlp.pkl", "26", "19") == (error.where, error.expected, error.found)
    assert "--allow-missing" in error.hint
    assert 3 == error.exit_code


def test_fuse_combo_goes_on_without_a_model_if_allowed_and_says_so():
    scores = model_scores({"mlp": STALE}, gru=random_series(1), lin=random_series(2))
    fusion = fuse_combo(combo("gru", "mlp", "lin"), scores, window=FULL, allow_missing=True)
    assert ("gru", "lin") == fusion.models
    assert {"gru": 0.5, "lin": 0.5} == fusion.weights
    assert {"mlp": "mlp ends early."} == fusion.missing
    (finding,) = fusion.findings
    assert ("FUS005", "warning", "A") == (finding.code, finding.severity, finding.subject)


def test_fuse_combo_renormalises_manual_weights_over_what_is_left():
    scores = model_scores({"mlp": STALE}, gru=random_series(1), lin=random_series(2))
    plan = combo("gru", "mlp", "lin", method="manual", manual={"gru": 1.0, "mlp": 6.0, "lin": 3.0})
    fusion = fuse_combo(plan, scores, window=FULL, allow_missing=True)
    assert {"gru": 0.25, "lin": 0.75} == fusion.weights


def test_fuse_combo_stops_when_nothing_is_left():
    with pytest.raises(StaleArtifactError, match="cannot be fused without 'mlp'") as caught:
        fuse_combo(combo("mlp"), model_scores({"mlp": STALE}), window=FULL, allow_missing=True)
    assert "--allow-missing" not in caught.value.hint


def test_fuse_combo_says_which_models_count_for_nothing():
    scores = model_scores(gru=random_series(1), mlp=random_series(2))
    plan = combo("gru", "mlp", method="icir_weighted")
    low = ModelScores(
        anchor=ANCHOR,
        panels=scores.panels,
        failures={},
        metrics={"gru": ModelMetrics(0.05, 0.3), "mlp": ModelMetrics(-0.01, 0.3)},
    )
    (finding,) = fuse_combo(plan, low, window=FULL).findings
    assert "FUS006" == finding.code
    assert "'mlp' count for nothing" in finding.message


def test_fuse_combo_stops_when_no_model_qualifies():
    scores = model_scores(gru=random_series(1))
    plan = combo("gru", method="icir_weighted", min_model_ic=0.5)
    with pytest.raises(ModelError, match="qualifies"):
        fuse_combo(plan, scores, window=FULL)


def test_fuse_combo_says_when_a_narrow_model_narrows_the_combo():
    scores = model_scores(gru=random_series(1), mlp=random_series(2, names=NAMES[:3]))
    (finding,) = fuse_combo(combo("gru", "mlp"), scores, window=FULL).findings
    assert "FUS007" == finding.code
    assert "share 3 instruments while one scores 5; 'mlp' scores 3" in finding.message


@pytest.mark.property
@settings(deadline=None, max_examples=25)
@given(st.integers(0, 3), st.integers(0, 2**32 - 1))
def test_fuse_combo_ignores_what_comes_later(at, seed):
    # The window keeps the early dates; what later dates hold, or whom, must not matter.
    window = Window("cut", None, DATES[at].date())
    before = {"gru": random_series(1), "mlp": random_series(2)}
    after = {
        name: pd.concat(
            [series[series.index.get_level_values(0) <= DATES[at]], random_later(seed + place, at)]
        )
        for place, (name, series) in enumerate(before.items())
    }
    first = fused(combo("gru", "mlp"), model_scores(**before), window)
    second = fused(combo("gru", "mlp"), model_scores(**after), window)
    assert first.to_numpy().tobytes() == second.to_numpy().tobytes()
    assert list(first.index) == list(second.index)


def random_later(seed, at):
    dates = pd.date_range(DATES[at] + pd.Timedelta(days=7), periods=3, freq="7D")
    return 100.0 * random_series(seed, dates=dates, names=("0", *NAMES, "Z"))

"""Every bad input that a user can bring, by what is said about it; nothing is ever written.

Tests of the modules look at the details; this is the one list of them all.
"""

import pandas as pd
import pytest

from quantpits.errors import QuantPitsError
from quantpits.fusion import FuseRequest
from quantpits.fusion.step import run
from tests.fusion.conftest import ANCHOR, INSTRUMENTS

BOTH = ["gru", "mlp"]
USAGE, INPUT = 2, 3


def with_weights(weights, **request):
    return {"models": ("gru", "mlp"), "method": "manual", "weights": weights, **request}


def config_of(**combo):
    return {"combos": {"A": {"models": BOTH, "method": "equal", "default": True, **combo}}}


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({}, "nothing to fuse"),
        ({"models": ("gru", "nobody")}, "no trained model 'nobody'"),
        ({"models": ("gru", "gru")}, "'gru' more than once"),
        ({"combo": "nobody"}, "no combo 'nobody'"),
        ({"from_config": True, "method": "best"}, "The word 'best' is not known"),
        ({"from_config": True, "freq": "month"}, "The word 'month' is not known"),
        (with_weights("gru:nan,mlp:1"), "a colon and a finite number"),
        (with_weights("gru:inf,mlp:1"), "a colon and a finite number"),
        (with_weights("gru,mlp:1"), "a colon and a finite number"),
        (with_weights("gru:-1,mlp:2"), "a negative weight for 'gru'"),
        (with_weights("gru:0,mlp:0"), "the weights sum to 0"),
        (with_weights("gru:1"), "no weight for 'mlp'"),
        (with_weights("gru:1,mlp:1,lin:1"), "a weight for 'lin', which is not in the combo"),
        (with_weights("gru:1,gru:1,mlp:1"), "'gru' has two weights"),
        (with_weights(None), "needs weights"),
        (with_weights("gru:1,mlp:1", method="equal"), "Weights have no effect"),
        ({"from_config_all": True, "weights": "gru:1", "method": "manual"}, "several combos"),
        ({"from_config": True, "start_date": ANCHOR.replace(year=2030)}, "No prediction lies"),
        ({"from_config": True, "end_date": ANCHOR.replace(year=2001)}, "No prediction lies"),
        ({"from_config": True, "only_last_years": -1}, "cannot be negative"),
        (
            {"from_config": True, "start_date": ANCHOR, "end_date": ANCHOR.replace(day=2)},
            "start after they end",
        ),
        ({"from_config": True, "output_dir": "output/predictions"}, "among the predictions"),
        ({"from_config": True, "publish": True}, "Only a fusion of named models"),
    ],
)
def test_a_wrong_request(full_lab, request_, message):
    refused(full_lab, message, USAGE, **request_)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "this is not JSON"),
        ("[]", "a mapping of keys to values, found a list"),
        ({"combos": {}}, "combos"),
        (config_of(default=False), "exactly one combo"),
        (
            {"combos": {name: config_of()["combos"]["A"] for name in "AB"}},
            "exactly one combo .* found 'A', 'B'",
        ),
        (config_of(method="best"), "'equal', 'icir_weighted', 'manual' or 'dynamic'"),
        (config_of(models=[]), "models"),
        (config_of(models=["gru", "gru"]), "'gru' is listed twice"),
        (config_of(model=["gru"]), "model"),
        (config_of(method="manual", manual_weights={"gru": -1, "mlp": 1}), "a negative weight"),
        (config_of(method="manual", manual_weights={"gru": 0, "mlp": 0}), "the weights sum to 0"),
        (config_of(method="manual", manual_weights={"gru": 1}), "no weight for 'mlp'"),
        (
            config_of(method="manual", manual_weights={"gru": 1, "mlp": 1, "lin": 1}),
            "a weight for 'lin'",
        ),
        (
            '{"combos": {"A": {"models": ["gru"], "manual_weights": {"gru": NaN}}}}',
            "NaN is not a number",
        ),
        (config_of(method="manual"), "needs weights"),
    ],
)
def test_a_wrong_configuration(full_lab, content, message):
    full_lab.write_config("ensemble_config.json", content)
    refused(full_lab, message, USAGE, from_config=True)


def test_a_model_that_was_never_trained(full_lab):
    full_lab.write_config("ensemble_config.json", config_of(models=["gru", "nobody"]))
    refused(full_lab, "cannot be fused without 'nobody'", INPUT, from_config=True)


def test_a_model_whose_predictions_end_early(full_lab):
    scores = full_lab.scores(0)
    full_lab.add_model("gru", scores[scores.index.get_level_values(0) < pd.Timestamp(ANCHOR)])
    refused(full_lab, "'gru' end before the anchor", INPUT, from_config=True)


def test_models_without_a_common_row(full_lab):
    full_lab.add_model("gru", full_lab.scores(0, instruments=["SZ000001", "SZ000002"]))
    refused(full_lab, "scored by all models", INPUT, models=("gru", "mlp"))


def test_models_without_a_common_row_at_the_anchor(full_lab):
    scores = full_lab.scores(0)
    last = scores.index.get_level_values(0) == pd.Timestamp(ANCHOR)
    other = full_lab.scores(0, dates=[ANCHOR], instruments=[f"Z{name}" for name in INSTRUMENTS])
    full_lab.add_model("gru", pd.concat([scores[~last], other]))
    refused(full_lab, "share no instrument at the anchor", INPUT, models=("gru", "mlp"))


def test_no_model_that_qualifies(full_lab):
    for name in BOTH:
        full_lab.add_model(name, full_lab.scores(0), ic=-0.01, icir=-0.1)
    request = {"models": tuple(BOTH), "method": "icir_weighted"}
    refused(full_lab, "No model of 'gru', 'mlp' qualifies", INPUT, **request)


def refused(lab, message, exit_code, **request):
    with pytest.raises(QuantPitsError, match=f"(?s){message}") as caught:
        run(lab.workspace, FuseRequest(**request, no_backtest=True, no_charts=True))
    assert exit_code == caught.value.exit_code
    assert {} == lab.files()

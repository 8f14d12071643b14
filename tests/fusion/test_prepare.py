"""The market of a run: prepared once, up to the window's end, or said to be missing."""

from datetime import date

import numpy as np
import pytest

import quantpits.fusion.prepare as module
from quantpits.errors import ConfigError, DataError, MissingDataError, UsageError
from quantpits.fusion import FuseRequest
from quantpits.fusion.paths import ModelPaths
from quantpits.fusion.plan import ComboPlan
from quantpits.fusion.prepare import Prepared, is_trading, prepare, read_strategy
from quantpits.fusion.window import Window
from quantpits.signals import panel_from_series
from tests.fusion.conftest import ANCHOR

FULL = Window("full")


def plan(method="equal"):
    return (ComboPlan(label="ensemble_A", combo="A", models=("gru",), method=method),)


def prepared_of(lab, *, method="equal", window=FULL, panels=None, **request):
    request = FuseRequest(from_config=True, **request)
    if panels is None:
        panels = {"gru": panel_from_series(lab.scores(1))}
    return prepare(
        lab.workspace, request, plans=plan(method), panels=panels, window=window, anchor=ANCHOR
    )


def is_empty(prepared):
    return prepared.setting is None and prepared.labels is None and prepared.paths is None


def test_a_run_trades_for_a_backtest_or_for_weights():
    assert is_trading(FuseRequest(from_config=True), plan())
    assert not is_trading(FuseRequest(from_config=True, no_backtest=True), plan())
    assert is_trading(FuseRequest(from_config=True, no_backtest=True), plan("dynamic"))


def test_read_strategy_refuses_a_workspace_without_a_model_configuration(lab):
    with pytest.raises(ConfigError, match=r"model_config\.json"):
        read_strategy(lab.workspace)


def test_prepare_begins_with_the_first_score_and_ends_with_the_anchor(lab):
    lab.add_prices()
    prepared = prepared_of(lab)
    assert (date(2025, 10, 17), ANCHOR) == (prepared.setting.start, prepared.setting.end)
    assert prepared.setting.dates.shape[0] == prepared.labels.shape[0]
    assert prepared.paths is None
    assert "week" == prepared.setting.frequency
    assert any(line.startswith("Figures: net of all costs") for line in prepared.conventions)
    assert not any(line.startswith(("Dates", "Market")) for line in prepared.conventions)


def test_prepare_reads_nothing_after_the_window(lab):
    lab.add_prices()
    prepared = prepared_of(lab, window=Window("cut", None, date(2025, 12, 31)))
    assert date(2025, 12, 31) == prepared.setting.end
    assert np.isnan(prepared.labels[-6:]).all()


def test_prepare_of_an_empty_window_leaves_the_refusal_to_fusing(lab):
    lab.add_prices()
    prepared = prepared_of(lab, window=Window("cut", None, date(2020, 1, 1)))
    assert is_empty(prepared)


def test_prepare_of_nothing_is_nothing(lab):
    assert is_empty(prepared_of(lab, no_backtest=True))
    assert is_empty(prepared_of(lab, panels={}))
    assert () == Prepared().findings
    assert () == Prepared().conventions


def test_prepare_trades_the_models_only_for_dynamic_weights(lab):
    lab.add_prices()
    prepared = prepared_of(lab, method="dynamic", no_backtest=True)
    assert prepared.setting is None
    assert isinstance(prepared.paths, ModelPaths)


def test_prepare_trades_the_models_in_live_timing_whatever_the_backtest_has(lab):
    lab.add_prices()
    live = prepared_of(lab, method="dynamic").paths
    lab.write_config("strategy_config.yaml", "backtest:\n  execution: qlib\n")
    prepared = prepared_of(lab, method="dynamic")
    assert "qlib" == prepared.setting.execution
    assert live.returns.tobytes() == prepared.paths.returns.tobytes()


@pytest.mark.parametrize("frequency", ["day", "week"])
def test_prepare_trades_as_often_as_asked(lab, frequency):
    lab.add_prices()
    assert frequency == prepared_of(lab, freq=frequency).setting.frequency


def test_prepare_without_prices_says_that_there_is_no_backtest(full_lab):
    full_lab.write_config(
        "model_config.json", {"market": "all", "benchmark": "SH000300", "TopK": 3}
    )
    prepared = prepared_of(full_lab, method="dynamic")
    assert isinstance(prepared.setting, MissingDataError)
    assert isinstance(prepared.paths, MissingDataError)
    (finding,) = prepared.findings
    assert ("FUS015", "error") == (finding.code, finding.severity)
    assert "There is no backtest: The market has no" in finding.message
    assert () == prepared.conventions


def test_prepare_with_too_large_a_topk_says_so(lab):
    lab.add_prices()
    lab.write_config("model_config.json", {"market": "all", "benchmark": "SH000300", "TopK": 50})
    prepared = prepared_of(lab)
    assert isinstance(prepared.setting, UsageError)
    assert "TopK is larger than the universe" in prepared.findings[0].message


def test_prepare_without_labels_has_no_backtest(lab, monkeypatch):
    lab.add_prices()

    def refuse(_setting):
        raise DataError("A price has no adjustment factor.")

    monkeypatch.setattr(module, "realised_labels", refuse)
    (finding,) = prepared_of(lab).findings
    assert "no adjustment factor" in finding.message


def test_prepare_keeps_why_the_models_could_not_be_traded(lab):
    lab.add_prices()
    weekend = lab.scores(1, dates=[date(2026, 1, 23), date(2026, 1, 24), ANCHOR])
    panels = {"gru": panel_from_series(weekend)}
    prepared = prepared_of(lab, method="dynamic", no_backtest=True, panels=panels)
    assert isinstance(prepared.paths, DataError)

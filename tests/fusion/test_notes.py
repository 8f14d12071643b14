"""What a fusion tells a person about orders."""

from datetime import date

import numpy as np

from quantpits.fusion.compute import Fusion
from quantpits.fusion.notes import describe_meta, result_findings
from quantpits.fusion.plan import ComboPlan
from quantpits.fusion.window import Window
from quantpits.records import PredictionMeta
from quantpits.signals import ScorePanel

ANCHOR = date(2026, 1, 30)
NAN = float("nan")
FULL = Window("full")


def fusion_of(**plan):
    values = {"label": "ensemble_A", "combo": "A", "models": ("gru", "mlp"), "method": "equal"}
    dates = np.array(["2026-01-23", "2026-01-30"], dtype="datetime64[D]")
    scores = np.array([[1.0, NAN, 3.0, NAN], [2.0, NAN, 1.0, 2.0]])
    return Fusion(
        plan=ComboPlan(**{**values, **plan}),
        models=("gru", "mlp"),
        weights={"gru": 0.5, "mlp": 0.5},
        missing={},
        correlation=np.array([[1.0, 0.5], [0.5, 1.0]]),
        panel=ScorePanel(dates, ("SH1", "SH2", "SH3", "SH4"), scores),
        equal=ScorePanel(dates, ("SH1", "SH2", "SH3", "SH4"), scores),
        findings=(),
    )


def findings_of(fusion, *, window=FULL, default="A", synthetic=False):
    return result_findings(
        [fusion],
        window=window,
        anchor=ANCHOR,
        default_combo=default,
        is_synthetic=synthetic,
    )


def test_describe_meta_names_the_combo_or_the_models():
    meta = PredictionMeta(
        label="ensemble", kind="ensemble", anchor_date=ANCHOR, models=("gru", "mlp"), method="equal"
    )
    assert "models named by the user (equal of gru, mlp)" == describe_meta(meta)


def test_findings_of_the_default_combo_are_none():
    assert () == findings_of(fusion_of(is_tradable=True))


def test_findings_say_how_to_trade_on_named_models():
    fusion = fusion_of(label="ensemble_adhoc", combo=None)
    finding, *_ = findings_of(fusion)
    assert ("FUS010", "warning") == (finding.code, finding.severity)
    assert "the default combo 'A'" in finding.message
    assert "add --publish" in finding.message
    assert "--prediction-file output/predictions/ensemble_adhoc_2026-01-30.csv" in finding.message


def test_findings_say_how_to_trade_on_another_combo():
    finding, *_ = findings_of(fusion_of(label="ensemble_B", combo="B"))
    assert "make it the default in config/ensemble_config.json" in finding.message


def test_findings_say_what_publishing_means():
    finding, *_ = findings_of(fusion_of(label="ensemble", combo=None, is_tradable=True))
    assert ("FUS011", "warning") == (finding.code, finding.severity)
    assert "orders follow 'gru', 'mlp' and not the default combo 'A'" in finding.message


def test_findings_of_named_models_without_combos_are_plain():
    fusion = fusion_of(label="ensemble", combo=None, is_tradable=True)
    assert () == findings_of(fusion, default=None)


def test_findings_of_cut_dates_say_that_orders_never_follow():
    finding, *_ = findings_of(fusion_of(label="ensemble_A_oos"), window=Window("oos"))
    assert ("FUS009", "info") == (finding.code, finding.severity)


def test_findings_name_a_synthetic_market():
    *_, finding = findings_of(fusion_of(is_tradable=True), synthetic=True)
    assert "FUS013" == finding.code
    assert "synthetic" in finding.message

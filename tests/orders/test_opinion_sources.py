from __future__ import annotations

import json
from datetime import date

from quantpits.orders import OrderRequest
from quantpits.orders.opinion_files import read_opinions
from quantpits.orders.step import run
from tests.orders.conftest import MEMBERS, SCORES

REVERSE = dict(zip(MEMBERS, reversed(SCORES.values()), strict=True))


def opinions_of(report):
    path = next(path for path in report.outputs if path.match("model_opinions_*.csv"))
    return read_opinions(path)


def test_every_enabled_combo_and_its_models_have_an_opinion(lab):
    lab.combos(B=("mlp", "gru"), A=("gru",))
    lab.predict()
    for label, scores in (
        ("ensemble_A", SCORES),
        ("ensemble_B", REVERSE),
        ("gru", SCORES),
        ("mlp", REVERSE),
        ("unused", REVERSE),
    ):
        lab.predict(label, scores)
    report = run(lab.workspace, OrderRequest())
    found = opinions_of(report)
    assert ("order_basis", "combo_B", "combo_A", "model_gru", "model_mlp") == found.columns
    for row in found.cells:
        assert row[0] == row[2] == row[3]
        assert row[1] == row[4]
    # the two models disagree on all but the middle: nobody's purchases are the other's
    assert 0.5 == report.opinions.mean_agreement
    assert "2 combos and 2 models" in "\n".join(report.summary())


def test_the_basis_column_is_the_order_files(lab):
    lab.combos(A=("gru",))
    lab.predict()
    lab.predict("gru", REVERSE)
    lab.books({"SH600000": 100, "SZ000001": 100, "SZ300001": 130})
    report = run(lab.workspace, OrderRequest())
    found = opinions_of(report)
    basis = dict(zip(found.instruments, (row[0].action for row in found.cells), strict=True))
    orders = {
        order.instrument: {"sell": "SELL", "buy": "BUY"}[order.side]
        + ("*" if order.role == "alternate" else "")
        for order in report.orders
    }
    assert {**orders, **dict.fromkeys(report.holds, "HOLD")} == basis


def test_a_source_without_a_current_prediction_is_named_and_stops_nothing(lab):
    lab.combos(A=("gru", "mlp"))
    lab.predict()
    lab.predict("gru", anchor=date(2026, 1, 23), last=date(2026, 1, 23))
    path = lab.predict("ensemble_A")
    path.write_text(path.read_text().replace("0.6", "0.7"))
    lab.predict_bare("mlp_2026-01-30.csv", {"AAPL": 1.0})
    report = run(lab.workspace, OrderRequest())
    told = {f.subject: f.message for f in report.findings if f.code == "OPN001"}
    assert {"combo A", "model gru", "model mlp"} == set(told)
    assert "not the one its provenance describes" in told["combo A"]
    assert "not one of the market's last session" in told["model gru"]
    assert "No member of the universe has a score" in told["model mlp"]
    assert ("order_basis",) == opinions_of(report).columns
    assert str(lab.workspace.root) not in json.dumps(told)


def test_a_combo_that_was_changed_since_has_no_opinion(lab):
    lab.combos(A=("gru",), B=("mlp",))
    lab.predict()
    lab.predict("ensemble_A")
    lab.predict("ensemble_B")
    lab.combos(A=("gru",), B=("tcn",))
    report = run(lab.workspace, OrderRequest())
    told = {f.subject: f.message for f in report.findings if f.code == "OPN001"}
    assert "not of the combo that the configuration describes" in told["combo B"]
    assert ("order_basis", "combo_A") == opinions_of(report).columns


def test_without_combos_the_orders_stand_alone(lab):
    lab.predict()
    report = run(lab.workspace, OrderRequest())
    assert ("order_basis",) == opinions_of(report).columns
    assert not any("Opinions of" in line for line in report.summary())


def test_a_trial_leaves_the_routines_opinions_alone(lab):
    """Fault 28: an ad-hoc run overwrote what belongs to the routine."""
    lab.combos(A=("gru",))
    lab.predict()
    lab.predict("gru", REVERSE)
    lab.predict("ensemble_A")
    run(lab.workspace, OrderRequest())
    before = lab.files()
    run(lab.workspace, OrderRequest(model="gru"))
    after = lab.files()
    assert before == {path: content for path, content in after.items() if path in before}
    assert "model_opinions_gru_2026-02-02.csv" in {path.name for path in after}

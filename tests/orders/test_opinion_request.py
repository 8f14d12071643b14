from __future__ import annotations

from datetime import date
from pathlib import Path

from quantpits.orders.opinion_request import OpinionsReport, OpinionsRequest


def report(**changes):
    facts = {
        "workspace": "Lab",
        "outputs": (Path("/w/a.png"),),
        "findings": (),
        "changed": True,
        "source": Path("/w/model_opinions_2026-02-02.csv"),
        "trade_date": date(2026, 2, 2),
        "n_instruments": 4,
        "columns": ("order_basis", "model_gru"),
        "mean_agreement": 0.5,
        "contested": (("SH600000", "BUY", 0.0), ("SZ300001", "SELL", 1.0)),
    }
    return OpinionsReport(**{**facts, **changes})


def test_the_summary_names_what_the_fewest_share():
    assert [
        (
            "Opinions for 2026-02-02: 4 instruments, 1 sources beside the orders "
            "(model_opinions_2026-02-02.csv)"
        ),
        "On average 50% of the models agree with an order.",
        "Shared by the fewest models: BUY SH600000 (0%), SELL SZ300001 (100%)",
        "  /w/a.png",
    ] == report().summary()


def test_without_models_there_is_less_to_say():
    lines = report(mean_agreement=None, contested=(), trade_date=None, outputs=()).summary()
    assert [
        "Opinions: 4 instruments, 1 sources beside the orders (model_opinions_2026-02-02.csv)"
    ] == lines


def test_the_default_is_the_latest():
    request = OpinionsRequest()
    assert (None, None, False) == (request.input, request.output_dir, request.dry_run)

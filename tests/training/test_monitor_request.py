"""What monitoring reports."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from quantpits.training.monitor_request import MonitorReport, MonitorRequest, WatchedModel

ANCHOR = date(2026, 2, 6)


def report(*models, **changes):
    given = {
        "workspace": "Demo",
        "outputs": (Path("output/monitoring/2026-02-06.html"),),
        "findings": (),
        "changed": True,
        "anchor_date": ANCHOR,
        "market_label": "SYNTHETIC",
        "models": models,
    }
    return MonitorReport(**{**given, **changes})


def test_a_line_for_each_model():
    full = WatchedModel(
        model="gru",
        anchor_date=ANCHOR,
        trained_at=date(2026, 1, 23),
        age_days=14,
        ic=0.0718,
        ic_band=(0.05, 0.09),
        rank_ic=0.0625,
        rank_ic_band=(0.03, 0.095),
        rank_icir=0.5,
        rank_ic_seeds_std=0.004,
        psi=0.31,
        psi_usual=0.1,
        drift="shifted",
    )
    old = WatchedModel(model="mlp", anchor_date=ANCHOR, trained_at=ANCHOR, age_days=0)
    foreign = WatchedModel(model="x", anchor_date=ANCHOR)
    lines = report(full, old, foreign).summary()
    assert "Models of Demo on SYNTHETIC, anchor 2026-02-06." == lines[0]
    assert lines[1] == (
        "gru: trained 2026-01-23, 14 days before its anchor, Rank IC 0.0625 (0.0300 to 0.0950)"
        " ± 0.0040 over seeds, IC 0.0718 (0.0500 to 0.0900), Rank ICIR 0.500, PSI 0.31, shifted"
    )
    assert lines[2].startswith("mlp: trained 2026-02-06, Rank IC undefined")
    assert lines[2].endswith("PSI unknown")
    assert lines[3].startswith("x: trained at an unknown date")
    assert "The page: output/monitoring/2026-02-06.html" == lines[-1]


def test_a_dry_run_names_no_page():
    lines = report(outputs=(), is_dry_run=True).summary()
    assert "Dry run: no page was written." == lines[-1]


def test_every_model_is_the_default():
    assert MonitorRequest().models is None

"""What an evaluation reports."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from quantpits.modeling.spread import spread_of
from quantpits.training.evaluate_request import EvaluateReport, PathScore

PATHS = (
    PathScore(ic=0.25, icir=1.0, rank_ic=0.5, rank_icir=None, n_days=9),
    PathScore(ic=0.75, icir=1.0, rank_ic=None, rank_icir=None, n_days=9),
)
REPORT = EvaluateReport(
    workspace="W",
    model="a",
    outputs=(),
    findings=(),
    changed=True,
    market_label="M",
    first=date(2025, 1, 2),
    last=date(2026, 1, 2),
    n_splits=15,
    n_reused=3,
    purge_sessions=6,
    embargo_sessions=2,
    paths=PATHS,
    ic=spread_of(path.ic for path in PATHS),
)


def test_lines_for_a_person():
    text = "\n".join(REPORT.summary())
    assert "15 splits, 3 of them fitted before; 6 sessions purged, 2 more after each test" in text
    assert "path 1: IC 0.2500, Rank IC 0.5000, Rank ICIR undefined on 9 days" in text
    assert "IC over 2 paths 0.5000 ± 0.3536 (0.2500 to 0.7500)" in text
    assert "Dry run" in replace(REPORT, is_dry_run=True).summary()[-1]

"""What monitoring shows."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from quantpits.modeling.curves import Curve, TrainingCurves
from quantpits.modeling.evaluation import MonthIC
from quantpits.modeling.watch import DaySeries, RunWatch
from quantpits.training import monitor_page
from quantpits.training.monitor_page import Watched, monitor_files
from quantpits.training.monitor_request import MonitorReport, WatchedModel
from quantpits.workspace import SILENT

ANCHOR = date(2026, 2, 6)
EVIL = "<script>alert(1)</script>"


def days(count, start=date(2025, 11, 3)):
    return tuple(start + timedelta(days=at) for at in range(count))


def series(count, start=date(2025, 11, 3), seed=0):
    values = np.random.default_rng(seed).normal(0.05, 0.1, count)
    return DaySeries(days(count, start), tuple(values.tolist()))


def model(name, **changes):
    given = {
        "model": name,
        "anchor_date": ANCHOR,
        "trained_at": ANCHOR,
        "age_days": 0,
        "ic": 0.05,
        "ic_band": (0.01, 0.09),
        "rank_ic": 0.04,
        "rank_ic_band": (0.0, 0.08),
        "psi": 0.05,
    }
    return WatchedModel(**{**given, **changes})


def watch(count=60, *, margin=0.1, psi=True):
    months = (
        MonthIC("2025-11", 28, 0.05, 0.04, margin, margin),
        MonthIC("2025-12", 31, 0.02, -0.01, margin, margin),
    )
    return RunWatch(
        ic=series(count), rank_ic=series(count), months=months, psi=series(count) if psi else None
    )


CURVES = TrainingCurves(
    "evals_result",
    (
        Curve("train l2", (1, 2, 3), (0.9, None, 0.7)),
        Curve("valid l2", (1, 2, 3), (1.0, 0.9, 0.95)),
    ),
)


@pytest.fixture
def drawn(monkeypatch):
    """Return the charts instead of drawing them."""
    charts = []
    monkeypatch.setattr(monitor_page, "png_bytes", lambda chart: charts.append(chart) or b"png")
    return charts


def files(*watched):
    report = MonitorReport(
        workspace="Demo",
        outputs=(),
        findings=(),
        changed=False,
        anchor_date=ANCHOR,
        market_label="SYNTHETIC",
        models=tuple(each.model for each in watched),
    )
    return monitor_files(report, watched, progress=SILENT)


def named(charts, start):
    return next(chart for chart in charts if chart.title.startswith(start))


def test_every_model_has_its_charts_and_all_have_theirs(drawn):
    made = files(
        Watched(model=model("gru"), watch=watch(), curves=CURVES),
        Watched(model=model("linear", rank_ic=0.06), watch=watch(), curves=None),
    )
    names = [name.removeprefix("2026-02-06/").removesuffix(".png") for name in made]
    assert [
        "2026-02-06.html",
        "rank_ic",
        "ic",
        "rank_ic_by_month",
        "cumulative_rank_ic",
        "drift",
        "gru_rank_ic_by_month",
        "gru_learning",
        "linear_rank_ic_by_month",
    ] == names
    assert ["linear", "gru"] == list(named(drawn, "Mean daily rank IC").labels)
    learning = named(drawn, "gru: how it learned")
    assert (2, "best on validation", "step") == (
        learning.best,
        learning.best_name,
        learning.step_name,
    )
    assert np.isnan(learning.curves["train l2"][1])


def test_a_model_of_which_nothing_is_known_by_day_is_in_the_table_only(drawn):
    bare = model("old", ic=None, rank_ic=None, ic_band=None, rank_ic_band=None, psi=None)
    made = files(Watched(model=bare, watch=None, curves=None))
    assert ["2026-02-06.html"] == list(made)
    page = made["2026-02-06.html"].decode()
    assert ">old</td>" in page
    assert ">unknown</td>" in page


def test_one_model_alone_has_no_map_of_months(drawn):
    made = files(Watched(model=model("gru"), watch=watch(psi=False), curves=None))
    assert "2026-02-06/rank_ic_by_month.png" not in made
    assert "2026-02-06/drift.png" not in made
    assert "2026-02-06/gru_rank_ic_by_month.png" in made


def test_without_bands_no_band_is_drawn(drawn):
    bare = model("gru", ic_band=None, rank_ic_band=None)
    files(Watched(model=bare, watch=watch(margin=None), curves=None))
    assert named(drawn, "Mean daily rank IC").low is None
    assert named(drawn, "gru: rank IC by month").low is None


def test_models_of_other_days_share_the_axis_of_time(drawn):
    later = RunWatch(
        ic=series(5, date(2025, 12, 1)),
        rank_ic=series(5, date(2025, 12, 1)),
        months=(),
        psi=None,
    )
    files(
        Watched(model=model("a"), watch=watch(10), curves=None),
        Watched(model=model("b"), watch=later, curves=None),
    )
    chart = named(drawn, "Cumulative rank IC")
    assert 15 == len(chart.dates)
    first, second = chart.series["a"], chart.series["b"]
    # A sum runs from a model's first day to its last, and no further.
    assert np.isfinite(first[:10]).all()
    assert np.isnan(first[10:]).all()
    assert np.isnan(second[:10]).all()
    assert pytest.approx(sum(watch(10).rank_ic.numbers)) == first[9]


def test_scores_that_have_shifted_are_marked_and_named(drawn):
    shifted = model("gru", psi=0.4, psi_usual=0.1, drift="shifted")
    made = files(Watched(model=shifted, watch=None, curves=None))
    page = made["2026-02-06.html"].decode()
    assert 'class="marked"' in page
    assert "<dd>gru</dd>" in page


def test_curves_that_skip_steps_say_so(drawn):
    curves = TrainingCurves(
        "printed lines",
        (Curve("valid ic", (20, 40), (0.01, 0.02)), Curve("train ic", (20,), (0.1,))),
    )
    files(Watched(model=model("gru"), watch=None, curves=curves))
    learning = named(drawn, "gru: how it learned")
    assert "higher is better, every 20 steps; from its printed lines" == learning.subtitle
    assert "score" == learning.axis.name


def test_names_stay_text(drawn):
    made = files(Watched(model=model(EVIL), watch=watch(), curves=None))
    assert EVIL.encode() not in made["2026-02-06.html"]

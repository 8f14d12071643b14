"""The step in a temporary workspace: what is written, what is refused, what never changes."""

import dataclasses
import multiprocessing
from contextlib import contextmanager
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from quantpits.errors import (
    ConfigError,
    CorruptArtifactError,
    MissingArtifactError,
    MissingDataError,
    ModelError,
    StaleArtifactError,
    UsageError,
    WorkspaceLockedError,
)
from quantpits.fusion import FuseRequest, load
from quantpits.fusion.step import run
from quantpits.records import read_prediction_csv, read_prediction_meta
from quantpits.workspace import writer_lock

ANCHOR = date(2026, 1, 30)


def fuse(lab, **request):
    """Fuse without what needs prices; other modules test the backtest and the charts."""
    request = {"no_backtest": True, "no_charts": True} | request
    return run(lab.workspace, FuseRequest(**request))


def codes(report):
    return [finding.code for finding in report.findings]


def test_fuse_from_config_writes_what_orders_follow(full_lab):
    report = fuse(full_lab, from_config=True)
    assert full_lab.prediction("ensemble") == report.tradable_path
    assert (
        f"output/predictions/ensemble_{ANCHOR}.csv = combo 'A' (equal of gru, linear, mlp)"
        == report.tradable_source
    )
    assert [] == codes(report)
    assert report.changed
    assert all(path.is_file() for path in report.outputs)
    assert sorted(full_lab.files()) == sorted(
        full_lab.workspace.relative(path) for path in report.outputs
    )


def test_fuse_equals_pandas(full_lab):
    fuse(full_lab, from_config=True)
    frame = pd.concat([full_lab.scores(seed) for seed in range(3)], axis=1)
    days = frame.groupby(level=0)
    expected = ((frame - days.transform("mean")) / days.transform("std")).mean(axis=1)
    pd.testing.assert_series_equal(
        expected,
        read_prediction_csv(full_lab.prediction("ensemble")),
        check_names=False,
        check_index_type=False,
        rtol=1e-12,
    )


def test_fuse_reports_each_combo(full_lab):
    report = fuse(full_lab, from_config_all=True)
    first, second = report.combos
    assert ("A", True, True) == (first.combo, first.is_default, first.is_tradable)
    assert ("B", False, False) == (second.combo, second.is_default, second.is_tradable)
    assert {"mlp": pytest.approx(0.4), "gru": pytest.approx(0.6)} == second.weights
    assert (16, 12, 192, 12) == (
        first.n_days,
        first.n_instruments,
        first.n_rows,
        first.n_on_last_date,
    )
    assert ANCHOR == first.last_date
    assert first.csv_sha256 == read_prediction_meta(first.path).csv_sha256
    best = read_prediction_csv(first.path).loc[pd.Timestamp(ANCHOR)].nlargest(5)
    assert tuple(best.index) == first.best
    assert -0.3 < first.mean_correlation < 0.3
    assert "Fused 2 combos at the anchor 2026-01-30." == report.summary()[0]


def test_fuse_counts_what_is_scored(lab):
    scores = lab.scores(1)
    lab.add_model("gru", scores.drop(index=(pd.Timestamp(ANCHOR), "SH600003")))
    (combo,) = fuse(lab, models=("gru",)).combos
    assert (16, 12, 191, 11) == (
        combo.n_days,
        combo.n_instruments,
        combo.n_rows,
        combo.n_on_last_date,
    )
    assert combo.mean_correlation is None


def test_fuse_gives_a_combo_the_same_bytes_in_every_mode(full_lab):
    # Another model with few rows: in the earlier system it would have cut every combo's rows.
    full_lab.add_model("short", full_lab.scores(9, dates=[ANCHOR]))
    full_lab.write_combos(
        A={"models": ["gru", "linear", "mlp"], "method": "equal", "default": True},
        S={"models": ["short", "gru"], "method": "equal"},
    )
    seen = []
    for request in ({"from_config": True}, {"combo": "A"}, {"from_config_all": True}):
        fuse(full_lab, **request)
        files = full_lab.files()
        seen.append({name: files[name] for name in files if "_S_" not in name})
    assert seen[0] == seen[1] == seen[2]


def test_fuse_gives_the_same_bytes_whatever_the_order_of_models(full_lab):
    fuse(full_lab, models=("gru", "mlp"))
    first = full_lab.prediction("ensemble_adhoc").read_bytes()
    fuse(full_lab, models=("mlp", "gru"))
    assert first == full_lab.prediction("ensemble_adhoc").read_bytes()


def test_fuse_twice_changes_nothing(full_lab):
    fuse(full_lab, from_config_all=True)
    before = {path: path.stat().st_mtime_ns for path in full_lab.workspace.root.rglob("*")}
    report = fuse(full_lab, from_config_all=True)
    after = {path: path.stat().st_mtime_ns for path in full_lab.workspace.output_dir.rglob("*")}
    assert not report.changed
    assert {path: before[path] for path in after} == after


def test_fuse_dry_run_writes_nothing(full_lab):
    report = fuse(full_lab, from_config_all=True, dry_run=True)
    assert {} == full_lab.files()
    assert ((), False, True) == (report.outputs, report.changed, report.dry_run)
    assert "would be the combo 'A'" in report.tradable_source
    assert report.tradable_path is None
    assert report.combos[0].csv_sha256 is None
    fuse(full_lab, from_config=True)
    assert fuse(full_lab, from_config=True, dry_run=True).tradable_path is not None


def test_fuse_of_named_models_never_touches_what_orders_follow(full_lab):
    # Fault 28.
    fuse(full_lab, from_config=True)
    before = full_lab.files()
    report = fuse(full_lab, models=("gru",))
    after = full_lab.files()
    assert before == {name: after[name] for name in before}
    assert full_lab.prediction("ensemble_adhoc") in report.outputs
    assert "combo 'A'" in report.tradable_source
    assert ["FUS010"] == codes(report)


def test_fuse_of_named_models_says_that_orders_have_nothing_yet(full_lab):
    report = fuse(full_lab, models=("gru",))
    assert report.tradable_path is None
    assert report.tradable_source.startswith("nothing yet")
    assert "--from-config" in report.tradable_source


def test_fuse_of_published_models_is_what_orders_follow(full_lab):
    report = fuse(full_lab, models=("gru", "mlp"), publish=True)
    assert "= models named by the user (equal of gru, mlp)" in report.tradable_source
    assert ["FUS011"] == codes(report)
    assert not full_lab.prediction("ensemble_adhoc").exists()


def test_fuse_of_named_models_without_combos_is_what_orders_follow(full_lab):
    (full_lab.workspace.config_dir / "ensemble_config.json").unlink()
    report = fuse(full_lab, models=("gru", "mlp"))
    assert full_lab.prediction("ensemble") == report.tradable_path
    assert [] == codes(report)


def test_fuse_of_cut_dates_has_its_own_name(full_lab):
    report = fuse(full_lab, from_config=True, only_last_months=1)
    (combo,) = report.combos
    assert "ensemble_A_oos" == combo.label
    assert date(2026, 1, 2) == combo.first_date
    assert not full_lab.prediction("ensemble").exists()
    assert "FUS009" in codes(report)
    fuse(full_lab, from_config=True, end_date=date(2025, 12, 31))
    assert full_lab.prediction("ensemble_A_cut").exists()
    assert not full_lab.prediction("ensemble").exists()


def test_fuse_refuses_an_empty_window(full_lab):
    with pytest.raises(UsageError, match="No prediction lies between"):
        fuse(full_lab, from_config=True, end_date=date(2020, 1, 1))
    assert {} == full_lab.files()


def test_fuse_says_when_what_orders_follow_was_edited(full_lab):
    fuse(full_lab, from_config=True)
    with full_lab.prediction("ensemble").open("a") as file:
        file.write("2026-01-30,SH999999,9.0\n")
    report = fuse(full_lab, models=("gru",))
    assert report.tradable_path is None
    assert "is not what its provenance says" in report.tradable_source


def test_fuse_writes_reports_where_it_is_told(full_lab):
    fuse(full_lab, combo="B", output_dir="elsewhere")
    assert ["correlation_matrix_B_2026-01-30.csv", "ensemble_fusion_config_B_2026-01-30.json"] == (
        sorted(path.name for path in (full_lab.workspace.root / "elsewhere").iterdir())
    )


def test_fuse_reads_the_flat_form_of_the_configuration(full_lab):
    full_lab.write_config(
        "ensemble_config.json",
        {
            "models": ["gru", "mlp"],
            "ensemble_method": "manual",
            "manual_weights": {"gru": 3, "mlp": 1},
        },
    )
    report = fuse(full_lab, from_config=True)
    assert {"gru": 0.75, "mlp": 0.25} == report.combos[0].weights
    assert full_lab.prediction("ensemble_legacy").exists()
    assert full_lab.prediction("ensemble").exists()


def test_fuse_honours_the_weights_of_a_combo(full_lab):
    # Fault 26.
    full_lab.write_combos(
        A={
            "models": ["gru", "mlp"],
            "method": "manual",
            "manual_weights": {"gru": 0.9, "mlp": 0.1},
            "default": True,
        }
    )
    fuse(full_lab, from_config_all=True)
    assert {"gru": 0.9, "mlp": 0.1} == read_prediction_meta(full_lab.prediction("ensemble")).weights


def test_fuse_reads_each_model_by_its_exact_name(full_lab):
    # Fault 29: gru_* also matched gru_Alpha360_*, and ensemble_A_* the combo A_B.
    full_lab.add_model("gru_Alpha360", -full_lab.scores(0))
    full_lab.write_combos(
        A={"models": ["gru"], "method": "equal", "default": True},
        A_B={"models": ["gru_Alpha360"], "method": "equal"},
    )
    fuse(full_lab, from_config_all=True)
    plain = read_prediction_csv(full_lab.prediction("ensemble_A"))
    other = read_prediction_csv(full_lab.prediction("ensemble_A_B"))
    np.testing.assert_allclose(plain, -other, atol=1e-12)
    pd.testing.assert_series_equal(plain, read_prediction_csv(full_lab.prediction("ensemble")))


def test_fuse_weighs_by_icir_and_never_by_rank_icir(lab):
    # Fault 14: the metric was found by a part of its name, so it could be Rank ICIR.
    lab.add_model("gru", lab.scores(1), ic=0.02, icir=0.1, rank_ic=0.5, rank_icir=9.0)
    lab.add_model("mlp", lab.scores(2), ic=0.02, icir=0.3, rank_ic=0.5, rank_icir=0.1)
    report = fuse(lab, models=("gru", "mlp"), method="icir_weighted")
    assert {"gru": pytest.approx(0.25), "mlp": pytest.approx(0.75)} == report.combos[0].weights


def test_fuse_compares_the_threshold_with_the_mean_ic(lab):
    lab.add_model("gru", lab.scores(1), ic=0.005, icir=0.9)
    lab.add_model("mlp", lab.scores(2), ic=0.02, icir=0.1)
    lab.write_combos(
        A={"models": ["gru", "mlp"], "method": "icir_weighted", "default": True}, _min_model_ic=0.01
    )
    report = fuse(lab, from_config=True)
    assert {"gru": 0.0, "mlp": 1.0} == report.combos[0].weights
    assert "FUS006" in codes(report)


def test_fuse_stops_when_no_model_qualifies(full_lab):
    full_lab.add_model("gru", full_lab.scores(0), ic=-0.01, icir=-0.1)
    with pytest.raises(ModelError, match="qualifies"):
        fuse(full_lab, models=("gru",), method="icir_weighted")


def test_fuse_reads_what_the_earlier_system_left(lab):
    lab.write_old_records(
        {"gru": lab.scores(1), "mlp": lab.scores(2)},
        {
            "gru": {"IC_Mean": 0.03, "ICIR": 0.3, "Rank_ICIR": 5.0},
            "mlp": {"IC_Mean": 0.03, "ICIR": 0.1, "record_id": "x"},
        },
    )
    report = fuse(lab, models=("gru", "mlp"), method="icir_weighted")
    assert {"gru": pytest.approx(0.75), "mlp": pytest.approx(0.25)} == report.combos[0].weights
    meta = read_prediction_meta(lab.prediction("ensemble"))
    assert {"gru", "mlp"} == set(meta.inputs)
    assert {"gru": None, "mlp": None} == meta.trained_at


@pytest.mark.parametrize("row", [{}, {"IC_Mean": None, "ICIR": None}, {"IC_Mean": "a", "ICIR": 1}])
def test_fuse_gives_no_weight_without_a_metric(lab, row):
    lab.write_old_records(
        {"gru": lab.scores(1), "mlp": lab.scores(2)},
        {"gru": row, "mlp": {"IC_Mean": 0.1, "ICIR": 0.1}},
    )
    report = fuse(lab, models=("gru", "mlp"), method="icir_weighted")
    assert {"gru": 0.0, "mlp": 1.0} == report.combos[0].weights


def test_fuse_reads_another_record_file(full_lab):
    content = full_lab.workspace.records_path.read_text()
    (full_lab.workspace.root / "other.json").write_text(content)
    full_lab.workspace.records_path.unlink()
    assert 1 == len(fuse(full_lab, from_config=True, record_file="other.json").combos)


def test_fuse_without_a_trained_model(lab):
    with pytest.raises(MissingArtifactError, match="no trained model"):
        fuse(lab, models=("gru",))


def test_fuse_refuses_an_unknown_model_and_suggests_the_nearest(full_lab):
    with pytest.raises(UsageError, match="no trained model 'linea'") as caught:
        fuse(full_lab, models=("gru", "linea"), allow_missing=True)
    assert "did you mean 'linear'?" in caught.value.hint
    assert 2 == caught.value.exit_code


def test_fuse_refuses_an_unknown_combo_and_suggests_the_nearest(full_lab):
    full_lab.write_combos(trend={"models": ["gru"], "default": True})
    with pytest.raises(UsageError, match="did you mean 'trend'"):
        fuse(full_lab, combo="trends")


@pytest.mark.parametrize("defaults", [(False, False), (True, True)])
def test_fuse_wants_exactly_one_default(full_lab, defaults):
    full_lab.write_combos(
        **{
            name: {"models": ["gru"], "method": "equal", "default": is_default}
            for name, is_default in zip("AB", defaults, strict=True)
        }
    )
    for request in ({"from_config": True}, {"models": ("gru",)}):
        with pytest.raises(ConfigError, match="exactly one combo"):
            fuse(full_lab, **request)


def test_fuse_without_a_configuration_of_combos(full_lab):
    (full_lab.workspace.config_dir / "ensemble_config.json").unlink()
    with pytest.raises(ConfigError, match=r"ensemble_config\.json"):
        fuse(full_lab, from_config=True)


def test_fuse_refuses_a_combo_with_an_untrained_model(full_lab):
    full_lab.write_combos(A={"models": ["gru", "grue"], "method": "equal", "default": True})
    with pytest.raises(MissingArtifactError, match="cannot be fused without 'grue'") as caught:
        fuse(full_lab, from_config=True)
    assert "did you mean 'gru'?" in caught.value.hint
    assert 3 == caught.value.exit_code
    assert {} == full_lab.files()


def test_fuse_goes_on_without_a_model_if_allowed_and_says_so(full_lab):
    full_lab.write_combos(A={"models": ["gru", "gone"], "method": "equal", "default": True})
    report = fuse(full_lab, from_config=True, allow_missing=True)
    assert {"gru": 1.0} == report.combos[0].weights
    assert ["gone"] == list(report.combos[0].missing)
    assert "FUS005" in codes(report)
    assert "equal, without gone" == read_prediction_meta(full_lab.prediction("ensemble")).method
    assert any("WITHOUT gone" in line for line in report.summary())


def test_fuse_refuses_a_model_whose_predictions_end_early(full_lab):
    # Fault 27: one stale model truncated all, under a name that carried the new anchor.
    early = full_lab.scores(0)
    early = early[early.index.get_level_values(0) < pd.Timestamp(ANCHOR)]
    full_lab.add_model("gru", early)
    with pytest.raises(StaleArtifactError, match="'gru' end before the anchor") as caught:
        fuse(full_lab, from_config=True)
    assert (f"last date {ANCHOR}", date(2026, 1, 23)) == (
        caught.value.expected,
        caught.value.found,
    )
    assert {} == full_lab.files()


def test_fuse_refuses_a_model_that_knows_the_future(full_lab):
    later = full_lab.scores(0, dates=[ANCHOR, ANCHOR + timedelta(days=7)])
    full_lab.add_model("gru", later)
    with pytest.raises(CorruptArtifactError, match="go beyond their anchor"):
        fuse(full_lab, models=("gru",))


def test_fuse_refuses_an_edited_prediction(full_lab):
    path = full_lab.workspace.root / "mlruns/artifacts/gru/pred.pkl"
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(CorruptArtifactError, match="not the ones its run recorded"):
        fuse(full_lab, from_config=True)


def test_fuse_refuses_a_prediction_of_another_synthetic_market(full_lab, monkeypatch):
    real = load.resolve_market
    monkeypatch.setattr(
        load,
        "resolve_market",
        lambda workspace: dataclasses.replace(
            real(workspace), is_synthetic=True, label="SYNTHETIC market (seed 2)"
        ),
    )
    assert "FUS013" in codes(fuse(full_lab, models=("mlp",)))
    full_lab.add_model("gru", full_lab.scores(0), market_label="SYNTHETIC market (seed 1)")
    with pytest.raises(StaleArtifactError, match="run on other market data"):
        fuse(full_lab, models=("gru",))


def test_fuse_says_when_predictions_name_another_folder(full_lab):
    full_lab.add_model("gru", full_lab.scores(0), market_label="Qlib data (elsewhere)")
    report = fuse(full_lab, from_config=True)
    finding = next(finding for finding in report.findings if finding.code == "FUS014")
    assert "'gru' were predicted from 'Qlib data (elsewhere)'" in finding.message


def test_fuse_refuses_records_older_than_the_market(full_lab):
    full_lab.set_last_session(ANCHOR + timedelta(days=7))
    with pytest.raises(StaleArtifactError, match="older than the market data") as caught:
        fuse(full_lab, from_config=True)
    assert "predictions up to 2026-01-30" == caught.value.found
    assert 3 == caught.value.exit_code


def test_fuse_refuses_a_market_older_than_the_records(full_lab):
    full_lab.set_last_session(ANCHOR - timedelta(days=7))
    with pytest.raises(StaleArtifactError, match="market data end before"):
        fuse(full_lab, from_config=True)


def test_fuse_refuses_models_without_a_common_row(full_lab):
    full_lab.add_model("gru", full_lab.scores(0, instruments=("SZ000001",)))
    with pytest.raises(MissingDataError, match="scored by all models"):
        fuse(full_lab, from_config=True)


def test_fuse_writes_the_other_combos_when_a_side_combo_fails(full_lab):
    full_lab.write_combos(
        A={"models": ["gru"], "method": "equal", "default": True},
        B={"models": ["gone"], "method": "equal"},
        C={"models": ["mlp"], "method": "equal"},
    )
    report = fuse(full_lab, from_config_all=True)
    assert ["A", "C"] == [combo.combo for combo in report.combos]
    finding = report.findings[0]
    assert ("FUS008", "error", "B") == (finding.code, finding.severity, finding.subject)
    assert "'gone' has not been trained" in finding.message


def test_fuse_writes_nothing_when_the_default_combo_fails(full_lab):
    full_lab.write_combos(
        A={"models": ["gone"], "method": "equal", "default": True},
        B={"models": ["gru"], "method": "equal"},
    )
    with pytest.raises(MissingArtifactError, match="combo 'A' cannot be fused"):
        fuse(full_lab, from_config_all=True)
    assert {} == full_lab.files()


def test_fuse_refuses_a_model_named_like_a_result(full_lab):
    full_lab.add_model("ensemble_A", full_lab.scores(5))
    with pytest.raises(UsageError, match="written over the prediction of a model"):
        fuse(full_lab, from_config=True)


class Meddler:
    """A listener that lets another command publish predictions while the combos are fused."""

    def __init__(self, lab):
        self.lab = lab
        self.stages = []

    @contextmanager
    def stage(self, title, total=None):
        self.stages.append((title, total))
        if title.startswith("Stages 2-4"):
            self.lab.add_model("new", self.lab.scores(7))
        yield self.advance

    def advance(self, n=1, note=""):
        self.stages.append((note, n))


def test_fuse_refuses_to_write_when_the_records_changed_meanwhile(full_lab):
    meddler = Meddler(full_lab)
    request = FuseRequest(combo="B", no_backtest=True, no_charts=True)
    with pytest.raises(StaleArtifactError, match="records changed"):
        run(full_lab.workspace, request, progress=meddler)
    assert {} == full_lab.files()
    assert [
        ("Stage 0: configuration", None),
        ("Stage 1: predictions", 2),
        ("mlp", 1),
        ("gru", 1),
        ("Stage 1: market", None),
        ("Stages 2-4: correlation, weights, fusion", 1),
        ("B", 1),
    ] == meddler.stages


def _hold(workspace, is_held, may_end):
    with writer_lock(workspace, "train"):
        is_held.set()
        may_end.wait(30)


def test_fuse_refuses_to_write_beside_another_command(full_lab):
    context = multiprocessing.get_context("fork")
    is_held, may_end = context.Event(), context.Event()
    holder = context.Process(target=_hold, args=(full_lab.workspace, is_held, may_end))
    holder.start()
    try:
        assert is_held.wait(30)
        with pytest.raises(WorkspaceLockedError, match="Another command"):
            fuse(full_lab, from_config=True)
    finally:
        may_end.set()
        holder.join()
    assert {} == full_lab.files()


def test_report_becomes_plain_values(full_lab):
    plain = dataclasses.asdict(fuse(full_lab, from_config=True))
    assert "A" == plain["combos"][0]["combo"]

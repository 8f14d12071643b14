"""What a fusion reads; refusals as a user sees them are in test_step."""

from quantpits.fusion import FuseRequest
from quantpits.fusion.load import load_basis, load_scores, market_findings
from quantpits.fusion.plan import plan_combos
from quantpits.fusion.window import Window
from quantpits.workspace import SILENT
from tests.fusion.conftest import ANCHOR

ALL = FuseRequest(from_config_all=True)


def loaded_of(lab, request=ALL):
    basis = load_basis(lab.workspace, request)
    plans, _ = plan_combos(request, basis.config, window=Window("full"))
    return basis, load_scores(lab.workspace, basis, plans=plans, progress=SILENT)


def test_basis_knows_the_anchor_and_the_market(full_lab):
    basis = load_basis(full_lab.workspace, ALL)
    assert (ANCHOR, "Qlib data (market)", False) == (
        basis.anchor,
        basis.market_label,
        basis.is_synthetic,
    )
    assert 64 == len(basis.records_sha256)


def test_basis_of_named_models_needs_no_combos(full_lab):
    (full_lab.workspace.config_dir / "ensemble_config.json").unlink()
    assert load_basis(full_lab.workspace, FuseRequest(models=("gru",))).config is None


def test_scores_of_each_model_are_read_once_for_all_combos(full_lab, monkeypatch):
    seen = []
    read = load_scores.__globals__["_load_panel"]

    def counted(workspace, basis, model):
        seen.append(model)
        return read(workspace, basis, model)

    monkeypatch.setitem(load_scores.__globals__, "_load_panel", counted)
    _, loaded = loaded_of(full_lab)
    assert ["gru", "linear", "mlp"] == seen
    assert set(seen) == set(loaded.inputs) == set(loaded.scores.panels)
    assert 0.1 == loaded.scores.metrics["linear"].icir


def test_scores_of_an_unusable_model_are_a_failure_and_not_an_end(full_lab):
    (full_lab.workspace.root / "mlruns/artifacts/gru/pred.pkl").unlink()
    _, loaded = loaded_of(full_lab)
    assert ["gru"] == list(loaded.scores.failures)
    assert ["linear", "mlp"] == sorted(loaded.scores.panels)


def test_market_findings_are_about_predictions_of_other_data(full_lab):
    basis, loaded = loaded_of(full_lab)
    assert () == market_findings(basis, loaded)
    full_lab.add_model("gru", full_lab.scores(0), market_label="Qlib data (elsewhere)")
    basis, loaded = loaded_of(full_lab)
    assert ["FUS014"] == [finding.code for finding in market_findings(basis, loaded)]

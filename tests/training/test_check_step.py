"""Workflow files are checked as a whole, and mended only on request, with a backup."""

from __future__ import annotations

import codecs

import pytest

from quantpits.errors import CorruptArtifactError, MissingArtifactError
from quantpits.training import CheckRequest
from quantpits.training.check_step import run
from quantpits.workspace import Workspace, demo_template, init_workspace


@pytest.fixture
def workspace(tmp_path):
    target = tmp_path / "W"
    init_workspace(demo_template(), target)
    return Workspace(target)


@pytest.fixture
def wrong(workspace):
    """The path of a file with two mistakes."""
    path = workspace.config_dir / "workflow_config_gru_Alpha158.yaml"
    text = path.read_text(encoding="utf-8")
    text = text.replace("lr: 0.001", "lr: 1e-3").replace("ann_scaler: 52", "ann_scaler: 252")
    path.write_text(text, encoding="utf-8")
    return path


def test_a_right_workspace_has_nothing_to_mend(workspace, files):
    before = files(workspace.root)
    report = run(workspace, CheckRequest(fix=True))
    assert ((), (), False, 19) == (report.outputs, report.findings, report.changed, report.n_files)
    assert ["19 workflow files of W: nothing is wrong."] == report.summary()
    assert before == files(workspace.root)


def test_what_is_wrong_is_an_error_until_it_is_mended(workspace, wrong):
    before = wrong.read_bytes()
    report = run(workspace, CheckRequest())
    assert ["WFL001", "WFL001"] == [finding.code for finding in report.findings]
    assert {"error"} == {finding.severity for finding in report.findings}
    assert all("(--fix mends it)" in finding.message for finding in report.findings)
    assert before == wrong.read_bytes()
    dry = run(workspace, CheckRequest(fix=True, dry_run=True))
    assert (False, before) == (dry.changed, wrong.read_bytes())
    assert ["error", "error"] == [finding.severity for finding in dry.findings]
    assert all(finding.message.startswith("would be mended: ") for finding in dry.findings)
    assert dry.summary()[0].endswith("2 things are wrong.")
    report = run(workspace, CheckRequest(fix=True))
    assert ["WFL002", "WFL002"] == [finding.code for finding in report.findings]
    assert (wrong,) == report.outputs
    (kept,) = workspace.history_dir.glob("workflow_config_gru_Alpha158_*.yaml")
    assert before == kept.read_bytes()
    assert () == run(workspace, CheckRequest()).findings


def test_a_byte_order_mark_stays(workspace, wrong):
    wrong.write_bytes(codecs.BOM_UTF8 + wrong.read_bytes())
    assert run(workspace, CheckRequest(fix=True)).changed
    assert wrong.read_bytes().startswith(codecs.BOM_UTF8)
    assert () == run(workspace, CheckRequest()).findings


def test_a_label_that_the_registry_names_is_not_mended_away(workspace):
    path = workspace.config_dir / "workflow_config_gru_Alpha158.yaml"
    text = path.read_text(encoding="utf-8").replace("-6)", "-11)")
    path.write_text(text, encoding="utf-8")
    registry = workspace.config_dir / "model_registry.yaml"
    known = registry.read_text(encoding="utf-8")
    own = 'algorithm: gru\n    label: "Ref($close, -11) / Ref($close, -1) - 1"'
    registry.write_text(known.replace("algorithm: gru", own), encoding="utf-8")
    assert () == run(workspace, CheckRequest()).findings


def test_no_workflow_files_at_all(workspace):
    for path in workspace.config_dir.glob("workflow_config_*.yaml"):
        path.unlink()
    with pytest.raises(MissingArtifactError, match="There are no workflow files"):
        run(workspace, CheckRequest())


def test_a_file_that_is_no_text_is_refused(workspace, wrong):
    wrong.write_bytes(b"\xff\xfe" + wrong.read_bytes())
    with pytest.raises(CorruptArtifactError, match="not UTF-8"):
        run(workspace, CheckRequest(fix=True))

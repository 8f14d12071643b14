from __future__ import annotations

import pytest

from quantpits.cli import app, mlflow
from quantpits.errors import MissingArtifactError
from quantpits.modeling import tracking_ui
from quantpits.modeling.tracking_ui import TrackingUiReport, TrackingUiRequest


def test_flags_make_the_request_and_what_is_told_goes_to_stderr(workspace, monkeypatch, capsys):
    asked = []

    def serve(found, request, *, tell):
        asked.append((found.root, request))
        tell("MLflow shows the runs")
        return TrackingUiReport(workspace=found.name, url="http://127.0.0.1:8080")

    monkeypatch.setattr(tracking_ui, "run", serve)
    assert 0 == app.main(["mlflow", "ui", "--port", "8080", "--quiet"])
    assert [(workspace.root, TrackingUiRequest(host="127.0.0.1", port=8080))] == asked
    out, err = capsys.readouterr()
    assert "MLflow shows the runs\n" == err
    assert "are closed" in out


def test_a_workspace_without_runs_is_told(workspace, capsys):
    assert MissingArtifactError.exit_code == app.main(["mlflow", "ui"])
    assert "no runs that MLflow could show" in capsys.readouterr().err


@pytest.mark.parametrize("line", ["--port 0", "--port 70000", "--port many"])
def test_wrong_usage(ask, line, capsys):
    assert ask(f"mlflow ui {line}").exit_code == 2
    assert capsys.readouterr().err


def test_nothing_is_written(ask):
    asked = ask("mlflow ui")
    assert not asked.plan.is_writing
    assert callable(mlflow.mlflow_ui)

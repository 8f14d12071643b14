"""MLflow's own pages: served while the command runs, and ended with it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import urllib.request

import pytest

from quantpits.errors import (
    ArtifactError,
    CorruptArtifactError,
    MissingArtifactError,
    UsageError,
    WorkspaceLockedError,
)
from quantpits.modeling import tracking_ui
from quantpits.modeling.recorders import open_store
from quantpits.modeling.tracking_ui import TrackingUiRequest, run
from quantpits.workspace import Workspace

# Answers like MLflow, in a process of its own as MLflow's server is.
SERVER = """
import http.server, subprocess, sys
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"OK")
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Health).serve_forever()
"""
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SERVER!r}, sys.argv[1]])"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def workspace(tmp_path, migrated):
    found = Workspace(tmp_path / "Books")
    shutil.copytree(migrated, found.mlruns_dir)
    open_store(found, "Prod_Train_WEEK")
    return found


@pytest.fixture
def stand_in(monkeypatch):
    """Let a small server take the place of MLflow."""

    def command(_database, request):
        return [sys.executable, "-c", PARENT, str(request.port)]

    monkeypatch.setattr(tracking_ui, "_command", command)


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_the_pages_are_served_until_the_command_is_ended(workspace, stand_in, sign):
    told, port, seen = [], free_port(), []

    def tell(line):
        told.append(line)
        if "Ctrl+C" in line:
            seen.append(is_open(port))
            threading.Timer(0.2, os.kill, (os.getpid(), sign)).start()

    before = signal.getsignal(signal.SIGTERM)
    report = run(workspace, TrackingUiRequest(port=port), tell=tell)
    assert [True] == seen
    assert f"http://127.0.0.1:{port}" == report.url
    assert "MLflow shows the runs of Books" in told[-1]
    assert report.findings == ()
    assert "are closed" in report.summary()[0]
    # What the server had started is gone too, and the signal means what it did.
    assert not is_open(port)
    assert before == signal.getsignal(signal.SIGTERM)


def test_a_server_that_ends_by_itself_is_an_error_with_its_last_words(workspace, monkeypatch):
    code = "import sys; print('no such revision'); sys.exit(7)"
    monkeypatch.setattr(tracking_ui, "_command", lambda *_: [sys.executable, "-c", code])
    with pytest.raises(ArtifactError, match=r"exit code 7; no such revision"):
        run(workspace, TrackingUiRequest(port=free_port()), tell=lambda _: None)


def test_a_server_that_never_answers_is_an_error_and_is_ended(workspace, monkeypatch):
    code = "import time; time.sleep(600)"
    monkeypatch.setattr(tracking_ui, "_command", lambda *_: [sys.executable, "-c", code])
    monkeypatch.setattr(tracking_ui, "_LONGEST_START", 0.3)
    with pytest.raises(ArtifactError, match="does not answer"):
        run(workspace, TrackingUiRequest(port=free_port()), tell=lambda _: None)


def test_a_port_in_use_is_told(workspace):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UsageError, match=rf"(?s)port {port}.*in use"):
            run(workspace, TrackingUiRequest(port=port), tell=lambda _: None)


def test_an_address_of_another_machine_is_told(workspace):
    request = TrackingUiRequest(host="192.0.2.1", port=free_port())
    with pytest.raises(UsageError, match="cannot listen"):
        run(workspace, request, tell=lambda _: None)


def test_a_workspace_without_runs_is_told(tmp_path):
    with pytest.raises(MissingArtifactError, match="quantpits train"):
        run(Workspace(tmp_path), TrackingUiRequest(), tell=lambda _: None)


def test_what_is_no_database_is_told(workspace):
    (workspace.mlruns_dir / "mlflow.db").write_text("hello")
    with pytest.raises(CorruptArtifactError, match="damaged"):
        run(workspace, TrackingUiRequest(port=free_port()), tell=lambda _: None)


def locations(workspace):
    with sqlite3.connect(workspace.mlruns_dir / "mlflow.db") as connection:
        rows = connection.execute("SELECT artifact_location FROM experiments").fetchall()
    connection.close()
    return {location for (location,) in rows if location.endswith("/mlruns/artifacts")}


def ended_at_once(line):
    if "Ctrl+C" in line:
        raise KeyboardInterrupt


def test_a_copy_of_a_workspace_shows_its_own_files(workspace, tmp_path, stand_in):
    copy = Workspace(tmp_path / "Copy")
    shutil.copytree(workspace.root, copy.root)
    run(copy, TrackingUiRequest(port=free_port()), tell=ended_at_once)
    assert {(copy.mlruns_dir / "artifacts").as_uri()} == locations(copy)
    assert {(workspace.mlruns_dir / "artifacts").as_uri()} == locations(workspace)


def test_a_copy_that_another_command_writes_to_waits(workspace, tmp_path, stand_in):
    copy = Workspace(tmp_path / "Copy")
    shutil.copytree(workspace.root, copy.root)
    code = (
        "import sys, time; from pathlib import Path\n"
        "from quantpits.workspace import Workspace, writer_lock\n"
        "with writer_lock(Workspace(Path(sys.argv[1])), 'train'):\n"
        "    print('locked', flush=True); time.sleep(60)\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(copy.root)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert "locked\n" == other.stdout.readline()
        with pytest.raises(WorkspaceLockedError):
            run(copy, TrackingUiRequest(port=free_port()), tell=ended_at_once)
        # Where nothing has moved, looking needs no lock.
        run(workspace, TrackingUiRequest(port=free_port()), tell=ended_at_once)
    finally:
        other.kill()
        other.communicate()


def test_others_are_let_in_on_request_only(workspace, stand_in):
    request = TrackingUiRequest(host="0.0.0.0", port=free_port())
    report = run(workspace, request, tell=ended_at_once)
    assert ["MON004"] == [finding.code for finding in report.findings]


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("QUANTPITS_SLOW"), reason="set QUANTPITS_SLOW=1 to run it")
def test_mlflow_itself_serves_the_runs_and_their_files(workspace):
    runs = open_store(workspace, "Prod_Train_WEEK")
    with runs.run("gru") as recorder:
        recorder.log_metrics(IC=0.5)
        (recorder.folder / "task.json").write_text('{"a": 1}')
    port, found = free_port(), {}

    def tell(line):
        if "Ctrl+C" not in line:
            return
        base = f"http://127.0.0.1:{port}"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        found["page"] = opener.open(f"{base}/").read()
        query = json.dumps({"experiment_ids": [runs.experiment_id]}).encode()
        request = urllib.request.Request(
            f"{base}/api/2.0/mlflow/runs/search",
            data=query,
            headers={"Content-Type": "application/json"},
        )
        found["runs"] = json.load(opener.open(request))["runs"]
        file = f"{base}/get-artifact?path=task.json&run_uuid={recorder.id}"
        found["file"] = json.load(opener.open(file))
        raise KeyboardInterrupt

    run(workspace, TrackingUiRequest(port=port), tell=tell)
    assert b"<title>MLflow</title>" in found["page"]
    assert [str(recorder.id)] == [each["info"]["run_id"] for each in found["runs"]]
    assert {"a": 1} == found["file"]
    assert not is_open(port)

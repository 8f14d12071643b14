"""MLflow's own pages on the workspace's runs, until Ctrl+C.

MLflow serves them in a process of its own, which is told where the workspace's database and
artifacts are and ends with the command. It listens on this machine only, unless asked otherwise:
the pages have no password, and whoever reaches them can delete runs.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from quantpits.errors import (
    ArtifactError,
    Finding,
    MissingArtifactError,
    UsageError,
)
from quantpits.modeling.artifacts import database_path
from quantpits.modeling.run_database import (
    database_address,
    database_errors,
    prepare_database,
    quiet_mlflow,
)
from quantpits.workspace import writer_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import FrameType

    from quantpits.workspace import Workspace

__all__ = ["TrackingUiReport", "TrackingUiRequest", "run"]

_LOCAL: Final = ("127.0.0.1", "localhost", "::1")
_LONGEST_START = 180.0
_LONGEST_END = 10.0
_LINES_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingUiRequest:
    """Where to serve the pages.

    Attributes
    ----------
    host : str
        Address of this machine to listen on.
    port : int
        Port to listen on.
    """

    host: str = "127.0.0.1"
    port: int = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingUiReport:
    """What was served.

    Attributes
    ----------
    workspace : str
        Name of the workspace.
    url : str
        Where the pages were.
    outputs : tuple of Path
        Always empty.
    findings : tuple of Finding
        A warning if others could reach the pages.
    changed : bool
        Always false.
    """

    workspace: str
    url: str
    outputs: tuple[Path, ...] = ()
    findings: tuple[Finding, ...] = ()
    changed: bool = False

    def summary(self) -> list[str]:
        """Return lines for a person."""
        return [f"MLflow's pages on {self.workspace} at {self.url} are closed."]


def run(
    workspace: Workspace, request: TrackingUiRequest, *, tell: Callable[[str], None]
) -> TrackingUiReport:
    """Serve MLflow's pages until Ctrl+C, or until the process is asked to end.

    Parameters
    ----------
    workspace : Workspace
        Whose runs.
    request : TrackingUiRequest
        Where to serve them.
    tell : callable
        Is given lines for a person while the pages are served.

    Returns
    -------
    TrackingUiReport
        After the end.

    Raises
    ------
    MissingArtifactError
        If the workspace has no database: nothing was trained yet.
    UsageError
        If the address or port cannot be listened on.
    ArtifactError
        If the database cannot be used, or MLflow does not start or ends by itself.
    WorkspaceLockedError
        If the workspace was moved or copied and another command is writing to it.
    """
    database = _checked_database(workspace)
    _check_port(request)
    artifacts_root = database.parent / "artifacts"
    if _has_moved(database, artifacts_root):
        # MLflow would look for the artifacts where they were; a command that trains mends it too.
        with writer_lock(workspace, "mlflow ui"):
            prepare_database(database, artifacts_root=artifacts_root)
    host = f"[{request.host}]" if ":" in request.host else request.host
    url = f"http://{host}:{request.port}"
    findings = _findings(request)
    with _ended_on_request(), tempfile.TemporaryFile("w+b") as log:
        command = _command(database, request)
        quiet_mlflow()
        server = subprocess.Popen(  # noqa: S603 - our own interpreter, arguments as a list
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=database.parent,
            env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
        )
        try:
            tell("starting MLflow ...")
            _wait_until_ready(server, request)
            for finding in findings:
                tell(f"{finding.severity}: {finding.message}")
            tell(f"MLflow shows the runs of {workspace.name} at {url}  (Ctrl+C ends it)")
            server.wait()
        except KeyboardInterrupt:
            return TrackingUiReport(workspace=workspace.name, url=url, findings=findings)
        finally:
            _end(server)
        log.seek(0)
        last = log.read().decode(errors="replace").strip().splitlines()[-_LINES_SHOWN:]
        raise ArtifactError(
            "MLflow ended by itself.",
            where=database,
            found=f"exit code {server.returncode}; " + " | ".join(last),
        )


def _checked_database(workspace: Workspace) -> Path:
    database = database_path(workspace)
    if not database.is_file():
        raise MissingArtifactError(
            "The workspace has no runs that MLflow could show.",
            where=database,
            expected="MLflow's database",
            hint="train a model first: quantpits train",
        )
    return database


def _has_moved(database: Path, artifacts_root: Path) -> bool:
    """Return whether the database points to artifacts of another place than the workspace."""
    with (
        database_errors(database),
        contextlib.closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as opened,
    ):
        row = opened.execute(
            "SELECT 1 FROM experiments"
            " WHERE artifact_location LIKE '%/mlruns/artifacts' AND artifact_location <> ?",
            (artifacts_root.as_uri(),),
        ).fetchone()
    return row is not None


def _check_port(request: TrackingUiRequest) -> None:
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            request.host, request.port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, proto) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise UsageError(
            f"MLflow cannot listen on port {request.port} of {request.host}.",
            found=error.strerror or str(error),
            hint="choose another port, such as --port 5001, or end the program that uses this one",
        ) from error


def _findings(request: TrackingUiRequest) -> tuple[Finding, ...]:
    if request.host in _LOCAL:
        return ()
    message = (
        f"whoever reaches {request.host}:{request.port} can read and delete the runs; MLflow asks"
        " for no password"
    )
    return (Finding("MON004", "warning", message, "mlflow ui"),)


def _command(database: Path, request: TrackingUiRequest) -> list[str]:
    artifacts = (database.parent / "artifacts").as_uri()
    return [
        sys.executable,
        "-m",
        "mlflow",
        "ui",
        *("--backend-store-uri", database_address(database)),
        *("--default-artifact-root", artifacts),
        *("--artifacts-destination", artifacts),
        *("--host", request.host),
        *("--port", str(request.port)),
        *("--workers", "1"),
    ]


def _wait_until_ready(server: subprocess.Popen[bytes], request: TrackingUiRequest) -> None:
    """Return when the pages answer, or when the server has ended, which the caller tells."""
    host = request.host if request.host not in {"0.0.0.0", "::"} else "127.0.0.1"  # noqa: S104
    url = f"http://[{host}]" if ":" in host else f"http://{host}"
    deadline = time.monotonic() + _LONGEST_START
    # No proxy: the pages are on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while server.poll() is None:
        try:
            with opener.open(f"{url}:{request.port}/health", timeout=5):
                return
        except (OSError, urllib.error.URLError):
            if time.monotonic() > deadline:
                raise ArtifactError(
                    "MLflow does not answer.",
                    where=f"{url}:{request.port}",
                    found=f"nothing after {_LONGEST_START:.0f} seconds",
                ) from None
            time.sleep(0.2)


def _end(server: subprocess.Popen[bytes]) -> None:
    """End the server and what it has started, at the latest by force."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, sign)
        deadline = time.monotonic() + _LONGEST_END
        while time.monotonic() < deadline:
            server.poll()  # takes note of its end, or the group would never be empty
            try:
                os.killpg(server.pid, 0)
            except ProcessLookupError:
                return
            time.sleep(0.05)


@contextlib.contextmanager
def _ended_on_request() -> Iterator[None]:
    """Let a request to end, or a closed terminal, be what Ctrl+C is, so that MLflow ends too."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signals = (signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, interrupt) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""Checking the workflow files of a workspace, and mending what can be mended."""

from __future__ import annotations

from codecs import BOM_UTF8
from typing import TYPE_CHECKING

from quantpits.errors import CorruptArtifactError, Finding, MissingArtifactError
from quantpits.modeling.workflow_check import check_workflow, mended
from quantpits.training.request import CheckReport, CheckRequest
from quantpits.workspace import SILENT, backup, write_bytes, writer_lock

if TYPE_CHECKING:
    from pathlib import Path

    from quantpits.errors import Severity
    from quantpits.modeling.workflow_check import WorkflowProblem
    from quantpits.workspace import Progress, Workspace

__all__ = ["run"]

_PATTERN = "workflow_config_*.yaml"


def run(workspace: Workspace, request: CheckRequest, *, progress: Progress = SILENT) -> CheckReport:
    """Check every workflow file against the workspace's frequency and registry.

    Parameters
    ----------
    workspace : Workspace
        Whose files.
    request : CheckRequest
        Whether to mend them.
    progress : Progress
        Told about each file.

    Returns
    -------
    CheckReport
        What is wrong, or was.

    Raises
    ------
    MissingArtifactError
        If there are no workflow files.
    CorruptArtifactError
        If one is not UTF-8 text.
    ConfigError
        If ``model_config.json`` or the registry is wrong.
    WorkspaceLockedError
        If files are to be mended and another command is writing to the workspace.
    """
    paths = sorted(workspace.config_dir.glob(_PATTERN))
    if not paths:
        raise MissingArtifactError(
            "There are no workflow files.", where=workspace.config_dir, expected=_PATTERN
        )
    freq = workspace.model_config().freq
    labels = {
        entry.yaml_file.rpartition("/")[2]: entry.label
        for entry in workspace.registry().models.values()
    }
    findings: list[Finding] = []
    outputs: list[Path] = []
    with progress.stage("Checking", total=len(paths)) as advance:
        for path in paths:
            mark, text = _text_of(path)
            label = labels.get(path.name)
            problems = check_workflow(text, path.name, freq=freq, label=label)
            left = problems
            if request.fix and any(problem.edit for problem in problems):
                text = mended(text, problems)
                left = check_workflow(text, path.name, freq=freq, label=label)
                findings += _notes(path, problems, left, is_dry_run=request.dry_run)
                outputs.append(path)
                if not request.dry_run:
                    _replace(workspace, path, mark + text.encode())
            findings += _errors(path, left, is_fixing=request.fix)
            advance(1, path.name)
    return CheckReport(
        workspace=workspace.name,
        outputs=() if request.dry_run else tuple(outputs),
        findings=tuple(findings),
        changed=bool(outputs) and not request.dry_run,
        n_files=len(paths),
    )


def _text_of(path: Path) -> tuple[bytes, str]:
    """Return the byte order mark of a file, if it has one, and its text."""
    content = path.read_bytes()
    mark = BOM_UTF8 if content.startswith(BOM_UTF8) else b""
    try:
        return mark, content.removeprefix(mark).decode()
    except UnicodeDecodeError as error:
        raise CorruptArtifactError(
            "A workflow file is not UTF-8 text.",
            where=path,
            found=f"byte {content[error.start]:#04x} at {error.start}",
            hint="save it as UTF-8",
        ) from error


def _replace(workspace: Workspace, path: Path, content: bytes) -> None:
    with writer_lock(workspace, "check-workflow"):
        backup(workspace, path, path.stem)
        write_bytes(path, content)


def _notes(
    path: Path,
    before: tuple[WorkflowProblem, ...],
    after: tuple[WorkflowProblem, ...],
    *,
    is_dry_run: bool,
) -> list[Finding]:
    """Return what mending changed: everything that was wrong before and is not any more.

    After a dry run it is still wrong, so it stays an error.
    """
    left = {(problem.path, problem.message) for problem in after}
    severity: Severity = "error" if is_dry_run else "info"
    word = "would be mended" if is_dry_run else "mended"
    return [
        Finding(
            "WFL002", severity, f"{word}: {problem.message}", _place(path, problem), problem.path
        )
        for problem in before
        if (problem.path, problem.message) not in left
    ]


def _errors(path: Path, problems: tuple[WorkflowProblem, ...], *, is_fixing: bool) -> list[Finding]:
    return [
        Finding(
            "WFL001",
            "error",
            problem.message + ("" if is_fixing or problem.edit is None else " (--fix mends it)"),
            _place(path, problem),
            problem.path,
        )
        for problem in problems
    ]


def _place(path: Path, problem: WorkflowProblem) -> str:
    return f"config/{path.name}" + (f":{problem.line}" if problem.line else "")

"""Showing how far the latest training has come, and forgetting it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from quantpits.errors import CorruptArtifactError
from quantpits.training.plan import published_records
from quantpits.training.request import StateReport, StateRequest
from quantpits.training.resume import unpublished
from quantpits.training.run_state import read_run_state
from quantpits.workspace import SILENT, backup, writer_lock

if TYPE_CHECKING:
    from quantpits.workspace import Progress, Workspace

__all__ = ["run"]


def run(workspace: Workspace, request: StateRequest, *, progress: Progress = SILENT) -> StateReport:  # noqa: ARG001 - a step takes it
    """Show the state of the latest training, or forget it.

    Parameters
    ----------
    workspace : Workspace
        Whose training.
    request : StateRequest
        Whether to forget it.
    progress : Progress
        Not told anything.

    Returns
    -------
    StateReport
        The state, as it was before.

    Raises
    ------
    CorruptArtifactError
        If the state cannot be read; forgetting it does not need to read it.
    WorkspaceLockedError
        If it is to be forgotten and another command is writing to the workspace.
    """
    if not request.clear or request.dry_run:
        return _report(workspace)
    with writer_lock(workspace, "incremental-train"):
        kept = backup(workspace, workspace.run_state_path, "run_state")
        if kept is None:
            return StateReport(workspace=workspace.name)
        report = _report_of_readable(workspace)
        workspace.run_state_path.unlink()
    return replace(report, outputs=(kept,), changed=True)


def _report(workspace: Workspace) -> StateReport:
    state = read_run_state(workspace)
    if state is None:
        return StateReport(workspace=workspace.name)
    return StateReport(
        workspace=workspace.name,
        started_at=state.started_at,
        mode=state.mode,
        experiment_name=state.experiment_name,
        anchor_date=state.anchor_date,
        completed=state.completed,
        pending=state.pending,
        unpublished=unpublished(state, published_records(workspace)),
        skipped=state.skipped,
        failed=state.failed,
    )


def _report_of_readable(workspace: Workspace) -> StateReport:
    """Return the report of a state that is about to go, whether or not it can be read."""
    try:
        return _report(workspace)
    except CorruptArtifactError:
        return StateReport(workspace=workspace.name)

"""The way of every command: open the workspace, announce the plan, run one step, show its report.

A command that writes holds the workspace's writer lock while its step runs; a dry run takes no
lock. Every command first prints its workspace, the market it works on and its plan, and there is no
pause before anything.
"""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from quantpits.cli.flags import Common
from quantpits.cli.progress import progress_for
from quantpits.cli.render import Report, print_report
from quantpits.errors import ConfigError

if TYPE_CHECKING:
    from quantpits.workspace import Progress, Workspace

__all__ = ["Plan", "Step", "announce", "execute", "execute_outside", "step_of"]

Step = Callable[["Workspace", "Progress"], Report]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a command is about to do.

    Attributes
    ----------
    command : str
        Its name, which a second writer is told.
    text : str
        One line for a person.
    is_writing : bool
        Whether it needs the workspace for itself.
    """

    command: str
    text: str
    is_writing: bool


def step_of(target: str, request: object) -> Step:
    """Return a step that is imported only when it runs.

    Parameters
    ----------
    target : str
        Where the step's function is, as ``"module:function"``; it takes the workspace, the request
        and `progress`.
    request : object
        What the step is asked for.

    Returns
    -------
    callable
        Gets the workspace and where to report progress; returns the report.

    Notes
    -----
    The steps load Qlib and the model libraries; a missing workspace is told before that.
    """
    module, _, name = target.partition(":")

    def step(workspace: "Workspace", progress: "Progress") -> Report:
        run: Callable[..., Any] = getattr(import_module(module), name)
        report: Report = run(workspace, request, progress=progress)
        return report

    return step


def execute(common: Common, plan: Plan, *, step: Step) -> int:
    """Run one step in its workspace and show its report.

    Parameters
    ----------
    common : Common
        The flags of every command.
    plan : Plan
        What is going to happen.
    step : callable
        Gets the workspace and where to report progress; returns the report.

    Returns
    -------
    int
        Exit code: 0, or 1 if a finding is an error.

    Raises
    ------
    WorkspaceError
        If there is no workspace.
    WorkspaceLockedError
        If the command writes and another one is writing.
    """
    from quantpits.workspace import open_workspace  # noqa: PLC0415 - keeps --help quick

    workspace = open_workspace(common.workspace)
    if not common.quiet:
        announce(workspace, plan)
    with _lock(workspace, plan):
        report = step(workspace, progress_for(is_quiet=common.quiet))
    return print_report(report, as_json=common.json)


def execute_outside(common: Common, text: str, *, run: Callable[["Progress"], Report]) -> int:
    """Run what belongs to no workspace yet and show its report.

    Parameters
    ----------
    common : Common
        The flags of every command; the workspace is not used.
    text : str
        What is going to happen, one line for a person.
    run : callable
        Gets where to report progress; returns the report.

    Returns
    -------
    int
        Exit code: 0, or 1 if a finding is an error.
    """
    if not common.quiet:
        sys.stderr.write(f"plan: {text}\n")
    return print_report(run(progress_for(is_quiet=common.quiet)), as_json=common.json)


def announce(workspace: "Workspace", plan: Plan) -> None:
    """Say on stderr where a command works and what it is about to do."""
    lines = [
        f"workspace: {workspace.name} ({workspace.root})",
        f"market: {_market_label(workspace)}",
        f"plan: {plan.text}" + ("" if plan.is_writing else "; nothing is written"),
    ]
    sys.stderr.write("\n".join(lines) + "\n")


def _lock(workspace: "Workspace", plan: Plan) -> AbstractContextManager[None]:
    if not plan.is_writing:
        return nullcontext()
    from quantpits.workspace import writer_lock  # noqa: PLC0415 - keeps --help quick

    return writer_lock(workspace, plan.command)


def _market_label(workspace: "Workspace") -> str:
    """Return which market the workspace names; the step itself complains about a wrong file."""
    try:
        config = workspace.market_config()
    except ConfigError:
        return "unknown, config/market.yaml is wrong"
    if config.is_synthetic:
        return "SYNTHETIC, made by QuantPits; nobody's real prices"
    return str(config.provider_uri or "Qlib data ($QLIB_DATA_DIR, else Qlib's usual folder)")

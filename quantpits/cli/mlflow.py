"""`quantpits mlflow ui`: MLflow's own pages on the workspace's runs."""

import sys
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter, validators

from quantpits.cli.execute import Plan, execute
from quantpits.cli.flags import COMMON_DEFAULTS, Common

if TYPE_CHECKING:
    from quantpits.cli.render import Report
    from quantpits.workspace import Progress, Workspace

__all__ = ["mlflow_ui"]


def mlflow_ui(
    *,
    port: Annotated[
        int, Parameter(help="Port to listen on.", validator=validators.Number(gte=1, lte=65535))
    ] = 5000,
    host: Annotated[
        str, Parameter(help="Address to listen on; any other than this lets others in.")
    ] = "127.0.0.1",
    common: Common = COMMON_DEFAULTS,
) -> int:
    """Open MLflow's own pages on the workspace's runs.

    Experiments, runs, their parameters, metrics, curves and files, in the browser, until Ctrl+C.
    Also after the workspace was moved or copied. The pages have no password.
    """

    def step(workspace: "Workspace", _progress: "Progress") -> "Report":
        from quantpits.modeling.tracking_ui import (  # noqa: PLC0415 - keeps --help quick
            TrackingUiRequest,
            run,
        )

        return run(workspace, TrackingUiRequest(host=host, port=port), tell=_tell)

    plan = Plan(command="mlflow ui", text="show the runs in MLflow's own pages", is_writing=False)
    return execute(common, plan, step=step)


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()

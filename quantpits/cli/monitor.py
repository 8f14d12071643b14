"""`quantpits monitor`: how the models fare, and a page of it."""

from typing import Annotated

from cyclopts import Parameter

from quantpits.cli.execute import Plan, execute, step_of
from quantpits.cli.flags import COMMON_DEFAULTS, Common, DryRun, NameList

__all__ = ["monitor"]


def monitor(
    *,
    models: Annotated[
        NameList | None, Parameter(help="These models [default: all that have a record].")
    ] = None,
    dry_run: DryRun = False,
    common: Common = COMMON_DEFAULTS,
) -> int:
    """Show how the models fare, and since when.

    From what their runs recorded: IC and rank IC with bands, by month and added up; whether their
    scores still look as they did on the days they learned from; how they learned. Writes a page to
    `output/monitoring/`, with its pictures.
    """
    from quantpits.training.monitor_request import MonitorRequest  # noqa: PLC0415 - quick help

    request = MonitorRequest(models=models, dry_run=dry_run)
    plan = Plan(command="monitor", text="look at the trained models", is_writing=not dry_run)
    return execute(common, plan, step=step_of("quantpits.training.monitor_step:run", request))

"""`quantpits run`: the whole loop as one command."""

from datetime import date
from typing import Annotated, Literal

from cyclopts import Parameter

from quantpits.cli.execute import Plan, execute, step_of
from quantpits.cli.flags import COMMON_DEFAULTS, Common, DryRun

__all__ = ["run"]


def run(
    scenario: Annotated[
        Literal["A", "B"], Parameter(help="A trains; B predicts with the models there are.")
    ] = "B",
    *,
    end_date: Annotated[
        date | None, Parameter(help="Last day to book [default: the market's last session].")
    ] = None,
    restart: Annotated[bool, Parameter(help="Run also the steps that are done.")] = False,
    dry_run: DryRun = False,
    common: Common = COMMON_DEFAULTS,
) -> int:
    """Run the whole loop, from where an earlier run of it stopped.

    Train or predict, fuse every combo, book trades, write orders and rankings. It stops at the
    first failure; after mending its cause, run it again.
    """
    from quantpits.routine.request import RunRequest  # noqa: PLC0415 - keeps --help quick

    request = RunRequest(scenario=scenario, end_date=end_date, restart=restart, dry_run=dry_run)
    plan = Plan(command="run", text=f"scenario {scenario}", is_writing=not dry_run)
    return execute(common, plan, step=step_of("quantpits.routine.scenario:run", request))

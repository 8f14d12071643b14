"""`quantpits divergence`: the account held against its orders, to the cent."""

from datetime import date
from typing import Annotated

from cyclopts import Parameter

from quantpits.cli.execute import Plan, execute, step_of
from quantpits.cli.flags import COMMON_DEFAULTS, Common, DryRun

__all__ = ["divergence"]


def divergence(
    *,
    start: Annotated[
        date | None, Parameter(name="--from", help="First day [default: the first in the books].")
    ] = None,
    end: Annotated[
        date | None, Parameter(name="--to", help="Last day [default: the last in the books].")
    ] = None,
    label: Annotated[str, Parameter(help="Whose order files were followed.")] = "ensemble",
    dry_run: DryRun = False,
    common: Common = COMMON_DEFAULTS,
) -> int:
    """Tell why the account differs from its orders.

    Holds every fill in the books against the order it came from and the price of its session, by
    instrument and week. What was not filled, the prices, the fees and everything else add up to the
    change of the account value, to the cent.
    """
    from quantpits.routine.divergence_request import DivergenceRequest  # noqa: PLC0415 - quick help

    request = DivergenceRequest(start=start, end=end, label=label, dry_run=dry_run)
    text = "hold the account against its orders"
    plan = Plan(command="divergence", text=text, is_writing=not dry_run)
    return execute(common, plan, step=step_of("quantpits.routine.divergence:run", request))

"""`quantpits paper`: the broker's part, played by the program."""

from datetime import date
from typing import Annotated

from cyclopts import Parameter

from quantpits.cli.execute import Plan, execute, step_of
from quantpits.cli.flags import COMMON_DEFAULTS, Common, DryRun

__all__ = ["paper"]


def paper(
    *,
    through: Annotated[
        date | None, Parameter(help="Last session to settle [default: the market's last session].")
    ] = None,
    label: Annotated[str, Parameter(help="Which order files to fill.")] = "ensemble",
    paper_account: Annotated[
        bool,
        Parameter(help="This workspace holds no real money: settle it at real prices."),
    ] = False,
    dry_run: DryRun = False,
    common: Common = COMMON_DEFAULTS,
) -> int:
    """Settle past orders on paper, as a broker would.

    Writes the settlement files that a broker would send. Orders are filled at the prices of the
    session they were made for. No real trade happens.
    """
    from quantpits.routine.request import PaperRequest  # noqa: PLC0415 - keeps --help quick

    request = PaperRequest(
        through=through, label=label, paper_account=paper_account, dry_run=dry_run
    )
    plan = Plan(command="paper", text="settle past orders on paper", is_writing=not dry_run)
    return execute(common, plan, step=step_of("quantpits.routine.paper:run", request))

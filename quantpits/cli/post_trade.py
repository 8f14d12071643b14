"""`quantpits post-trade`: the broker's settlement files into the books."""

from datetime import date
from typing import Annotated

from cyclopts import Parameter

from quantpits.cli.execute import Plan, execute, step_of
from quantpits.cli.flags import COMMON_DEFAULTS, Common, DryRun

__all__ = ["post_trade"]


def post_trade(
    *,
    end_date: Annotated[
        date | None, Parameter(help="Last day to book [default: the market's last session].")
    ] = None,
    broker: Annotated[
        str | None, Parameter(help="Whose file format [default: that of prod_config.json, gtja].")
    ] = None,
    assume_empty: Annotated[
        tuple[date, ...],
        Parameter(help="This day had no trades though there is no file; may be given again."),
    ] = (),
    adopt: Annotated[
        bool, Parameter(help="Post hand edits of cash or holdings as an adjustment.")
    ] = False,
    dry_run: DryRun = False,
    common: Common = COMMON_DEFAULTS,
) -> int:
    """Book the broker's settlement files; update cash and holdings.

    Reads data/{day}-table.xlsx and config/cashflow.json. A file that is missing for a session stops
    the command. The script of this command is `prod_post_trade.py`.
    """
    from quantpits.post_trade.request import PostTradeRequest  # noqa: PLC0415 - keeps --help quick

    request = PostTradeRequest(
        end_date=end_date,
        broker=broker,
        assume_empty=assume_empty,
        adopt=adopt,
        dry_run=dry_run,
        verbose=common.verbose,
    )
    until = f" through {end_date}" if end_date else ""
    plan = Plan(command="post-trade", text=f"book settlement files{until}", is_writing=not dry_run)
    return execute(common, plan, step=step_of("quantpits.post_trade.step:run", request))

"""`quantpits orders`: what to buy and sell in the next session."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from quantpits.cli.execute import Plan, execute, step_of
from quantpits.cli.flags import COMMON_DEFAULTS, Common, DryRun

__all__ = ["orders"]


def orders(
    *,
    prediction_file: Annotated[Path | None, Parameter(help="Follow this prediction.")] = None,
    model: Annotated[str | None, Parameter(help="Follow this model.")] = None,
    combo: Annotated[
        str | None, Parameter(help="Follow this combo [default: the default combo].")
    ] = None,
    output_dir: Annotated[
        Path | None, Parameter(help="Where the order files go [default: output].")
    ] = None,
    dry_run: DryRun = False,
    common: Common = COMMON_DEFAULTS,
) -> int:
    """Write the next session's orders.

    Primary orders never exceed the cash. Of `--prediction-file`, `--model` and `--combo`, the first
    that is given counts. The script of this command is `order_gen.py`.
    """
    from quantpits.orders.request import OrderRequest  # noqa: PLC0415 - keeps --help quick

    request = OrderRequest(
        prediction_file=prediction_file,
        model=model,
        combo=combo,
        output_dir=output_dir,
        dry_run=dry_run,
        verbose=common.verbose,
    )
    what = prediction_file or model or combo or "the default combo"
    plan = Plan(command="orders", text=f"orders that follow {what}", is_writing=not dry_run)
    return execute(common, plan, step=step_of("quantpits.orders.step:run", request))

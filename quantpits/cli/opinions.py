"""`quantpits opinions`: what every combo and model would do, as pictures."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from quantpits.cli.execute import Plan, execute, step_of
from quantpits.cli.flags import COMMON_DEFAULTS, Common, DryRun

__all__ = ["opinions"]


def opinions(
    *,
    input_: Annotated[
        Path | None,
        Parameter(name="--input", help="Draw this file [default: of the latest orders]."),
    ] = None,
    output_dir: Annotated[
        Path | None, Parameter(help="Where the pictures go [default: beside the file].")
    ] = None,
    dry_run: DryRun = False,
    common: Common = COMMON_DEFAULTS,
) -> int:
    """Draw what every combo and model would do with the book.

    `quantpits orders` writes the opinions; this draws them as two pictures and an interactive page.
    The script of this command is `plot_model_opinions.py`.
    """
    from quantpits.orders.opinion_request import OpinionsRequest  # noqa: PLC0415 - keeps --help quick

    request = OpinionsRequest(input=input_, output_dir=output_dir, dry_run=dry_run)
    what = input_ or "the latest orders"
    plan = Plan(command="opinions", text=f"draw the opinions of {what}", is_writing=not dry_run)
    return execute(common, plan, step=step_of("quantpits.orders.opinion_step:run", request))

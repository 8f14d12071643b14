"""`quantpits demo`: the whole loop, on nobody's prices and nobody's money."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from cyclopts.types import PositiveInt

from quantpits.cli.execute import execute_outside
from quantpits.cli.flags import COMMON_DEFAULTS, Common

if TYPE_CHECKING:
    from quantpits.routine.request import DemoReport
    from quantpits.workspace import Progress

__all__ = ["demo"]


def demo(
    *,
    target: Annotated[Path, Parameter(help="The scratch workspace.")] = Path("demo_run"),
    nn: Annotated[bool, Parameter(help="Train neural models too; needs the extra 'nn'.")] = False,
    weeks: Annotated[PositiveInt, Parameter(help="Weeks to trade on paper.")] = 2,
    fresh: Annotated[bool, Parameter(help="Remove what an earlier demo left there.")] = False,
    common: Common = COMMON_DEFAULTS,
) -> int:
    """Show the whole loop in a scratch workspace on a synthetic market.

    Train, predict, fuse, trade on paper, book the trades, write orders and rankings.
    """
    from quantpits.routine.request import DemoRequest  # noqa: PLC0415 - keeps --help quick

    request = DemoRequest(target=target, nn=nn, weeks=weeks, fresh=fresh)

    def show(progress: "Progress") -> "DemoReport":
        from quantpits.routine.demo import run  # noqa: PLC0415 - keeps --help quick

        return run(request, progress=progress)

    return execute_outside(common, f"the demo in {target}, on a SYNTHETIC market", run=show)

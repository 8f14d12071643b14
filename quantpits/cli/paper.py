"""`quantpits paper`: the broker's part, played by the program; and the whole loop, in a sandbox."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Group, Parameter

from quantpits.cli.execute import Plan, execute, step_of
from quantpits.cli.flags import COMMON_DEFAULTS, Common, DryRun

if TYPE_CHECKING:
    from quantpits.routine.slippage import Slippage

__all__ = ["paper"]

_SETTLE = Group("Settle the orders of this workspace", sort_key=1)
_LOOP = Group("Run the whole loop in a sandbox", sort_key=2)
_BOTH = Group("Either", sort_key=3)


@Parameter(name="*", group=_LOOP)
@dataclass(frozen=True, slots=True, kw_only=True)
class LoopFlags:
    """Flags of the loop; each field is the flag of its name."""

    start: Annotated[
        date | None, Parameter(name="--from", help="First day: the account opens on it, in cash.")
    ] = None
    end: Annotated[date | None, Parameter(name="--to", help="Last day.")] = None
    sandbox: Annotated[
        Path | None, Parameter(help="Folder of the sandbox [default: beside the workspace].")
    ] = None
    prediction_file: Annotated[
        Path | None,
        Parameter(help="Scores to cut to each anchor [default: the newest of --label]."),
    ] = None
    predict: Annotated[
        bool, Parameter(help="Predict and fuse anew at each anchor; slow, and honest about fusing.")
    ] = False
    cash: Annotated[
        Decimal | None,
        Parameter(help="Opening cash in CNY [default: the account of strategy_config.yaml]."),
    ] = None
    with_cashflows: Annotated[
        bool, Parameter(help="Apply what cashflow.json lists for these days.")
    ] = False
    fresh: Annotated[bool, Parameter(help="Start over; else an earlier loop goes on.")] = False
    no_chart: Annotated[bool, Parameter(help="Draw nothing.")] = False


@Parameter(name="*", group=_BOTH)
@dataclass(frozen=True, slots=True, kw_only=True)
class FillFlags:
    """Which orders, and the slippage model; without one, orders trade at the market's price."""

    label: Annotated[
        str, Parameter(help="Which order files to fill, or which prediction to cut.")
    ] = "ensemble"
    half_spread_bps: Annotated[
        float, Parameter(help="Half the spread that every trade pays, in basis points.")
    ] = 0.0
    impact_bps: Annotated[
        float, Parameter(help="Impact of an order as large as the session's volume.")
    ] = 0.0
    max_volume_share: Annotated[
        float, Parameter(help="Largest share of a session's volume that an order may be.")
    ] = 1.0


def paper(
    *,
    through: Annotated[
        date | None,
        Parameter(
            help="Last session to settle [default: the market's last session].", group=_SETTLE
        ),
    ] = None,
    paper_account: Annotated[
        bool,
        Parameter(
            help="This workspace holds no real money: settle it at real prices.", group=_SETTLE
        ),
    ] = False,
    loop: LoopFlags = LoopFlags(),
    fills: FillFlags = FillFlags(),
    dry_run: Annotated[DryRun, Parameter(group=_BOTH)] = False,
    common: Common = COMMON_DEFAULTS,
) -> int:
    """Settle past orders on paper, as a broker would.

    Writes the settlement files that a broker would send. Orders are filled at the prices of the
    session they were made for. No real trade happens.

    With --from and --to the whole loop runs instead, week after week, in a sandbox that cannot
    change this workspace: scores, orders, fills, books. In the end the account in the books stands
    beside the simulator's.
    """
    if loop.start is None and loop.end is None:
        _refuse(loop != LoopFlags(), "A flag of the loop is given, and no days.")
        return _settle(through, fills, paper_account=paper_account, dry_run=dry_run, common=common)
    settles = through is not None or paper_account
    _refuse(settles, "--through and --paper-account settle this workspace, and the loop does not.")
    missing = loop.start is None or loop.end is None
    _refuse(missing, "The loop needs a first and a last day.")
    return _run_loop(loop, fills, dry_run=dry_run, common=common)


def _refuse(is_wrong: bool, what: str) -> None:  # noqa: FBT001 - the condition is the point
    from quantpits.errors import UsageError  # noqa: PLC0415 - keeps --help quick

    if is_wrong:
        hint = "with --from and --to the whole loop runs in a sandbox; without them this workspace"
        raise UsageError(what, hint=f"{hint} is settled")


def _slippage(fills: FillFlags) -> "Slippage":
    from quantpits.routine.slippage import Slippage  # noqa: PLC0415 - keeps --help quick

    return Slippage(
        half_spread_bps=fills.half_spread_bps,
        impact_bps=fills.impact_bps,
        max_volume_share=fills.max_volume_share,
    )


def _settle(
    through: date | None, fills: FillFlags, *, paper_account: bool, dry_run: bool, common: Common
) -> int:
    from quantpits.routine.request import PaperRequest  # noqa: PLC0415 - keeps --help quick

    request = PaperRequest(
        through=through,
        label=fills.label,
        paper_account=paper_account,
        slippage=_slippage(fills),
        dry_run=dry_run,
    )
    plan = Plan(command="paper", text="settle past orders on paper", is_writing=not dry_run)
    return execute(common, plan, step=step_of("quantpits.routine.paper:run", request))


def _run_loop(loop: LoopFlags, fills: FillFlags, *, dry_run: bool, common: Common) -> int:
    from quantpits.routine.loop_request import LoopRequest  # noqa: PLC0415 - keeps --help quick

    assert loop.start is not None  # both were checked
    assert loop.end is not None
    request = LoopRequest(
        start=loop.start,
        end=loop.end,
        sandbox=loop.sandbox,
        prediction_file=loop.prediction_file,
        label=fills.label,
        predict=loop.predict,
        cash_cny=loop.cash,
        with_cashflows=loop.with_cashflows,
        slippage=_slippage(fills),
        fresh=loop.fresh,
        no_chart=loop.no_chart,
        dry_run=dry_run,
    )
    # The workspace itself is only read: its writer lock stays free.
    text = f"run the loop on paper from {loop.start} to {loop.end} in a sandbox; in this workspace"
    plan = Plan(command="paper", text=text, is_writing=False)
    return execute(common, plan, step=step_of("quantpits.routine.loop:run", request))

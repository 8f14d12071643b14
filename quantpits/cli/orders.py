"""`quantpits orders`: what to buy and sell in the next session."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from quantpits.cli.execute import Plan, execute, step_of
from quantpits.cli.flags import COMMON_DEFAULTS, Common, DryRun, NameList

__all__ = ["OrderFlags", "orders"]


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFlags:
    """Whose scores the orders follow, and what may not stop them; each field is a flag."""

    prediction_file: Annotated[Path | None, Parameter(help="Follow this prediction.")] = None
    model: Annotated[str | None, Parameter(help="Follow this model.")] = None
    combo: Annotated[
        str | None, Parameter(help="Follow this combo [default: the default combo].")
    ] = None
    output_dir: Annotated[
        Path | None, Parameter(help="Where the order files go [default: output].")
    ] = None
    override: Annotated[
        NameList | None,
        Parameter(help="Checks that must not stop these orders, such as PRE003."),
    ] = None


_DEFAULTS = OrderFlags()


def orders(
    flags: OrderFlags = _DEFAULTS, *, dry_run: DryRun = False, common: Common = COMMON_DEFAULTS
) -> int:
    """Write the next session's orders.

    Primary orders never exceed the cash. Beside the order files come a sheet to place them from, a
    basket for the broker's terminal, and the opinions of every combo and model. Of
    `--prediction-file`, `--model` and `--combo`, the first that is given counts. A limit of
    `config/pretrade.yaml` stops the orders. The script of this command is `order_gen.py`.
    """
    from quantpits.orders.request import OrderRequest  # noqa: PLC0415 - keeps --help quick

    request = OrderRequest(
        prediction_file=flags.prediction_file,
        model=flags.model,
        combo=flags.combo,
        output_dir=flags.output_dir,
        dry_run=dry_run,
        verbose=common.verbose,
        overrides=flags.override or (),
    )
    what = flags.prediction_file or flags.model or flags.combo or "the default combo"
    plan = Plan(command="orders", text=f"orders that follow {what}", is_writing=not dry_run)
    return execute(common, plan, step=step_of("quantpits.orders.step:run", request))

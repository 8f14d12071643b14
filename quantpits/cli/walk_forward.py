"""`quantpits walk-forward`: train models again and again on their past."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from cyclopts import Parameter, validators

from quantpits.cli.execute import Plan, execute, step_of
from quantpits.cli.flags import COMMON_DEFAULTS, Common, DryRun, SelectionFlags, values_of
from quantpits.errors import UsageError

__all__ = ["WalkFlags", "walk_forward"]


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class WalkFlags(SelectionFlags):
    """Which models walk, and how; each field is the flag of its name."""

    window: Annotated[
        float | None,
        Parameter(
            help="Training window [years; default: that of the configuration].",
            validator=validators.Number(gt=0),
        ),
    ] = None
    valid: Annotated[
        float | None,
        Parameter(
            help="Validation window [years; default: that of the configuration].",
            validator=validators.Number(gt=0),
        ),
    ] = None
    step: Annotated[
        str, Parameter(help="Train again after so many sessions, or weeks: 60, 12w.")
    ] = "60"
    gap: Annotated[
        int | None,
        Parameter(
            help="Sessions left out between the windows [default: what the label looks ahead]."
        ),
    ] = None
    start: Annotated[
        date | None,
        Parameter(help="First date to predict [default: as early as the history allows]."),
    ] = None
    retrain: Annotated[bool, Parameter(help="Train also the folds that are finished already.")] = (
        False
    )


_DEFAULTS = WalkFlags()


def walk_forward(
    flags: WalkFlags = _DEFAULTS,
    *,
    dry_run: DryRun = False,
    common: Common = COMMON_DEFAULTS,
) -> int:
    """Train models again and again on their past, and publish the stitched prediction.

    Each model is trained on a window, predicts the sessions after it, is trained again, and so on.
    The predictions become one, `MODEL_wf`, which fusion, search, ranking and orders treat like any
    model. A finished fold is kept at once and not trained again.

    Raises
    ------
    UsageError
        If nothing says which models.
    """
    from quantpits.training.walk_request import WalkRequest  # noqa: PLC0415 - keeps --help quick

    if not flags.is_selected:
        raise UsageError(
            "Nothing says which models to train.",
            expected="--models, --all-enabled, --algorithm, --dataset, --market or --tag",
        )
    request = WalkRequest(**values_of(flags), dry_run=dry_run)
    text = "train the selected models fold after fold"
    plan = Plan(command="walk-forward", text=text, is_writing=not dry_run)
    return execute(common, plan, step=step_of("quantpits.training.walk_step:run", request))

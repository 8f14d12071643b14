"""`quantpits incremental-train`: train some models and keep the records of the others."""

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from quantpits.cli.execute import Plan, execute, step_of
from quantpits.cli.flags import (
    COMMON_DEFAULTS,
    Common,
    DryRun,
    SeedCount,
    SelectionFlags,
    values_of,
)
from quantpits.cli.model_list import listing_of
from quantpits.errors import UsageError

__all__ = ["IncrementalFlags", "incremental_train"]


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class IncrementalFlags(SelectionFlags):
    """Which models are trained, and how; each field is the flag of its name."""

    resume: Annotated[
        bool,
        Parameter(help="Go on with the training that was interrupted; refuse any other state."),
    ] = False
    retrain: Annotated[
        bool, Parameter(help="Train also what was trained on the same data and settings before.")
    ] = False
    seeds: SeedCount = 1
    experiment_name: Annotated[
        str | None, Parameter(help="MLflow experiment [default: Prod_Train_WEEK or _DAY].")
    ] = None


_DEFAULTS = IncrementalFlags()


def incremental_train(
    flags: IncrementalFlags = _DEFAULTS,
    *,
    list_: Annotated[
        bool, Parameter(name="--list", help="List the models and what is known of each.")
    ] = False,
    show_state: Annotated[
        bool, Parameter(help="Show how far the latest training has come.")
    ] = False,
    clear_state: Annotated[
        bool, Parameter(help="Forget the latest training; what it published stays.")
    ] = False,
    dry_run: DryRun = False,
    common: Common = COMMON_DEFAULTS,
) -> int:
    """Train some models and merge them into the records of the others.

    Say which models: by `--models`, else by `--all-enabled`, else by filters that must all hold.
    Each finished model is kept at once; one that fails does not stop the others.

    The script of this command is `incremental_train.py`.

    Raises
    ------
    UsageError
        If nothing says which models.
    """
    from quantpits.training.request import StateRequest, TrainRequest  # noqa: PLC0415 - quick help

    if list_:
        plan = Plan(command="incremental-train", text="list the models", is_writing=False)
        return execute(common, plan, step=listing_of(flags))
    if show_state or clear_state:
        is_writing = clear_state and not dry_run
        text = "forget the latest training" if clear_state else "show the latest training"
        plan = Plan(command="incremental-train", text=text, is_writing=is_writing)
        state = StateRequest(clear=clear_state, dry_run=dry_run)
        return execute(common, plan, step=step_of("quantpits.training.state_step:run", state))
    if not (flags.is_selected or flags.resume):
        raise UsageError(
            "Nothing says which models to train.",
            expected="--models, --all-enabled, --algorithm, --dataset, --market or --tag",
            hint="to train every enabled model: quantpits train; to see the models: --list",
        )
    request = TrainRequest(**values_of(flags), dry_run=dry_run)
    text = "go on with the interrupted training" if flags.resume else "train the selected models"
    plan = Plan(command="incremental-train", text=text, is_writing=not dry_run)
    return execute(common, plan, step=step_of("quantpits.training.step:run", request))

"""`quantpits train`: full training."""

from typing import Annotated

from cyclopts import Parameter

from quantpits.cli.execute import Plan, execute, step_of
from quantpits.cli.flags import COMMON_DEFAULTS, Common, DryRun, NameList, SeedCount

__all__ = ["train"]


def train(
    *,
    models: Annotated[
        NameList | None,
        Parameter(help="Train these models and keep the records of the others."),
    ] = None,
    partial: Annotated[
        bool, Parameter(help="Publish the models that succeed even if others fail.")
    ] = False,
    retrain: Annotated[
        bool, Parameter(help="Train also what was trained on the same data and settings before.")
    ] = False,
    seeds: SeedCount = 1,
    dry_run: DryRun = False,
    common: Common = COMMON_DEFAULTS,
) -> int:
    """Train every enabled model, predict with it and publish both.

    Without `--models` the records are replaced, and only when every model succeeded. What was
    trained on the same data and settings before is not trained again.

    The script of this command is `prod_train_predict.py`.
    """
    from quantpits.training.request import TrainRequest  # noqa: PLC0415 - keeps --help quick

    request = TrainRequest(
        models=models, partial=partial, retrain=retrain, seeds=seeds, dry_run=dry_run
    )
    which = ", ".join(models) if models else "every enabled model"
    plan = Plan(command="train", text=f"train {which}", is_writing=not dry_run)
    return execute(common, plan, step=step_of("quantpits.training.step:run", request))

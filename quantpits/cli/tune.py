"""`quantpits tune`: look for better arguments of a model."""

from typing import Annotated

from cyclopts import Parameter, validators

from quantpits.cli.execute import Plan, execute, step_of
from quantpits.cli.flags import COMMON_DEFAULTS, Common, DryRun

__all__ = ["tune"]


def tune(
    model: Annotated[str, Parameter(help="Name in the registry.")],
    *,
    trials: Annotated[
        int,
        Parameter(help="Trials in all, earlier ones included.", validator=validators.Number(gte=1)),
    ] = 30,
    timeout: Annotated[
        float | None,
        Parameter(help="Start no trial after so many seconds.", validator=validators.Number(gt=0)),
    ] = None,
    cv: Annotated[
        int,
        Parameter(
            help="Judge by the mean over this many purged folds; 1 is the validation window.",
            validator=validators.Number(gte=1, lte=20),
        ),
    ] = 1,
    dry_run: DryRun = False,
    common: Common = COMMON_DEFAULTS,
) -> int:
    """Look for better arguments of a model, and write the best as a new workflow.

    Optuna maximises the mean daily rank IC before the test window, which no trial reads. What it
    may change is the workflow's section `tuning`, or usual arguments of the model's class. Every
    finished trial is kept, also after Ctrl+C; running it again goes on. The new model
    `MODEL_tuned` is not enabled, and the old workflow stays as it is.
    """
    from quantpits.training.tune_request import TuneRequest  # noqa: PLC0415 - keeps --help quick

    request = TuneRequest(model=model, trials=trials, timeout=timeout, folds=cv, dry_run=dry_run)
    text = f"tune {model} with {trials} trials"
    plan = Plan(command="tune", text=text, is_writing=not dry_run)
    return execute(common, plan, step=step_of("quantpits.training.tune_step:run", request))

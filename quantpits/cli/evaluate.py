"""`quantpits evaluate`: how a model ranks on purged splits of its past."""

from typing import Annotated

from cyclopts import Parameter, validators

from quantpits.cli.execute import Plan, execute, step_of
from quantpits.cli.flags import COMMON_DEFAULTS, Common, DryRun

__all__ = ["evaluate"]


def evaluate(
    model: Annotated[str, Parameter(help="Name in the registry.")],
    *,
    folds: Annotated[
        int,
        Parameter(help="Folds of the span.", validator=validators.Number(gte=3, lte=20)),
    ] = 6,
    test_folds: Annotated[
        int,
        Parameter(help="Folds tested at a time.", validator=validators.Number(gte=1, lte=10)),
    ] = 2,
    embargo: Annotated[
        int | None,
        Parameter(
            help="More sessions to leave out after a test; else as many as a sequence reads back.",
            validator=validators.Number(gte=0),
        ),
    ] = None,
    dry_run: DryRun = False,
    common: Common = COMMON_DEFAULTS,
) -> int:
    """Fit a model on purged splits of its past and show how its IC depends on them.

    Combinatorial purged cross-validation: the training and the validation window are cut into
    folds, every choice of some of them is a test, and what the label looks ahead is left out around
    each test. The test window is not touched. `--test-folds 1` is a purged K-fold.
    """
    from quantpits.training.evaluate_request import EvaluateRequest  # noqa: PLC0415 - quick help

    request = EvaluateRequest(
        model=model, folds=folds, test_folds=test_folds, embargo=embargo, dry_run=dry_run
    )
    text = f"fit {model} on purged splits of {folds} folds"
    plan = Plan(command="evaluate", text=text, is_writing=not dry_run)
    return execute(common, plan, step=step_of("quantpits.training.evaluate_step:run", request))

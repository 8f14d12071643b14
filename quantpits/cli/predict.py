"""`quantpits predict`: new predictions of models trained before."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from quantpits.cli.execute import Plan, execute, step_of
from quantpits.cli.flags import COMMON_DEFAULTS, Common, DryRun, SelectionFlags, values_of
from quantpits.cli.model_list import listing_of
from quantpits.errors import UsageError

__all__ = ["PredictFlags", "predict"]


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class PredictFlags(SelectionFlags):
    """Which models predict; each field is the flag of its name."""

    source_records: Annotated[
        Path | None,
        Parameter(help="Records of the models to use [default: latest_train_records.json]."),
    ] = None
    experiment_name: Annotated[
        str | None, Parameter(help="MLflow experiment [default: Prod_Predict_WEEK or _DAY].")
    ] = None


_DEFAULTS = PredictFlags()


def predict(
    flags: PredictFlags = _DEFAULTS,
    *,
    list_: Annotated[
        bool, Parameter(name="--list", help="List the models and what is known of each.")
    ] = False,
    dry_run: DryRun = False,
    common: Common = COMMON_DEFAULTS,
) -> int:
    """Predict with models that were trained before; train nothing.

    Say which models: by `--models`, else by `--all-enabled`, else by filters that must all hold.
    The script of this command is `prod_predict_only.py`.

    Raises
    ------
    UsageError
        If nothing says which models.
    """
    from quantpits.prediction.request import PredictRequest  # noqa: PLC0415 - keeps --help quick

    if not (flags.is_selected or list_):
        raise UsageError(
            "Nothing says which models to predict with.",
            expected="--models, --all-enabled, --algorithm, --dataset, --market or --tag",
            hint="for the routine: quantpits predict --all-enabled; to see the models: --list",
        )
    if list_:
        plan = Plan(command="predict", text="list the models", is_writing=False)
        return execute(common, plan, step=listing_of(flags, source_records=flags.source_records))
    request = PredictRequest(**values_of(flags), dry_run=dry_run)
    text = "predict with models that were trained before"
    plan = Plan(command="predict", text=text, is_writing=not dry_run)
    return execute(common, plan, step=step_of("quantpits.prediction.step:run", request))

"""`quantpits predict`: new predictions of models trained before."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from quantpits.cli.execute import Plan, Step, execute, step_of
from quantpits.cli.flags import COMMON_DEFAULTS, Common, DryRun, NameList, values_of
from quantpits.cli.model_list import ModelListReport, list_models
from quantpits.errors import UsageError

if TYPE_CHECKING:
    from quantpits.workspace import Progress, Workspace

__all__ = ["PredictFlags", "predict"]


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class PredictFlags:
    """Which models predict; each field is the flag of its name."""

    models: Annotated[NameList | None, Parameter(help="Predict with these models.")] = None
    all_enabled: Annotated[bool, Parameter(help="Predict with every enabled model.")] = False
    algorithm: Annotated[str | None, Parameter(help="Only models of this algorithm.")] = None
    dataset: Annotated[str | None, Parameter(help="Only models on this dataset.")] = None
    market: Annotated[str | None, Parameter(help="Only models of this market.")] = None
    tag: Annotated[str | None, Parameter(help="Only models with this tag.")] = None
    skip: Annotated[NameList, Parameter(help="Models to leave out.")] = ()
    source_records: Annotated[
        Path | None,
        Parameter(help="Records of the models to use [default: latest_train_records.json]."),
    ] = None
    experiment_name: Annotated[
        str | None, Parameter(help="MLflow experiment [default: Prod_Predict_WEEK or _DAY].")
    ] = None

    @property
    def is_selected(self) -> bool:
        """Whether anything says which models."""
        filters = (self.algorithm, self.dataset, self.market, self.tag)
        return bool(self.models or self.all_enabled or any(filters))


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
        return execute(common, plan, step=_listing(flags))
    request = PredictRequest(**values_of(flags), dry_run=dry_run)
    text = "predict with models that were trained before"
    plan = Plan(command="predict", text=text, is_writing=not dry_run)
    return execute(common, plan, step=step_of("quantpits.prediction.step:run", request))


def _listing(flags: PredictFlags) -> Step:
    """Return a step that only lists the models that `flags` mean, all of them by default."""

    def step(workspace: "Workspace", _progress: "Progress") -> ModelListReport:
        from quantpits.modeling.selection import ModelSelection  # noqa: PLC0415 - keeps --help quick

        wanted = values_of(flags)
        source_records = wanted.pop("source_records")
        del wanted["experiment_name"]
        if not flags.is_selected:
            wanted["models"] = tuple(workspace.registry().models)
        selection = ModelSelection(**wanted)
        return list_models(workspace, selection, source_records=source_records)

    return step

"""The models of the registry and what the records know of each, for ``--list``."""

from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from quantpits.cli.flags import SelectionFlags, values_of
from quantpits.errors import Finding, MissingArtifactError

if TYPE_CHECKING:
    from quantpits.cli.execute import Step
    from quantpits.modeling.selection import ModelSelection
    from quantpits.workspace import Progress, Workspace

__all__ = ["ListedModel", "ModelListReport", "list_models", "listing_of"]

_HEADER = ("model", "enabled", "algorithm", "dataset", "market", "tags", "current anchor")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedModel:
    """One model of the registry.

    Attributes
    ----------
    name, algorithm, dataset, market : str
        As the registry has them.
    is_enabled : bool
        Whether full training and ``--all-enabled`` take it.
    tags : tuple of str
        As the registry has them.
    anchor_date : date or None
        Anchor of its current predictions; None for a model that was never trained.
    """

    name: str
    algorithm: str
    dataset: str
    market: str
    is_enabled: bool
    tags: tuple[str, ...]
    anchor_date: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelListReport:
    """The models that a selection means.

    Attributes
    ----------
    workspace : str
        Name of the workspace.
    models : tuple of ListedModel
        In the registry's order.
    outputs : tuple of Path
        Always empty.
    findings : tuple of Finding
        Always empty.
    changed : bool
        Always False.
    """

    workspace: str
    models: tuple[ListedModel, ...]
    outputs: tuple[Path, ...] = ()
    findings: tuple[Finding, ...] = ()
    changed: bool = False

    def summary(self) -> list[str]:
        """Return a table, one line for each model."""
        rows = [_HEADER, *(_cells(model) for model in self.models)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADER))]
        return [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]


def list_models(
    workspace: "Workspace", selection: "ModelSelection", *, source_records: Path | None
) -> ModelListReport:
    """Return the models of the registry and the anchors of their current predictions.

    Parameters
    ----------
    workspace : Workspace
        Whose models.
    selection : ModelSelection
        Which of them.
    source_records : Path or None
        Other train records than the workspace's own.

    Returns
    -------
    ModelListReport
        In the registry's order.
    """
    from quantpits.modeling.selection import select_models  # noqa: PLC0415 - keeps --help quick

    registry = workspace.registry()
    names = select_models(registry, selection)
    anchors = _anchors(workspace, source_records)
    return ModelListReport(
        workspace=workspace.name,
        models=tuple(
            ListedModel(
                name=name,
                algorithm=registry.models[name].algorithm,
                dataset=registry.models[name].dataset,
                market=registry.models[name].market,
                is_enabled=registry.models[name].enabled,
                tags=tuple(registry.models[name].tags),
                anchor_date=anchors.get(name),
            )
            for name in names
        ),
    )


def listing_of(flags: SelectionFlags, *, source_records: Path | None = None) -> "Step":
    """Return a step that only lists the models that `flags` mean, all of them by default.

    Parameters
    ----------
    flags : SelectionFlags
        Which models, perhaps among other flags.
    source_records : Path or None
        Other train records than the workspace's own.

    Returns
    -------
    callable
        For `quantpits.cli.execute.execute`.
    """

    def step(workspace: "Workspace", _progress: "Progress") -> ModelListReport:
        from quantpits.modeling.selection import ModelSelection  # noqa: PLC0415 - keeps --help quick

        wanted = values_of(flags)
        chosen = {field.name: wanted[field.name] for field in fields(SelectionFlags)}
        if not flags.is_selected:
            chosen["models"] = tuple(workspace.registry().models)
        return list_models(workspace, ModelSelection(**chosen), source_records=source_records)

    return step


def _anchors(workspace: "Workspace", source_records: Path | None) -> dict[str, date]:
    """Return the anchor of each model's current predictions; none before the first training."""
    from quantpits.records import read_train_records  # noqa: PLC0415 - keeps --help quick

    try:
        records = read_train_records(workspace, source_records)
    except MissingArtifactError:
        return {}
    return {name: record.anchor_date for name, record in records.model_records.items()}


def _cells(model: ListedModel) -> tuple[str, ...]:
    return (
        model.name,
        "yes" if model.is_enabled else "no",
        model.algorithm,
        model.dataset,
        model.market,
        ",".join(model.tags),
        "never trained" if model.anchor_date is None else model.anchor_date.isoformat(),
    )

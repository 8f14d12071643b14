"""``config/model_registry.yaml``: which models exist, and where their workflows lie."""

from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, Field, model_validator

from quantpits.config.base import (
    ConfigFile,
    FileSafeName,
    Flag,
    Problem,
    StrictModel,
    custom_error,
    problems_error,
)

__all__ = ["ModelRegistry", "RegistryEntry", "RegistryName"]


def _check_not_ensemble(name: str) -> str:
    # output/predictions/ensemble_*.csv are fused predictions; a model must not look like one.
    if name.casefold() == "ensemble" or name.casefold().startswith("ensemble_"):
        raise custom_error("name", "must not start with 'ensemble', the name of fused predictions")
    return name


RegistryName = Annotated[FileSafeName, AfterValidator(_check_not_ensemble)]
"""A name of a model: file-safe, and not one of fused predictions."""


class RegistryEntry(StrictModel):
    """One model of the registry."""

    algorithm: str = Field(
        default="", description="Filter for --algorithm, case-insensitive [name]"
    )
    dataset: str = Field(default="", description="Filter for --dataset, case-insensitive [name]")
    market: str = Field(default="", description="Filter for --market, case-insensitive [name]")
    yaml_file: str = Field(
        min_length=1, description="Workflow file, relative to the workspace [path]"
    )
    enabled: Flag = Field(
        default=False, description="Part of full training and of --all-enabled [true or false]"
    )
    tags: tuple[str, ...] = Field(default=(), description="Filters for --tag [names]")
    notes: str | None = Field(default=None, description="For people; never read [text]")
    pretrain_source: str | None = Field(
        default=None, description="Model whose weights this one starts from [name]"
    )
    label: str | None = Field(
        default=None,
        min_length=1,
        description="Label expression instead of the one that follows from freq [Qlib expression]",
    )


class ModelRegistry(ConfigFile):
    """The registry of models, in file order."""

    file_names: ClassVar[tuple[str, ...]] = ("model_registry.yaml",)

    models: dict[RegistryName, RegistryEntry] = Field(
        min_length=1, description="Models by name [name to entry]"
    )

    @model_validator(mode="after")
    def _check_sources(self) -> Self:
        problems: list[Problem] = []
        for name, entry in self.models.items():
            source = entry.pretrain_source
            if source is not None and source not in self.models:
                problems.append(
                    (("models", name, "pretrain_source"), f"there is no model {source!r}")
                )
        if problems:
            raise problems_error("ModelRegistry", problems)
        return self

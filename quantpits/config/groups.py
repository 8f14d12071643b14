"""``config/combo_groups.yaml``: models by family, so that a search takes one of each."""

from typing import ClassVar, Self

from pydantic import Field, model_validator

from quantpits.config.base import ConfigFile, FileSafeName, Problem, problems_error

__all__ = ["ComboGroups"]


class ComboGroups(ConfigFile):
    """Groups of models; only one model of a group is in a combo."""

    file_names: ClassVar[tuple[str, ...]] = ("combo_groups.yaml",)

    groups: dict[str, tuple[FileSafeName, ...]] = Field(
        min_length=1, description="Models by group, in search order [names]"
    )

    @model_validator(mode="after")
    def _check_models(self) -> Self:
        problems: list[Problem] = []
        owner: dict[str, str] = {}
        for group, models in self.groups.items():
            for position, model in enumerate(models):
                if model in owner:
                    text = f"{model!r} is already in group {owner[model]!r}"
                    problems.append((("groups", group, position), text))
                owner.setdefault(model, group)
        if problems:
            raise problems_error("ComboGroups", problems)
        return self

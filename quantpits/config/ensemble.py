"""``config/ensemble_config.json``: combos of models and how each is weighted.

The older flat form (`models`, `ensemble_method`, `manual_weights`, `use_ensemble`) is read as one
default combo named ``legacy``.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import InitErrorDetails

from quantpits.config.base import (
    CROSS_PROBLEM,
    ConfigFile,
    FileSafeName,
    Flag,
    Location,
    Number,
    Problem,
    StrictModel,
    custom_error,
    problems_error,
)
from quantpits.errors import name_list

__all__ = ["Combo", "EnsembleConfig", "FusionMethod", "weight_problems"]

FusionMethod = Literal["equal", "icir_weighted", "manual", "dynamic"]

_FLAT_KEYS = ("models", "ensemble_method", "use_ensemble")


def weight_problems(models: tuple[str, ...], weights: Mapping[str, float]) -> list[str]:
    """Return what is wrong with manual weights for a combo.

    Parameters
    ----------
    models : tuple of str
        The combo's models.
    weights : mapping of str to float
        Weight by model, any positive scale.

    Returns
    -------
    list of str
        One sentence per problem; empty when the weights can be used.

    Examples
    --------
    >>> weight_problems(("gru", "mlp"), {"gru": 0.9, "mlp": 0.1})
    []
    >>> weight_problems(("gru", "mlp"), {"gru": 1.0})
    ["no weight for 'mlp'"]
    """
    problems = [f"no weight for {name!r}" for name in models if name not in weights]
    problems += [
        f"a weight for {name!r}, which is not in the combo"
        for name in weights
        if name not in models
    ]
    problems += [f"a negative weight for {name!r}" for name, w in weights.items() if w < 0]
    if not problems and sum(weights.values()) <= 0:
        problems.append("the weights sum to 0")
    return problems


class Combo(StrictModel):
    """A set of models that are fused into one score."""

    models: tuple[FileSafeName, ...] = Field(min_length=1, description="Its models [names]")
    method: FusionMethod = Field(default="equal", description="How the models are weighted [word]")
    default: Flag = Field(
        default=False, description="Orders follow this combo; exactly one [true or false]"
    )
    description: str = Field(default="", description="For people [text]")
    manual_weights: dict[str, Number] | None = Field(
        default=None, description="Weights of method 'manual', normalised by their sum [ratio]"
    )
    enabled: Flag = Field(
        default=True, description="Whether --from-config-all includes it [true or false]"
    )

    @model_validator(mode="after")
    def _check_models(self) -> Self:
        problems: list[Problem] = [
            (("models", position), f"{name!r} is listed twice")
            for position, name in enumerate(self.models)
            if name in self.models[:position]
        ]
        if self.manual_weights is not None:
            problems += [
                (("manual_weights",), text)
                for text in weight_problems(self.models, self.manual_weights)
            ]
        if self.default and not self.enabled:
            problems.append((("enabled",), "the default combo must be enabled"))
        if problems:
            raise problems_error("Combo", problems)
        return self


class EnsembleConfig(ConfigFile):
    """All combos, of which exactly one is the default."""

    file_names: ClassVar[tuple[str, ...]] = ("ensemble_config.json",)
    also_known_keys: ClassVar[tuple[str, ...]] = _FLAT_KEYS

    combos: dict[FileSafeName, Combo] = Field(
        min_length=1, description="Combos by name, in file order [name to combo]"
    )
    min_model_ic: Number = Field(
        default=0.0, ge=-1, le=1, description="Mean IC a model must exceed in icir_weighted [-1, 1]"
    )
    manual_weights: dict[str, Number] | None = Field(
        default=None, description="Weights for 'manual' combos that give none of their own [ratio]"
    )

    @property
    def default_combo(self) -> str:
        """Name of the default combo."""
        return next(name for name, combo in self.combos.items() if combo.default)

    @model_validator(mode="wrap")
    @classmethod
    def _check_forms(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(data, Mapping):
            return handler(data)
        if "combos" not in data and any(key in data for key in _FLAT_KEYS):
            return cls._from_flat(data, handler)
        problems: list[Problem] = [
            ((key,), "this key belongs to the older flat form; here it would be ignored")
            for key in _FLAT_KEYS
            if key in data
        ]
        problems += _default_problems(data.get("combos"))
        try:
            config = handler({key: value for key, value in data.items() if key not in _FLAT_KEYS})
        except ValidationError as error:
            raise _joined(error, problems) from error
        if problems:
            raise problems_error("EnsembleConfig", problems)
        return config

    @classmethod
    def _from_flat(cls, data: Mapping[str, Any], handler: ModelWrapValidatorHandler[Self]) -> Self:
        flat = _FlatEnsemble.model_validate(data)
        combo = {"models": flat.models, "method": flat.ensemble_method, "default": True}
        rest = {key: data[key] for key in ("min_model_ic", "manual_weights") if key in data}
        try:
            return handler({"combos": {"legacy": combo}, **rest})
        except ValidationError as error:
            raise _joined(error, [], without=("combos", "legacy")) from error


class _FlatEnsemble(StrictModel):
    """The older form of the file."""

    models: tuple[FileSafeName, ...] = Field(
        min_length=1, description="Models of the one combo [names]"
    )
    ensemble_method: FusionMethod = Field(default="equal", description="Its weighting [word]")
    manual_weights: dict[str, Number] | None = Field(default=None, description="Weights [ratio]")
    min_model_ic: Number = Field(default=0.0, ge=-1, le=1, description="As for combos [-1, 1]")
    use_ensemble: Any = Field(default=None, description="Accepted, unused [anything]")


def _default_problems(combos: object) -> list[Problem]:
    if not isinstance(combos, Mapping) or not combos:
        return []
    chosen = [name for name, combo in combos.items() if _is_default(combo)]
    if len(chosen) == 1:
        return []
    found = name_list(chosen)
    return [(("combos",), f'exactly one combo should have "default": true, found {found}')]


def _is_default(combo: object) -> bool:
    if isinstance(combo, Combo):
        return combo.default
    return isinstance(combo, Mapping) and combo.get("default") is True


def _joined(
    error: ValidationError, problems: list[Problem], *, without: Location = ()
) -> ValidationError:
    """Return one error with all lines; `without` is cut off the front of the locations."""
    details = [
        InitErrorDetails(
            type=custom_error(line["type"], line["msg"]),
            loc=line["loc"][len(without) :]
            if line["loc"][: len(without)] == without
            else line["loc"],
            input=line["input"],
        )
        for line in error.errors(include_url=False)
    ]
    details += [
        InitErrorDetails(type=custom_error(CROSS_PROBLEM, message), loc=location, input=None)
        for location, message in problems
    ]
    return ValidationError.from_exception_data("EnsembleConfig", details)

"""Which models of the registry a command is about.

Names win over ``all_enabled``, and ``all_enabled`` over the filters; filters must all hold and,
like names, do not ask whether a model is enabled. What is to be skipped is taken away last. An
unknown name is an error and never a warning: a model that silently drops out of a run drops out of
tomorrow's orders.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from quantpits.errors import UsageError, name_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from quantpits.config import ModelRegistry, RegistryEntry

__all__ = ["ModelSelection", "select_models", "selection_of"]

_SOURCE = "config/model_registry.yaml"


@dataclass(frozen=True, slots=True)
class ModelSelection:
    """What the user asked for.

    Attributes
    ----------
    models : tuple of str or None
        Names, exactly as in the registry.
    all_enabled : bool
        Every model with ``enabled: true``.
    algorithm, dataset, market : str or None
        Filters on the whole value, upper and lower case alike.
    tag : str or None
        Filter on one of the tags, upper and lower case alike.
    skip : tuple of str
        Names to leave out.
    """

    models: tuple[str, ...] | None = None
    all_enabled: bool = False
    algorithm: str | None = None
    dataset: str | None = None
    market: str | None = None
    tag: str | None = None
    skip: tuple[str, ...] = ()


def selection_of(request: object) -> ModelSelection:
    """Return what a request asks for.

    Parameters
    ----------
    request : object
        Of a step, with the fields of `ModelSelection` among its own.

    Returns
    -------
    ModelSelection
        The same values.
    """
    return ModelSelection(
        **{field.name: getattr(request, field.name) for field in fields(ModelSelection)}
    )


def select_models(registry: ModelRegistry, selection: ModelSelection) -> tuple[str, ...]:
    """Return the names of the selected models in the registry's order.

    Parameters
    ----------
    registry : ModelRegistry
        The models there are.
    selection : ModelSelection
        What the user asked for.

    Returns
    -------
    tuple of str
        At least one name, each once.

    Raises
    ------
    UsageError
        If a name is unknown, nothing was asked for, or nothing is left.
    """
    entries = registry.models
    _check_names((*(selection.models or ()), *selection.skip), entries)
    chosen = _chosen(entries, selection)
    left = tuple(name for name in entries if name in chosen and name not in selection.skip)
    if not left:
        raise UsageError(
            "No model is selected.",
            where=_SOURCE,
            expected="at least one model",
            found=f"{len(chosen)} chosen, skipped {name_list(selection.skip)}",
            hint=f"the registry has {name_list(list(entries), shown=12)}",
        )
    return left


def _chosen(entries: Mapping[str, RegistryEntry], selection: ModelSelection) -> set[str]:
    """Return the names chosen before anything is skipped."""
    if selection.models:
        return set(selection.models)
    if selection.all_enabled:
        return {name for name, entry in entries.items() if entry.enabled}
    filters = {key: getattr(selection, key) for key in ("algorithm", "dataset", "market", "tag")}
    wanted = {key: value.casefold() for key, value in filters.items() if value is not None}
    if not wanted:
        raise UsageError(
            "Nothing says which models to use.",
            expected="--models, --all-enabled, or a filter (--algorithm --dataset --market --tag)",
        )
    return {name for name, entry in entries.items() if _matches(entry, wanted)}


def _matches(entry: RegistryEntry, wanted: Mapping[str, str]) -> bool:
    values = {
        "algorithm": {entry.algorithm.casefold()},
        "dataset": {entry.dataset.casefold()},
        "market": {entry.market.casefold()},
        "tag": {tag.casefold() for tag in entry.tags},
    }
    return all(value in values[key] for key, value in wanted.items())


def _check_names(names: Iterable[str], entries: Mapping[str, RegistryEntry]) -> None:
    """Refuse names that the registry does not have, each with its nearest neighbours."""
    unknown = [name for name in dict.fromkeys(names) if name not in entries]
    if not unknown:
        return
    folded = {name.casefold(): name for name in entries}
    nearest = dict.fromkeys(
        folded[match]
        for name in unknown
        for match in difflib.get_close_matches(name.casefold(), folded, n=3, cutoff=0.4)
    )
    noun = "model" if len(unknown) == 1 else "models"
    known = name_list(list(entries), shown=12)
    raise UsageError(
        f"The registry does not know the {noun} {name_list(unknown)}.",
        where=_SOURCE,
        expected=f"one of {known}",
        hint=f"did you mean {name_list(list(nearest))}?" if nearest else None,
    )

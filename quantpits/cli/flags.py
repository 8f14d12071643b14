"""The flags that several commands share, and how their text becomes values.

Model lists take commas, spaces or both: ``--models a,b``, ``--models a b`` and ``--models a b,c``
are one thing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Group, Parameter, Token, validators

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = [
    "COMMON_DEFAULTS",
    "Common",
    "DryRun",
    "NameList",
    "RecordFile",
    "SeedCount",
    "SelectionFlags",
    "names_from",
    "values_of",
]

_COMMON = Group("Every command", sort_key=100)


def names_from(_type: Any, tokens: Sequence[Token]) -> tuple[str, ...]:
    """Return the names in `tokens`, split at commas, without repeats, in the order they were given.

    Raises
    ------
    ValueError
        If no name is given; the parser turns it into a usage error.
    """
    parts = (part.strip() for token in tokens for part in token.value.split(","))
    names = tuple(dict.fromkeys(part for part in parts if part))
    if not names:
        message = "expected at least one name, such as: a,b or: a b"
        raise ValueError(message)
    return names


NameList = Annotated[tuple[str, ...], Parameter(converter=names_from, consume_multiple=1)]
DryRun = Annotated[bool, Parameter(help="Show what would be done; write nothing.")]
SeedCount = Annotated[
    int,
    Parameter(
        help="Train with this many seeds and record how far the IC moves; the first is published.",
        validator=validators.Number(gte=1),
    ),
]
RecordFile = Annotated[
    Path | None, Parameter(help="Train records to use [default: latest_train_records.json].")
]


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionFlags:
    """Which models of the registry a command is about; each field is the flag of its name."""

    models: Annotated[NameList | None, Parameter(help="These models, by name.")] = None
    all_enabled: Annotated[bool, Parameter(help="Every enabled model.")] = False
    algorithm: Annotated[str | None, Parameter(help="Only models of this algorithm.")] = None
    dataset: Annotated[str | None, Parameter(help="Only models on this dataset.")] = None
    market: Annotated[str | None, Parameter(help="Only models of this market.")] = None
    tag: Annotated[str | None, Parameter(help="Only models with this tag.")] = None
    skip: Annotated[NameList, Parameter(help="Models to leave out.")] = ()

    @property
    def is_selected(self) -> bool:
        """Whether anything says which models."""
        filters = (self.algorithm, self.dataset, self.market, self.tag)
        return bool(self.models or self.all_enabled or any(filters))


@Parameter(name="*", group=_COMMON)
@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """What every command understands.

    Attributes
    ----------
    workspace : Path or None
        Workspace folder; else the environment variable names it.
    json : bool
        Result as JSON on stdout.
    quiet : bool
        No plan and no progress on stderr.
    verbose : bool
        More detail; a bug shows its whole traceback.
    """

    workspace: Annotated[
        Path | None, Parameter(help="Workspace folder [default: $QLIB_WORKSPACE_DIR].")
    ] = None
    json: Annotated[bool, Parameter(help="Print the result as JSON.")] = False
    quiet: Annotated[bool, Parameter(help="No plan, no progress bars.")] = False
    verbose: Annotated[bool, Parameter(help="More detail; a whole traceback for a bug.")] = False


COMMON_DEFAULTS = Common()


def values_of(flags: "DataclassInstance") -> dict[str, Any]:
    """Return the fields of a flag class by name, as keyword arguments of the request."""
    return {field.name: getattr(flags, field.name) for field in fields(flags)}

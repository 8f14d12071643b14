"""Which expressions a loader has, whether they are known, and from where each is computed.

Qlib begins the computation of an expression some sessions before the first row wanted, as many as
the expression looks back, and each expression begins on its own session. A running sum remembers in
its last digits where it began, so these beginnings decide the result. An expression whose values
depend on their own window only may be begun anywhere early enough: all of these are computed
together, and where only new rows are wanted, from shortly before them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qlib.data import base
from qlib.data.data import (
    DatasetD,
    ExpressionD,
    FeatureD,
    LocalDatasetProvider,
    LocalExpressionProvider,
    LocalFeatureProvider,
)
from qlib.data.dataset.loader import QlibDataLoader
from qlib.utils import remove_fields_space

from quantpits.modeling.expressions.operators import UnknownExpressionError, children, reach

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "Column",
    "field_names",
    "group_columns",
    "node_counts",
    "parse_group",
    "sessions_needed",
]


@dataclass(frozen=True, slots=True)
class Column:
    """One expression and the sessions it is computed on.

    Attributes
    ----------
    place : int
        Which column of the result.
    node : Qlib Expression
        The expression.
    first, last : int
        Sessions of the calendar between which the computation reads; `first` may be negative.
    """

    place: int
    node: Any
    first: int
    last: int


def parse_group(loader: Any, group: str) -> tuple[list[str], list[str], list[Any]]:
    """Return expressions, names and parsed expressions of one group of a loader's fields.

    Parameters
    ----------
    loader : Qlib QlibDataLoader
        Or a subclass that only brings its own fields.
    group : str
        Such as ``"feature"``; of no matter for a loader without groups.

    Returns
    -------
    tuple of list
        As the loader has them.

    Raises
    ------
    UnknownExpressionError
        If loader, provider or an operator does anything that is not known here.
    """
    kind = type(loader)
    if not isinstance(loader, QlibDataLoader) or any(
        getattr(kind, name) is not getattr(QlibDataLoader, name)
        for name in ("load", "load_group_df")
    ):
        raise UnknownExpressionError(f"{kind.__name__} loads in its own way")
    processors = loader.inst_processors
    processors = processors.get(group) if isinstance(processors, dict) else processors
    if loader.filter_pipe or processors or loader.freq != "day" or not loader.swap_level:
        raise UnknownExpressionError(f"{kind.__name__} filters, processes or resamples")
    _check_providers()
    if loader.is_group and group not in loader.fields:
        raise UnknownExpressionError(f"{kind.__name__} has no fields named {group!r}")
    texts, names = loader.fields[group] if loader.is_group else loader.fields
    try:
        nodes = [ExpressionD.get_expression_instance(each) for each in remove_fields_space(texts)]
    except (NameError, SyntaxError, AttributeError, TypeError, ValueError) as error:
        raise UnknownExpressionError(f"Qlib cannot read an expression: {error}") from error
    for node in nodes:
        for each in _walk(node):
            children(each)
    return list(texts), list(names), nodes


def sessions_needed(nodes: list[Any], *, start: int, end: int) -> list[tuple[int, int]]:
    """Return the first and last session that Qlib reads for each expression.

    Parameters
    ----------
    nodes : list of Qlib Expression
        The expressions.
    start, end : int
        Sessions of the calendar of the first and last row.

    Returns
    -------
    list of tuple of int
        The first may be negative, where Qlib begins with session 0.
    """
    windows = [node.get_extended_window_size() for node in nodes]
    return [(int(start - back), int(end + ahead)) for back, ahead in windows]


def group_columns(
    nodes: list[Any], *, start: int, end: int, wanted: int
) -> dict[tuple[int, int], list[Column]]:
    """Return the expressions by the sessions they are to be computed on.

    Parameters
    ----------
    nodes : list of Qlib Expression
        The expressions, in the order of the columns.
    start, end : int
        Sessions of the first and last row of the whole load.
    wanted : int
        Session of the first row wanted; not before `start`.

    Returns
    -------
    dict
        First and last session to the columns computed on them.
    """
    groups: dict[tuple[int, int], list[Column]] = {}
    together: list[Column] = []
    for place, (first, last) in enumerate(sessions_needed(nodes, start=start, end=end)):
        back = reach(nodes[place])
        # Where Qlib begins before the first session, nothing earlier could be read by mistake.
        if back is not None and (wanted - back >= first or first <= 0):
            together.append(Column(place, nodes[place], wanted - back, last))
        else:
            column = Column(place, nodes[place], max(first, 0), last)
            groups.setdefault((column.first, last), []).append(column)
    # What looks ahead reads further: rows that do not exist elsewhere would be missing here.
    for last in sorted({column.last for column in together}):
        same = [column for column in together if column.last == last]
        first = max(min(column.first for column in same), 0)
        groups.setdefault((first, last), []).extend(same)
    return groups


def node_counts(columns: list[Column]) -> dict[str, int]:
    """Return how often the value of each part of some expressions is asked for.

    Parameters
    ----------
    columns : list of Column
        Computed together, equal parts once.

    Returns
    -------
    dict
        Qlib's text of a part to the number of columns and parts that are made from it.
    """
    counts: dict[str, int] = {}
    waiting = [column.node for column in columns]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, base.Expression):
            continue
        text = str(node)
        if text not in counts:
            counts[text] = 0
            waiting.extend(children(node))
        counts[text] += 1
    return counts


def field_names(nodes: list[Any]) -> list[str]:
    """Return the raw fields that expressions are computed from.

    Parameters
    ----------
    nodes : list of Qlib Expression
        The expressions.

    Returns
    -------
    list of str
        Such as ``"$close"``, sorted.
    """
    found = {str(each) for node in nodes for each in _walk(node) if type(each) is base.Feature}
    return sorted(found)


def _walk(node: Any) -> Iterator[Any]:
    if not isinstance(node, base.Expression):
        raise UnknownExpressionError(f"{node!r} is no expression")
    waiting = [node]
    while waiting:
        each = waiting.pop()
        yield each
        waiting.extend(child for child in children(each) if isinstance(child, base.Expression))


def _check_providers() -> None:
    for provider, kind in (
        (FeatureD, LocalFeatureProvider),
        (ExpressionD, LocalExpressionProvider),
        (DatasetD, LocalDatasetProvider),
    ):
        # Qlib's own caches take the place of the provider; they may hold other values.
        if type(vars(provider).get("_provider")) is not kind:
            raise UnknownExpressionError(f"Qlib's data come from {provider!r}")
    if not ExpressionD.time2idx or not DatasetD.align_time:
        raise UnknownExpressionError("Qlib's data are not aligned to its calendar")

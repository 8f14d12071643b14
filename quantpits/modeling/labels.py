"""Label expressions: what a model is taught, and how far ahead of its date it looks.

A label is a Qlib expression of future prices, for example ``Ref($close, -6) / Ref($close, -1) -
1``: the return from tomorrow's close to the close six sessions ahead. Its *horizon* is the number
of sessions after the label's own date that it needs. The horizon is what has to be purged between
the training, validation and test windows, so it is read from the expression and never written down
a second time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from quantpits.errors import ConfigError, ConfigProblem

__all__ = ["DAILY_LABEL", "WEEKLY_LABEL", "default_label", "label_expressions", "label_horizon"]

WEEKLY_LABEL = "Ref($close, -6) / Ref($close, -1) - 1"
DAILY_LABEL = "Ref($close, -2) / Ref($close, -1) - 1"

# A field, or an operator whose second argument shifts in time; a negative shift reads the future.
_TOKEN = re.compile(r"\$\w+|(?<![\w$])(?P<name>Ref|Delta)\(")


def default_label(freq: str) -> str:
    """Return the label of a trading frequency.

    Parameters
    ----------
    freq : {"week", "day"}
        How often the portfolio is traded.

    Returns
    -------
    str
        The Qlib expression.

    Notes
    -----
    Source: decision 13. Both labels start at the next close, since a signal is known
    only after today's.

    Examples
    --------
    >>> default_label("day")
    'Ref($close, -2) / Ref($close, -1) - 1'
    """
    return DAILY_LABEL if freq == "day" else WEEKLY_LABEL


def label_expressions(label: object) -> tuple[str, ...]:
    """Return the expressions of a workflow's ``label`` entry.

    Parameters
    ----------
    label : object
        One expression, a list of expressions, or Qlib's pair ``[[expression, ...], [name, ...]]``.

    Returns
    -------
    tuple of str
        The expressions in order; empty when there is no label.

    Raises
    ------
    ConfigError
        If the entry is none of these.

    Examples
    --------
    >>> label_expressions(["$close", "$open"])
    ('$close', '$open')
    >>> label_expressions([["$close"], ["LABEL0"]])
    ('$close',)
    """
    if label is None:
        return ()
    if isinstance(label, str):
        return (label,)
    if isinstance(label, Sequence) and label:
        items = label[0] if isinstance(label[0], list | tuple) else label
        if all(isinstance(item, str) for item in items):
            return tuple(items)
    message = f"a label is an expression or a list of expressions, found {label!r}"
    raise ConfigError([ConfigProblem("", "label", message)])


def label_horizon(expression: str) -> int:
    """Return how many sessions after its own date a label expression reads.

    Parameters
    ----------
    expression : str
        A Qlib expression.

    Returns
    -------
    int
        Sessions ahead [sessions], 0 when the expression reads nothing of the future.

    Notes
    -----
    Follows ``Ref`` and ``Delta``, also nested. All other operators look back or not at all.

    Examples
    --------
    >>> label_horizon("Ref($close, -6) / Ref($close, -1) - 1")
    6
    >>> label_horizon("Ref(Ref($close, -2), -3)")
    5
    """
    return max(0, _reach(expression.replace(" ", "")) or 0)


def _reach(text: str) -> int | None:
    """Return the latest session read, relative to the label's date; None for a constant."""
    reaches: list[int] = []
    at = 0
    while match := _TOKEN.search(text, at):
        at = match.end()
        name = match["name"]
        if name is None:
            reaches.append(0)
            continue
        inner, shift, at = _arguments(text, at)
        reach = _reach(inner)
        if reach is not None:
            reaches.append(reach - shift)
            if name == "Delta":  # the change since the shifted session reads both
                reaches.append(reach)
    return max(reaches, default=None)


def _arguments(text: str, start: int) -> tuple[str, int, int]:
    """Return first argument, shift and end of the call whose arguments begin at `start`."""
    depth, comma, at = 1, start, start
    while at < len(text):
        depth += (text[at] == "(") - (text[at] == ")")
        if depth == 0:
            break
        if depth == 1 and text[at] == ",":
            comma = at
        at += 1
    if comma == start:
        return text[start:at], 0, at
    try:
        return text[start:comma], int(text[comma + 1 : at]), at
    except ValueError:  # not a number: Qlib will refuse the expression
        return text[start:comma], 0, at

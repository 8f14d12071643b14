"""Placing and shortening text: labels at the end of lines that do not cover one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from quantpits.charts.kinds import FloatArray

__all__ = ["shortened", "spread", "unique_texts"]


def spread(wanted: FloatArray, gap: float, *, low: float, high: float) -> FloatArray:
    """Return places as near to the wanted ones as a least distance allows.

    Parameters
    ----------
    wanted : float64 [n]
        Where each label would like to stand, in any order.
    gap : float
        Least distance between two, in the same unit.
    low, high : float
        Ends of the room there is. Where it does not suffice, the distance shrinks evenly.

    Returns
    -------
    float64 [n]
        Places within ``[low, high]``, in the same order as `wanted` from low to high.

    Notes
    -----
    Labels that touch form a block around the mean of what they wanted, as in isotonic regression.

    Examples
    --------
    >>> spread(np.array([0.5, 0.5]), 0.5, low=0.0, high=2.0).tolist()
    [0.25, 0.75]
    """
    count = len(wanted)
    if count == 0:
        return np.empty(0)
    gap = min(gap, (high - low) / max(count - 1, 1))
    order = np.argsort(wanted, kind="stable")
    # Without the gaps the task is to find the nearest rising sequence.
    offsets = np.arange(count) * gap
    blocks: list[list[float]] = []
    for value in wanted[order] - offsets:
        blocks.append([float(value), 1.0])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, size = blocks.pop()
            before, size_before = blocks[-1]
            total = size + size_before
            blocks[-1] = [(mean * size + before * size_before) / total, total]
    rising = np.concatenate([np.full(int(size), mean) for mean, size in blocks])
    rising = np.clip(rising, low, max(low, high - offsets[-1]))
    places = np.empty(count)
    places[order] = rising + offsets
    return places


def shortened(text: str, width: float, *, width_of: Callable[[str], float]) -> str:
    """Return `text`, with its middle left out if it is wider than `width`.

    Parameters
    ----------
    text : str
        What to fit.
    width : float
        The room there is.
    width_of : callable
        Width of a text, in the unit of `width`.

    Returns
    -------
    str
        The whole text, or its beginning and its end around an ellipsis; names often differ in
        their last part, so that the end is worth as much as the beginning.

    Examples
    --------
    >>> shortened("a_long_name_2", 9, width_of=len)
    'a_lo…me_2'
    """
    if width_of(text) <= width:
        return text
    least, most = 0, len(text) - 1
    while least < most:
        kept = (least + most + 1) // 2
        if width_of(_without_middle(text, kept)) <= width:
            least = kept
        else:
            most = kept - 1
    return _without_middle(text, least)


def _without_middle(text: str, kept: int) -> str:
    head = (kept + 1) // 2
    return text[:head] + "…" + text[len(text) - (kept - head) :]


def unique_texts(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the texts, with a number behind those that occurred before.

    Shortening and replacing characters can make two names equal; a chart must not.

    Examples
    --------
    >>> unique_texts(["a", "b", "a"])
    ('a', 'b', 'a (2)')
    """
    seen: dict[str, int] = {}
    unique = []
    for text in texts:
        seen[text] = seen.get(text, 0) + 1
        unique.append(text if seen[text] == 1 else f"{text} ({seen[text]})")
    return tuple(unique)

"""Colours that tell series apart for everyone, on paper and on dark screens.

The series colours follow Okabe and Ito, *Color Universal Design* (2008), without black and yellow,
which vanish on one of the two backgrounds, and with two more of the same lightness. Every pair
stays apart under the three common colour deficiencies; a test simulates them. More series than
colours repeat the colours with another dash.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "BENCHMARK",
    "DENSITY",
    "DIVERGING",
    "DOTS",
    "GOOD",
    "NEUTRAL",
    "N_TOLD_APART",
    "OTHERS",
    "SEQUENTIAL",
    "SERIES",
    "WARNING",
    "dash_of",
    "rgb",
    "series_color",
]

SERIES: Final = (
    "#0072b2",  # blue
    "#d55e00",  # vermillion
    "#009e73",  # green
    "#cc79a7",  # pink
    "#e69f00",  # orange
    "#56b4e9",  # sky
)
# Colours times dashes; beyond this many, the rest is drawn in grey and counted.
N_TOLD_APART: Final = 12
BENCHMARK: Final = "#7a7a7a"
OTHERS: Final = "#b4b4b4"
NEUTRAL: Final = "#c9ced6"
GOOD: Final = "#0072b2"
WARNING: Final = "#d55e00"

# Low, middle, high; blue and vermillion differ in lightness and hue for every eye.
DIVERGING: Final = (
    (0.0, "#b04a00"),
    (0.25, "#eda56f"),
    (0.5, "#f7f7f7"),
    (0.75, "#7db5dd"),
    (1.0, "#005a96"),
)
SEQUENTIAL: Final = ((0.0, "#e9f1f7"), (0.35, "#9cc8e0"), (0.7, "#3c8dc0"), (1.0, "#083a66"))

# On a page, whose paper may be light or dark, neither end may vanish.
DENSITY: Final = ((0.0, "#a3bfd1"), (0.55, "#3686bd"), (1.0, "#c8500a"))
DOTS: Final = ((0.0, "#9ecbe3"), (0.5, "#3c8dc0"), (1.0, "#1c62a6"))

_DASHES: Final = ("solid", "dash")


def series_color(number: int) -> str:
    """Return the colour of series `number`, counted from 0.

    Parameters
    ----------
    number : int
        Place of the series; colours repeat after six.

    Returns
    -------
    str
        ``#rrggbb``.

    Examples
    --------
    >>> series_color(0), series_color(6) == series_color(0)
    ('#0072b2', True)
    """
    return SERIES[number % len(SERIES)]


def rgb(color: str) -> tuple[int, int, int]:
    """Return the three parts of ``#rrggbb``, 0 to 255.

    Examples
    --------
    >>> rgb("#0072b2")
    (0, 114, 178)
    """
    red, green, blue = bytes.fromhex(color.removeprefix("#"))
    return red, green, blue


def dash_of(number: int) -> str:
    """Return ``"solid"`` or ``"dash"`` for series `number`, counted from 0.

    Examples
    --------
    >>> dash_of(0), dash_of(6)
    ('solid', 'dash')
    """
    return _DASHES[number // len(SERIES) % len(_DASHES)]

"""An interactive chart as the values that the chart library takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from quantpits.charts.encoding import date_texts, label_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantpits.charts.kinds import AxisKind, DateArray

__all__ = ["LONG_ROW", "Plot", "axis_layout", "category_axis", "date_axis", "short_name"]

_LONG_LABEL: Final = 28
LONG_ROW: Final = 44
_FEW_DATES: Final = 9
_DATE_STOPS: Final = [
    {"dtickrange": [None, "M1"], "value": "%Y-%m-%d"},
    {"dtickrange": ["M1", "M12"], "value": "%Y-%m"},
    {"dtickrange": ["M12", None], "value": "%Y"},
]
_FORMATS: Final = {
    "percent": {"tickformat": ",.2~%", "hoverformat": ".2%"},
    "number": {"hoverformat": ".4g"},
    "integer": {"tickformat": ",d", "hoverformat": ",d"},
}


@dataclass(frozen=True, slots=True, eq=False)
class Plot:
    """What is drawn on a page in one place.

    Attributes
    ----------
    data : tuple of dict
        Traces. A value ``{"shared": name}`` stands for an array of `shared`.
    layout : dict
        Axes, shapes and annotations; colours of text and grid come from the page.
    height : int
        In pixels.
    shared : dict of str to list
        Arrays that several traces use.
    """

    data: tuple[dict[str, Any], ...]
    layout: dict[str, Any]
    height: int
    shared: dict[str, list[str]] = field(default_factory=dict)


def axis_layout(name: str, kind: AxisKind) -> dict[str, Any]:
    """Return an axis with its name and its kind of numbers.

    Examples
    --------
    >>> axis_layout("weight", "percent")["tickformat"]
    ',.2~%'
    """
    return {"title": {"text": label_text(name)}, **_FORMATS[kind]}


def date_axis(dates: DateArray) -> dict[str, Any]:
    """Return an axis of dates; a few sessions have a tick each.

    Parameters
    ----------
    dates : datetime64[D] [T]
        Rising, at least one.

    Returns
    -------
    dict
        Without hours, which the library would show for a week.
    """
    layout: dict[str, Any] = {"type": "date", "hoverformat": "%Y-%m-%d"}
    if len(dates) <= _FEW_DATES:
        texts = date_texts(dates)
        return layout | {"tickmode": "array", "tickvals": texts, "ticktext": texts}
    return layout | {"tickformatstops": _DATE_STOPS}


def category_axis(names: Sequence[str], *, longest: int = _LONG_LABEL) -> dict[str, Any]:
    """Return an axis whose whole numbers from 0 have names.

    Names are no coordinates: two may be equal, and one may look like a number.

    Examples
    --------
    >>> category_axis(["600000", "gru"])["ticktext"]
    ['600000', 'gru']
    """
    return {
        "tickmode": "array",
        "tickvals": list(range(len(names))),
        "ticktext": [label_text(short_name(name, longest)) for name in names],
        "range": [-0.5, len(names) - 0.5],
        # A slanted label ends below its tick, so that the last one is not dropped at the edge.
        "autotickangles": [0, -40, -90],
        "ticklabeloverflow": "allow",
        "showgrid": False,
        "zeroline": False,
    }


def short_name(name: str, longest: int = _LONG_LABEL) -> str:
    """Return a name with its middle left out if it is long.

    Examples
    --------
    >>> short_name("gru_Alpha158,lightgbm_Alpha158,linear_Alpha158")
    'gru_Alpha158,…inear_Alpha158'
    """
    if len(name) <= longest:
        return name
    half = (longest - 1) // 2
    return f"{name[:half]}…{name[-half - 1 :]}"

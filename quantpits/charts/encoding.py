"""Values as JSON for a page: short, exact enough to look at, and unable to leave their place.

Arrays travel as base64 of their bytes, which the chart library reads; text inside a script is
written so that no name can end the script.
"""

from __future__ import annotations

import base64
import html
import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from quantpits.charts.kinds import DateArray, FloatArray

__all__ = ["array_json", "date_texts", "label_text", "script_json"]

# Characters that end a script, open a comment or break a line in it.
_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def array_json(values: FloatArray) -> dict[str, str]:
    """Return an array as the chart library reads it: type, bytes, and shape if it has two axes.

    Parameters
    ----------
    values : float64 [n] or [r, c]
        Any numbers; NaN and infinities become gaps.

    Returns
    -------
    dict of str to str
        Single precision, seven figures, little-endian on every machine.

    Examples
    --------
    >>> array_json(np.array([1.0]))
    {'dtype': 'f4', 'bdata': 'AACAPw=='}
    """
    finite = np.where(np.isfinite(values), values, np.nan)
    data = base64.b64encode(np.ascontiguousarray(finite, dtype="<f4").tobytes()).decode("ascii")
    coded = {"dtype": "f4", "bdata": data}
    if finite.ndim == 2:  # noqa: PLR2004 - a matrix has two axes
        coded["shape"] = f"{finite.shape[0]}, {finite.shape[1]}"
    return coded


def date_texts(dates: DateArray) -> list[str]:
    """Return dates as ISO texts.

    Examples
    --------
    >>> date_texts(np.array(["2021-01-04"], dtype="datetime64[D]"))
    ['2021-01-04']
    """
    return [str(day) for day in dates.astype("datetime64[D]")]


def label_text(text: str) -> str:
    """Return a name as the chart library has to be given it.

    The library reads a few HTML tags in every text, links included, and formulas between dollar
    signs; a name has none of them.

    Examples
    --------
    >>> label_text("a <b> & c")
    'a &lt;b&gt; &amp; c'
    """
    return html.escape(" ".join(text.split()), quote=False).replace("$", "&#36;")


def script_json(value: Any) -> str:
    r"""Return a value as JSON that may stand inside a script element.

    Parameters
    ----------
    value : object
        Dicts, lists, texts and finite numbers.

    Returns
    -------
    str
        One line with sorted keys; the same for the same value.

    Examples
    --------
    >>> print(script_json({"name": "</b>"}))
    {"name":"\u003c/b\u003e"}
    """
    text = json.dumps(
        value, sort_keys=True, allow_nan=False, ensure_ascii=False, separators=(",", ":")
    )
    return "".join(_UNSAFE.get(char, char) for char in text)

"""What every picture shares: fonts, layout, axes, and the bytes of a PNG file.

Figures are made with Matplotlib's objects and the Agg renderer; `pyplot` and its global figures are
not used. Settings hold only inside `drawing`, start from Matplotlib's own defaults and not from the
user's file, and pictures are made one at a time, so that the same chart gives the same bytes.
"""

from __future__ import annotations

import io
import logging
import threading
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, get_font
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from quantpits.charts.labels import shortened, unique_texts
from quantpits.charts.ticks import date_ticks, number_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from matplotlib.axes import Axes

    from quantpits.charts.kinds import Axis, DateArray

__all__ = [
    "DPI",
    "FONT_SIZE",
    "GRID",
    "INK",
    "LABEL_ROOM",
    "LABEL_SIZE",
    "LINE_STYLES",
    "QUIET",
    "WIDTH",
    "Frame",
    "drawing",
    "encode_png",
    "fitted",
    "fitted_all",
    "format_axis",
    "format_dates",
    "new_frame",
    "safe_text",
    "text_width",
    "widest_label",
]

DPI: Final = 130
WIDTH: Final = 11.0
FONT_SIZE: Final = 10.0
INK: Final = "#22262b"
QUIET: Final = "#646b73"
GRID: Final = "#e4e7eb"
LABEL_SIZE: Final = FONT_SIZE * 0.92
# Most room for the names at the right [inch].
LABEL_ROOM: Final = 3.0
LINE_STYLES: Final[dict[str, Any]] = {"solid": "-", "dash": (0, (5, 2))}

_LATIN_FONT: Final = "DejaVu Sans"
# Common fonts with Chinese characters, on Linux, macOS and Windows.
_CHINESE_FONTS: Final = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "PingFang SC",
    "Heiti SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "SimHei",
    "Arial Unicode MS",
    "Droid Sans Fallback",
)
_MISSING: Final = "□"
# Settings that concern windows and backends; they are no business of a picture.
_NOT_OURS: Final = ("backend", "backend_fallback", "interactive", "toolbar", "timezone", "webagg.")
_lock = threading.RLock()


class Frame:
    """A figure with its title written, and the room below for axes.

    Parameters
    ----------
    figure : Figure
        The figure.
    top : float
        Height below the title, in inches from the bottom.
    """

    def __init__(self, figure: Figure, *, top: float) -> None:
        self.figure = figure
        self.width = float(figure.get_figwidth())
        self.height = float(figure.get_figheight())
        self.top = top

    def axes(self, left: float, bottom: float, *, right: float, top: float, **options: Any) -> Axes:
        """Return axes whose four edges stand at these distances from the lower left [inch]."""
        box = (
            left / self.width,
            bottom / self.height,
            max(right - left, 0.5) / self.width,
            max(top - bottom, 0.3) / self.height,
        )
        axes = self.figure.add_axes(box, **options)
        axes.set_axisbelow(True)
        return axes


@contextmanager
def drawing() -> Iterator[None]:
    """Hold the settings of our pictures, and let one thread draw at a time."""
    defaults: dict[Any, Any] = {
        key: value for key, value in mpl.rcParamsDefault.items() if not key.startswith(_NOT_OURS)
    }
    ours: dict[Any, Any] = {
        "font.family": list(font_families()),
        "font.size": FONT_SIZE,
        "text.color": INK,
        "text.parse_math": False,
        "axes.edgecolor": "#9aa1a9",
        "axes.labelcolor": QUIET,
        "axes.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.unicode_minus": True,
        "xtick.color": "#9aa1a9",
        "ytick.color": "#9aa1a9",
        "xtick.labelcolor": QUIET,
        "ytick.labelcolor": QUIET,
        "grid.color": GRID,
        "grid.linewidth": 0.8,
        "hatch.linewidth": 0.6,
        "path.simplify": True,
    }
    fonts = logging.getLogger("matplotlib.font_manager")
    level = fonts.level
    with _lock, mpl.rc_context({**defaults, **ours}):
        # A Chinese font without a bold face would be reported on every run.
        fonts.setLevel(logging.ERROR)
        try:
            yield
        finally:
            fonts.setLevel(level)


@cache
def font_families() -> tuple[str, ...]:
    """Return the fonts that are used: one for Latin, and a Chinese one where one is installed."""
    installed = {entry.name for entry in font_manager.fontManager.ttflist}
    chinese = [name for name in _CHINESE_FONTS if name in installed]
    return (_LATIN_FONT, *chinese[:1])


@cache
def _known_characters(family: str) -> frozenset[int]:
    path = font_manager.findfont(FontProperties(family=family), fallback_to_default=True)
    return frozenset(get_font(path).get_charmap())


def safe_text(text: str) -> str:
    """Return `text` on one line, with characters that no font has replaced by a box.

    Parameters
    ----------
    text : str
        What is to be written.

    Returns
    -------
    str
        Drawn without a warning about missing characters.

    Examples
    --------
    >>> safe_text("csi 300")
    'csi 300'
    """
    known = frozenset[int]().union(*(_known_characters(name) for name in font_families()))
    flat = " ".join(text.split())
    return "".join(char if ord(char) in known else _MISSING for char in flat)


def new_frame(title: str, subtitle: str = "", *, height: float, width: float = WIDTH) -> Frame:
    """Return an empty figure with its title at the upper left.

    Parameters
    ----------
    title, subtitle : str
        Shortened to the width of the figure.
    height, width : float
        Of the figure [inch].

    Returns
    -------
    Frame
        The figure and where its axes may begin.
    """
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    room = width - 0.3
    figure.text(
        0.15 / width,
        1 - 0.32 / height,
        fitted(title, room, size=FONT_SIZE * 1.3, is_bold=True),
        fontsize=FONT_SIZE * 1.3,
        fontweight="bold",
        va="center",
    )
    top = height - 0.55
    if subtitle:
        figure.text(
            0.15 / width,
            1 - 0.62 / height,
            fitted(subtitle, room, size=FONT_SIZE * 0.95),
            fontsize=FONT_SIZE * 0.95,
            color=QUIET,
            va="center",
        )
        top = height - 0.8
    return Frame(figure, top=top)


def text_width(text: str, *, size: float = FONT_SIZE, is_bold: bool = False) -> float:
    """Return the width of `text` [inch]."""
    weight = "bold" if is_bold else "normal"
    properties = FontProperties(family=list(font_families()), size=size, weight=weight)
    width, _, _ = _ruler().get_text_width_height_descent(text, properties, False)
    return float(width) / DPI


@cache
def _ruler() -> Any:
    canvas: Any = FigureCanvasAgg(Figure(figsize=(1, 1), dpi=DPI))
    return canvas.get_renderer()


def fitted(text: str, room: float, *, size: float = FONT_SIZE, is_bold: bool = False) -> str:
    """Return `text` so that it can be drawn and is no wider than `room` [inch]."""
    return shortened(
        safe_text(text),
        room,
        width_of=lambda part: text_width(part, size=size, is_bold=is_bold),
    )


def fitted_all(
    texts: Iterable[str], room: float, *, size: float = FONT_SIZE, is_bold: bool = False
) -> tuple[str, ...]:
    """Return each text `fitted`, and numbered where two have become the same."""
    return unique_texts([fitted(text, room, size=size, is_bold=is_bold) for text in texts])


def widest_label(texts: Iterable[str]) -> float:
    """Return the room that labels at the right need [inch]; a starred one is bold."""
    found = [text_width(text, size=LABEL_SIZE, is_bold="★" in text) for text in texts]
    return max(found, default=0.0) + 0.15


def format_dates(axes: Axes, dates: DateArray, *, has_labels: bool = True) -> None:
    """Give the horizontal axis the span of `dates`, and ticks that are read at a glance."""
    days = dates.astype("datetime64[D]").astype(np.float64)
    pad = max((days[-1] - days[0]) * 0.01, 0.25)
    axes.set_xlim(days[0] - pad, days[-1] + pad)
    ticks = date_ticks(dates)
    axes.xaxis.set_major_locator(FixedLocator([float(tick.astype(np.int64)) for tick, _ in ticks]))
    axes.set_xticklabels([text for _, text in ticks] if has_labels else [])


def format_axis(axes: Axes, axis: Axis, *, which: str, n_max: int = 7) -> None:
    """Give an axis its name and its kind of numbers.

    Parameters
    ----------
    axes : Axes
        Where.
    axis : Axis
        What it shows.
    which : {"x", "y"}
        The axis.
    n_max : int
        Most intervals between ticks.
    """
    target: Any = axes.xaxis if which == "x" else axes.yaxis
    integer = axis.kind == "integer"
    target.set_major_locator(
        MaxNLocator(n_max, integer=integer, min_n_ticks=1, steps=[1, 2, 5, 10])
    )
    low, high = sorted(target.get_view_interval())
    digits = _tick_digits((high - low) * (100 if axis.kind == "percent" else 1), axis)
    target.set_major_formatter(
        FuncFormatter(lambda value, _: number_text(value, axis.kind, digits=digits))
    )
    target.set_label_text(safe_text(axis.name))
    axes.grid(visible=True, axis="x" if which == "x" else "y")


def _tick_digits(span: float, axis: Axis) -> int:
    """Return how many decimals the ticks of an axis need to differ."""
    if axis.kind == "integer" or not span > 0:
        return 0
    return int(np.clip(np.ceil(-np.log10(span / 4)), 0, 6))


def encode_png(figure: Figure) -> bytes:
    """Return the figure as a PNG file, without time or program in it.

    Parameters
    ----------
    figure : Figure
        What to draw.

    Returns
    -------
    bytes
        The same for the same figure.
    """
    buffer = io.BytesIO()
    with drawing():
        figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()

"""Fonts, widths, axes and bytes that every picture shares."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantpits.charts import Axis, canvas
from quantpits.charts.canvas import (
    drawing,
    encode_png,
    fitted,
    fitted_all,
    format_axis,
    format_dates,
    new_frame,
    safe_text,
    text_width,
    widest_label,
)
from tests.charts.chart_samples import sessions


def test_known_characters_stay():
    assert "★ gru_Alpha158 +1.0% −2" == safe_text("★ gru_Alpha158 +1.0% −2")


def test_unknown_characters_become_boxes_and_lines_one_line(monkeypatch):
    monkeypatch.setattr(canvas, "font_families", lambda: ("DejaVu Sans",))
    assert "□□ a b" == safe_text("稳健 a\nb")


def test_a_chinese_font_is_used_where_one_is_installed(monkeypatch):
    canvas.font_families.cache_clear()
    entries = [type("Entry", (), {"name": name}) for name in ("DejaVu Sans", "SimHei")]
    monkeypatch.setattr(canvas.font_manager.fontManager, "ttflist", entries)
    assert ("DejaVu Sans", "SimHei") == canvas.font_families()
    canvas.font_families.cache_clear()


def test_bold_is_wider():
    assert text_width("model", is_bold=True) > text_width("model")


def test_a_long_text_is_shortened_to_its_room():
    text = fitted("lightgbm_Alpha158," * 10, 2.0)
    assert text_width(text) <= 2.0
    assert "…" in text


def test_texts_that_become_equal_are_numbered():
    assert ("a", "a (2)") == fitted_all(["a", "a"], 2.0)


def test_no_labels_need_a_little_room():
    assert 0.15 == widest_label([])


@pytest.mark.property
@given(st.text(max_size=60), st.floats(0.3, 4.0))
def test_any_text_fits_any_room(text, room):
    assert text_width(fitted(text, room)) <= max(room, text_width("…"))


def test_a_subtitle_takes_room():
    with drawing():
        assert new_frame("t", "s", height=4.0).top < new_frame("t", height=4.0).top


def test_a_figure_that_is_too_small_still_has_axes():
    with drawing():
        axes = new_frame("t", height=1.0).axes(3.0, 0.5, right=1.0, top=0.2)
    assert axes.get_position().width > 0
    assert axes.get_position().height > 0


def test_dates_have_their_ticks_and_may_hide_them():
    with drawing():
        frame = new_frame("t", height=3.0)
        axes = frame.axes(1, 1, right=5, top=2)
        format_dates(axes, sessions(5))
        texts = [text.get_text() for text in axes.get_xticklabels()]
        assert "2016-01-04" == texts[0]
        format_dates(axes, sessions(5), has_labels=False)
        assert {""} == {text.get_text() for text in axes.get_xticklabels()}


def ticks(low, high, kind):
    with drawing():
        axes = new_frame("t", height=3.0).axes(1, 1, right=5, top=2)
        axes.set_ylim(low, high)
        format_axis(axes, Axis("y", kind), which="y")
        axes.figure.draw_without_rendering()
        return [text.get_text() for text in axes.get_yticklabels()]


@pytest.mark.parametrize(
    ("low", "high", "kind"),
    [
        (0.0, 1.0, "percent"),
        (0.101, 0.1042, "percent"),
        (-0.0015, 0.0002, "number"),
        (0.5, 1.5, "integer"),
        (0, 2e7, "number"),
    ],
)
def test_ticks_of_an_axis_differ(low, high, kind):
    texts = ticks(low, high, kind)
    assert len(set(texts)) == len(texts)


def test_the_bytes_of_a_figure_hold_no_program():
    with drawing():
        frame = new_frame("t", height=1.0)
    data = encode_png(frame.figure)
    assert b"Matplotlib" not in data
    assert data == encode_png(frame.figure)


def test_an_axis_of_one_value_has_whole_ticks():
    assert 0 == canvas._tick_digits(0.0, Axis("x"))
    assert 6 == canvas._tick_digits(1e-9, Axis("x"))
    assert 0 == canvas._tick_digits(np.inf, Axis("x", "integer"))


def test_the_log_of_the_fonts_is_quiet_only_while_drawing():
    fonts = logging.getLogger("matplotlib.font_manager")
    before = fonts.level
    with drawing():
        assert logging.ERROR == fonts.level
    assert before == fonts.level

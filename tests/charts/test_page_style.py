"""Styles, script and themes of a page."""

from __future__ import annotations

from quantpits.charts.page_style import FONTS, SCRIPT, STYLE, TEMPLATES


def test_nothing_is_loaded_from_elsewhere():
    for text in (STYLE, SCRIPT, FONTS):
        assert "http" not in text
        assert "@import" not in text
        assert "url(" not in text


def test_neither_can_end_the_element_it_stands_in():
    assert "</" not in SCRIPT
    assert "</" not in STYLE


def test_braces_are_in_pairs():
    for text in (STYLE, SCRIPT):
        for left, right in ("{}", "()", "[]"):
            assert text.count(left) == text.count(right)


def test_it_prints_and_knows_two_themes():
    assert "@media print" in STYLE
    assert "prefers-color-scheme: dark" in STYLE
    assert {"light", "dark"} == set(TEMPLATES)
    light, dark = (TEMPLATES[name]["layout"]["font"]["color"] for name in ("light", "dark"))
    assert light != dark

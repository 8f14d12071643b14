"""Colours stay apart for everyone; the deficiencies are simulated."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from quantpits.charts.palette import (
    BENCHMARK,
    DIVERGING,
    N_TOLD_APART,
    OTHERS,
    SEQUENTIAL,
    SERIES,
    dash_of,
    rgb,
    series_color,
)

# Machado, Oliveira & Fernandes (2009), severity 1: in linear RGB.
DEFICIENCIES = {
    "none": np.eye(3).tolist(),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
WHITE = np.array([0.95047, 1.0, 1.08883])


def linear(color):
    part = np.array(rgb(color)) / 255
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def lab(color, deficiency):
    seen = np.clip(np.asarray(DEFICIENCIES[deficiency]) @ linear(color), 0, 1)
    scaled = TO_XYZ @ seen / WHITE
    x, y, z = np.where(scaled > 0.008856, np.cbrt(scaled), 7.787 * scaled + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_any_two_series_are_told_apart(deficiency):
    distances = [
        np.linalg.norm(lab(one, deficiency) - lab(other, deficiency))
        for one, other in combinations(SERIES, 2)
    ]
    assert min(distances) > 10


@pytest.mark.parametrize("paper", ["#ffffff", "#15181c"])
def test_lines_stand_out_from_light_and_dark_paper(paper):
    for color in (*SERIES, BENCHMARK, OTHERS):
        one, other = sorted(TO_XYZ[1] @ linear(each) for each in (color, paper))
        assert (other + 0.05) / (one + 0.05) > 1.9, color


@pytest.mark.parametrize("scale", [DIVERGING, SEQUENTIAL])
def test_scales_run_from_zero_to_one(scale):
    stops = [stop for stop, _ in scale]
    assert (0.0, 1.0) == (stops[0], stops[-1])
    assert sorted(stops) == stops


def test_a_darker_cell_is_a_higher_number_in_a_sequence():
    light = [lab(color, "none")[0] for _, color in SEQUENTIAL]
    assert sorted(light, reverse=True) == light


def test_colour_and_dash_together_tell_the_first_apart():
    looks = {(series_color(number), dash_of(number)) for number in range(N_TOLD_APART)}
    assert N_TOLD_APART == len(looks)

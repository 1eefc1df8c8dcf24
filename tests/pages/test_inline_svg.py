"""Drawings of matplotlib as parts of pages: small, apart from each other, and the same picture."""

import re

import numpy as np
import pytest
from matplotlib.figure import Figure

from deviator.pages.figure_style import figure_style, saved
from deviator.pages.inline_svg import inline_svg


def drawn(x, y):
    with figure_style():
        figure = Figure(figsize=(3, 2))
        figure.add_subplot().plot(x, y)
        return saved(figure, "svg")


def curve_of(drawing, color="#1f77b4"):
    """Return the points of the line that was plotted."""
    (path,) = re.findall(rf'<path d="([^"]*)"[^>]*style="fill:none;stroke:{color}', drawing)
    return np.array(re.findall(r"[ML]([-\d.]+) ([-\d.]+)", path), dtype=float)


def test_drawings_are_small_and_say_nothing_of_their_making():
    svg = drawn([0, 1, 2], [0.0, 1.0, 4.0])
    drawing = inline_svg(svg, "a")
    assert len(drawing) < 0.6 * len(svg)
    assert drawing.startswith('<svg viewBox="')
    assert not re.search(r"metadata|xmlns|<!--|<style|#ffffff|\bon\w+=", drawing)


def test_names_in_two_drawings_do_not_meet():
    svg = drawn([0, 1], [0.0, 1.0])
    names = [set(re.findall(r'id="([^"]*)"', inline_svg(svg, prefix))) for prefix in "ab"]
    assert names[0]
    assert not names[0] & names[1]
    for prefix, known in zip("ab", names, strict=True):
        used = set(re.findall(r"#(\w+)", inline_svg(svg, prefix))) - {"1f77b4", "000000"}
        assert used <= known


def test_straight_lines_lose_their_points_and_bent_ones_keep_their_shape():
    x = np.linspace(0, 1, 61)
    assert len(curve_of(inline_svg(drawn(x, 2 * x), "a"))) == 2
    bent = curve_of(inline_svg(drawn(x, x**2), "a"))
    assert 5 < len(bent) < 61
    across, up = np.ptp(bent, axis=0)
    places = (bent[:, 0] - bent[0, 0]) / across
    heights = (bent[0, 1] - bent[:, 1]) / up
    assert heights == pytest.approx(places**2, abs=2e-3)


def test_gaps_in_a_line_stay():
    y = np.array([0.0, 1.0, np.nan, 1.0, 0.0])
    drawing = inline_svg(drawn(np.arange(5.0), y), "a")
    assert (
        drawing.count("M") - inline_svg(drawn(np.arange(5.0), np.nan_to_num(y)), "a").count("M")
        == 1
    )

"""Rows on a common axis: what does not fit on it is an arrowhead at its end."""

from __future__ import annotations

import json

import pytest

from paribus.plots.rows import Axis, Row, draw

VALUES = (-0.9, -5.0, 0.2, -18.0)


def rows(*values):
    return [Row(f"row {place}", value, (value - 1, value + 1), "#123456") for place, value in enumerate(values)]


def drawn(*values, zero=True):
    """The axis, the dots on it and how many arrowheads there are."""
    layers = draw(rows(*values), Axis("difference", zero=zero), (), "title").spec["layer"]
    layers = [one for one in layers if "data" in one]
    large = next(one for one in layers if one["mark"].get("size") == 90)
    arrows = [one for one in layers if "triangle" in json.dumps(one["mark"])]
    return (
        large["encoding"]["x"]["scale"]["domain"],
        [point["x"] for point in large["data"]["values"]],
        sum(len(one["data"]["values"]) for one in arrows),
    )


@pytest.mark.parametrize("far", [-76.0, 76.0])
def test_a_difference_that_dwarfs_all_others_is_an_arrowhead(far):
    (low, high), dots, arrows = drawn(*VALUES, far)
    assert -30 < low < -19
    assert 0 < high < 10
    assert (dots, arrows) == (list(VALUES), 1)


@pytest.mark.parametrize("values", [(*VALUES, -50.0), (0.1, 0.2, 9.0)])
def test_others_are_on_the_axis(values):
    (low, high), dots, arrows = drawn(*values)
    assert low <= min(values)
    assert high >= max(values)
    assert (dots, arrows) == (list(values), 0)


def test_levels_are_all_on_the_axis():
    assert drawn(80.0, 81.0, 82.0, 83.0, 10.0, zero=False)[1:] == ([80.0, 81.0, 82.0, 83.0, 10.0], 0)

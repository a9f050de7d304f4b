"""Curves of activations show the numbers of their functions; a page holds them without a script."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from paribus.plots.activations import activations, depths
from paribus.reports.activations import as_html, as_text
from paribus.theory.activations import ACTIVATIONS, activation, sheets, through_depth


def curves(panel: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The points of f′ and of f."""
    lines = [layer for layer in panel["layer"] if layer["mark"].get("type") == "line"]
    values, slopes = (layer["data"]["values"] for layer in lines)
    return slopes, values


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_H19_curves_are_the_function_and_its_slope(name):
    f = activation(name)
    (panel,) = activations([f]).spec["concat"]
    for points, function in zip(curves(panel), (f.slope, f.value), strict=True):
        x, y = (np.array([point[key] for point in points]) for key in "xy")
        np.testing.assert_allclose(y, function(x), rtol=1e-12)
        assert x.min() == pytest.approx(-5, abs=1e-5)
        assert x.max() == pytest.approx(5, abs=1e-5)


def test_slopes_are_cut_at_kinks():
    slopes, _ = curves(activations([activation("hardtanh")]).spec["concat"][0])
    assert {point["piece"]: {p["y"] for p in slopes if p["piece"] == point["piece"]} for point in slopes} == {
        "0": {0.0}, "1": {1.0}, "2": {0.0}
    }  # fmt: skip


def test_every_activation_has_a_panel_and_all_of_them_draw():
    chart = activations(list(ACTIVATIONS.values()))
    assert len(chart.spec["concat"]) == len(ACTIVATIONS)
    assert float(ElementTree.fromstring(chart.svg()).get("width", 0)) < 1000


def test_depths_are_drawn_as_measured_from_one_on():
    way = through_depth("tanh", depth=4, width=8)
    chart = depths([way])
    rows = chart.spec["layer"][0]["data"]["values"]
    assert [row["y"] for row in rows] == [1.0, *way.gradient]
    json.loads(chart.json(), parse_constant=pytest.fail)


def test_H19_the_page_holds_formulas_curves_and_values_and_no_script():
    page = as_html(sheets())
    assert page.count("<svg") == page.count("<section") == len(ACTIVATIONS)
    assert page.count("<math") == 2 * len(ACTIVATIONS)
    assert "<script" not in page
    assert "src=" not in page
    assert "http://www.w3.org/1998/Math/MathML" in page


def test_one_sheet_as_text_and_several_as_a_table():
    one, many = as_text(sheets(["gelu"])), as_text(sheets(["gelu", "relu"]))
    assert "Hendrycks" in one
    assert "0.841345" in one
    assert [line.split()[0] for line in many.splitlines()[2:4]] == ["gelu", "relu"]
    assert "verified" in one
    assert "verified" in many

"""The picture of a graph names its parts and is well-formed."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from paribus.scratch import ScratchError, Tensor, svg
from paribus.scratch.drawing import draw


def test_values_and_gradients_are_shown() -> None:
    w, x = Tensor([2.0, -1.0], requires_grad=True, name="w"), Tensor([3.0, 0.5], name="<x>")
    y = (w * x).sum().tanh()
    picture = draw(y)
    words = [element.text for element in ElementTree.fromstring(picture).iter() if element.text]
    assert {"w", "<x>", "multiply", "sum", "tanh", "[ 2. -1.]", "[ 6.  -0.5]"} <= set(words)
    assert sum(word.startswith("grad") for word in words) == 4  # not x, which needs none


def test_large_tensors_show_their_shape_and_large_graphs_are_refused() -> None:
    x = Tensor(np.ones((3, 4)), requires_grad=True)
    assert "3×4" in draw(x * 2.0)
    y = x
    for _ in range(300):
        y = y + 1.0
    with pytest.raises(ScratchError, match="301 nodes"):
        draw(y)


def test_a_leaf_alone() -> None:
    assert "leaf" in draw(Tensor(1.0, requires_grad=True))


def test_chart_is_well_formed() -> None:
    lines = {"a & b": [(0.0, 1.0), (1.0, 10.0)], "c": [(0.0, 100.0), (1.0, 10.0)]}
    for log in (True, False):
        assert ElementTree.fromstring(svg.chart(lines, "title", "x", "y", log=log)) is not None

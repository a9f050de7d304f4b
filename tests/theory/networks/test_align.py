"""RoI Align against torch's grid_sample, which knows nothing of boxes and bins, RoI Pool against adaptive pooling."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from paribus.errors import TheoryError
from paribus.theory.networks import roi_align, roi_pool


def torch_align(x, box, size, samples):
    """Sample points by linspace-like arithmetic in torch, read by grid_sample, averaged."""
    (y0, x0, y1, x1), (h, w) = box, x.shape
    rows = y0 + (torch.arange(size[0] * samples, dtype=float) + 0.5) * (y1 - y0) / (size[0] * samples)
    columns = x0 + (torch.arange(size[1] * samples, dtype=float) + 0.5) * (x1 - x0) / (size[1] * samples)
    grid = torch.stack(torch.meshgrid(2 * columns / (w - 1) - 1, 2 * rows / (h - 1) - 1, indexing="xy"), -1)
    read = torch.nn.functional.grid_sample(x[None, None], grid[None], align_corners=True)
    return torch.nn.functional.avg_pool2d(read, samples)[0, 0]


def random_box(rng, h, w):
    (y0, y1), (x0, x1) = (np.sort(rng.uniform(0, n - 1, size=2)) for n in (h, w))
    return {"y0": y0, "x0": x0, "y1": y1, "x1": x1}


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (2, 3)])
@pytest.mark.parametrize("samples", [1, 2, 3])
def test_H10_printed_formulas_equal_torch(size, samples, pasted):
    found, rng = roi_align(size=size, samples=samples), np.random.default_rng(samples)
    for _ in range(10):
        h, w = map(int, rng.integers(3, 9, size=2))
        box, x, above = random_box(rng, h, w), rng.normal(size=(h, w)), rng.normal(size=size)
        leaf = torch.tensor(x, requires_grad=True)
        edges = {name: torch.tensor(edge, requires_grad=True) for name, edge in box.items()}
        y = torch_align(leaf, tuple(edges.values()), size, samples)
        y.backward(torch.tensor(above))
        names = pasted(found, {"X": x, "G": above, **box})
        assert names["Y"] == pytest.approx(y.detach().numpy(), rel=1e-9, abs=1e-12)
        assert names["dX"] == pytest.approx(leaf.grad.numpy(), rel=1e-9, abs=1e-12)
        assert names["dy0"] == pytest.approx(edges["y0"].grad.item(), rel=1e-8, abs=1e-10)


def test_H10_whole_shifts_change_nothing_and_fractions_move_align_alone(pasted):
    found = roi_align(size=(2, 2))
    shifts, aligned, pooled = zip(*found.tables[-1].rows, strict=True)
    for shift, row in zip(shifts, aligned, strict=True):
        assert [float(v) - shift for v in row.strip("[]").split(",")] == pytest.approx([2.3, 4.3])
    assert len(set(pooled)) == 2  # in five steps of a quarter pixel it jumps once
    rng = np.random.default_rng(0)
    x, box = rng.normal(size=(6, 7)), {"y0": 1.2, "x0": 0.7, "y1": 3.9, "x1": 4.4}
    here = pasted(found, {"X": x, "G": np.ones((2, 2)), **box})["Y"]
    moved = {name: edge + (3 if name[0] == "y" else 2) for name, edge in box.items()}
    there = pasted(found, {"X": np.pad(x, ((3, 0), (2, 0))), "G": np.ones((2, 2)), **moved})["Y"]
    assert there == pytest.approx(here, rel=1e-12)


def test_H10_pool_of_a_whole_map_is_adaptive_pooling():
    x = np.random.default_rng(0).normal(size=(7, 9))
    expected = torch.nn.functional.adaptive_max_pool2d(torch.tensor(x)[None], (3, 2))[0].numpy()
    assert roi_pool(x, (0, 0, 6, 8), (3, 2)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"box": (0, 0, 9, 9)}, "lies within rows 0 to 4"),
        ({"box": (2, 0, 1, 3)}, "has an area"),
        ({"box": (1, 2, 3)}, "y0, x0, y1, x1"),
        ({"size": (0, 2)}, "at least 1"),
        ({"samples": 0}, "at least 1"),
        ({"upstream": [1.0]}, r"\(2, 2\)"),
    ],
)
def test_boxes_that_do_not_fit(settings, message):
    with pytest.raises(TheoryError, match=message):
        roi_align(**settings)

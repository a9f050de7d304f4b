"""Curves of deletion and insertion, where what the network uses is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from paribus.analysis.attention.faithful import FRACTIONS, area, centre, curves, edges, rankings, shuffled
from paribus.analysis.attention.question import Question

SIZE = 16


class Corner(nn.Module):
    """Says class 1 by how much of the upper left corner is bright."""

    def forward(self, x: Tensor) -> Tensor:
        share = x[:, 0, :4, :4].mean((1, 2))
        return torch.stack([1 - share, share], 1)


class Shares:
    """A task whose outputs are probabilities."""

    def predict(self, network: nn.Module, inputs: Tensor) -> Tensor:
        found: Tensor = network(inputs)
        return found


ASKED = Question(torch.ones(3, 1, SIZE, SIZE), torch.ones(3, dtype=torch.int64))
EMPTY = torch.zeros(1, 1, 1)


def of(importance: Tensor) -> tuple[np.ndarray, np.ndarray]:
    return curves(Shares(), Corner(), ASKED, importance.expand(3, -1, -1), EMPTY)


def test_who_knows_the_pixels_that_count_finds_the_best_curves():
    known = torch.zeros(SIZE, SIZE)
    known[:4, :4] = 1
    deleted, inserted = of(known)
    assert deleted[0].tolist() == [1.0] + [0.0] * 16  # the corner is a sixteenth of the picture, the first step
    assert inserted[0].tolist() == [0.0] + [1.0] * 16
    assert area(deleted) == pytest.approx([1 / 32] * 3)
    worst = of(-known)
    assert area(worst[0]) == pytest.approx([31 / 32] * 3)
    assert area(worst[1]) == pytest.approx([1 / 32] * 3)


def test_curves_go_from_the_picture_to_nothing_and_back():
    deleted, inserted = of(torch.rand(SIZE, SIZE, generator=torch.Generator().manual_seed(0)))
    assert (deleted[:, 0].tolist(), deleted[:, -1].tolist()) == ([1.0] * 3, [0.0] * 3)
    assert (inserted[:, 0].tolist(), inserted[:, -1].tolist()) == ([0.0] * 3, [1.0] * 3)
    assert np.allclose(deleted + inserted, 1)  # here each pixel counts the same with and without the others
    assert FRACTIONS[0] == 0
    assert FRACTIONS[-1] == 1


def test_baselines_know_the_picture_at_most():
    inputs = torch.zeros(2, 3, SIZE, SIZE)
    inputs[:, :, :, 9:] = 255
    strong = edges(inputs)[0]
    assert set(strong.argmax(1).tolist()) <= {8, 9}
    assert float(strong[:, :7].abs().max()) == 0
    blob = centre(torch.Size((SIZE, SIZE)))
    assert blob.argmax().item() in (7 * SIZE + 7, 7 * SIZE + 8, 8 * SIZE + 7, 8 * SIZE + 8)
    torch.testing.assert_close(blob, blob.flip(0, 1))
    raw = torch.randn(2, 4, 4, generator=torch.Generator().manual_seed(0))
    mixed = shuffled(raw)
    assert not torch.equal(mixed, raw)
    assert torch.equal(mixed.flatten(1).sort(1).values, raw.flatten(1).sort(1).values)
    assert {one.shape for one in rankings(inputs, raw).values()} == {(2, SIZE, SIZE)}

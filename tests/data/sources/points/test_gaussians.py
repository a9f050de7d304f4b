"""The mixture of Gaussians has the centres and deviations that it says it has."""

import numpy as np
import pytest

from paribus.data.prepare import cache
from paribus.data.sources.points.gaussians import Gaussians, grid, ring


@pytest.mark.parametrize(
    ("layout", "modes", "centres"), [("ring", 8, 8), ("ring", 3, 3), ("grid", 25, 25), ("grid", 10, 16)]
)
def test_points_lie_around_their_centres(layout, modes, centres):
    dataset = cache.load(Gaussians(modes=modes, deviation=0.1, layout=layout, examples=16_000))
    assert len(dataset) == 16_000
    assert len(dataset.classes) == len(dataset.metadata.points.centres) == centres
    counts = dataset.targets.bincount()
    assert counts.max() - counts.min() <= 1
    gaps = dataset.inputs.numpy() - np.array(dataset.metadata.points.centres)[dataset.targets.numpy()]
    assert gaps.std(0) == pytest.approx([0.1, 0.1], rel=4 / np.sqrt(2 * 16_000))  # 4 standard errors of a deviation
    assert np.abs(gaps.mean(0)).max() < 4 * 0.1 / np.sqrt(16_000)


def test_centres():
    assert np.linalg.norm(ring(8), axis=1) == pytest.approx([2] * 8)
    assert np.linalg.norm(ring(8)[1] - ring(8)[0]) == pytest.approx(4 * np.sin(np.pi / 8))
    assert grid(9).shape == (9, 2)
    assert set(grid(9)[:, 0]) == {-2.0, 0.0, 2.0}


def test_options_are_the_identity():
    assert cache.identity(Gaussians()) == cache.identity(Gaussians(modes=8))
    assert cache.identity(Gaussians()) != cache.identity(Gaussians(deviation=0.06))

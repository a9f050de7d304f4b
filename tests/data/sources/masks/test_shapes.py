"""Generated scenes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from paribus.data.prepare import cache
from paribus.data.sources.masks.labels import IGNORE
from paribus.data.sources.masks.shapes import INSIDE, Scenes, another_colour, outline

AREAS = {"disc": np.pi, "square": 1.6**2, "triangle": 3 * 3**0.5 / 4, "ring": np.pi * 0.7}  # for radius 1


@pytest.mark.parametrize("name", INSIDE)
def test_shapes_have_their_areas(name):
    y, x = np.mgrid[-1:1:400j, -1:1:400j]
    # on a grid of 400 × 400, the border of a shape is about 1 % of its pixels
    assert INSIDE[name](x, y).mean() * 4 == pytest.approx(AREAS[name], rel=0.01)
    angle = {"triangle": 2 * np.pi / 3, "square": np.pi / 2}.get(name, 1.0)
    turned = INSIDE[name](np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x)
    assert (turned == INSIDE[name](x, y)).mean() > 0.995


def test_a_scene_shows_what_its_mask_says():
    source = Scenes(size=64, noise=0.0)
    picture, mask = source.scene(5)
    assert picture.shape == (3, 64, 64)
    assert set(np.unique(mask)) <= set(range(5))
    assert len(np.unique(mask)) > 1
    inside = ndimage.binary_erosion(mask == mask.max())
    steps = np.abs(np.diff(picture.astype(int), axis=2)).max(0)  # within a shape colours change slowly
    at_border = mask[:, 1:] != mask[:, :-1]
    assert steps[at_border].mean() > 3 * steps[inside[:, 1:] & inside[:, :-1]].mean()


def test_no_shape_hides_on_a_ground_of_its_colour():
    for number in range(200):
        draw, used = np.random.default_rng(number), []
        for _ in range(6):  # the ground and five shapes, as many as there can be
            used.append(another_colour(draw, used))
        distances = [np.linalg.norm(one - other) for place, one in enumerate(used) for other in used[:place]]
        assert min(distances) > 45  # grey levels; the noise of a pixel is 20, and a shape has hundreds of pixels


def test_scenes_are_a_function_of_seed_and_number():
    assert all((a == b).all() for a, b in zip(Scenes(seed=1).scene(3), Scenes(seed=1).scene(3), strict=True))
    assert (Scenes(seed=1).scene(3)[0] != Scenes(seed=2).scene(3)[0]).any()
    noisy, clean = Scenes(size=256).scene(0), Scenes(size=256, noise=0.0).scene(0)
    assert (noisy[1] == clean[1]).all()
    unclipped = (clean[0] > 60) & (clean[0] < 195)
    # 100,000 values: 20 to within 1 %, and rounding adds 1/12 to the variance
    assert (noisy[0].astype(float) - clean[0])[unclipped].std() == pytest.approx(20, rel=0.01)


def test_every_class_occurs_and_borders_can_be_left_out():
    dataset = cache.load(Scenes(pictures=40, size=32))
    assert (dataset.counts.sum(0) > 0).all()
    assert dataset.counts.sum() == 40 * 32 * 32
    bordered = cache.load(Scenes(pictures=40, size=32, border=True))
    left_out = bordered.targets == IGNORE
    assert 0.02 < left_out.float().mean() < 0.4
    assert torch.equal(bordered.targets[~left_out], dataset.targets[~left_out])


def test_outlines_stay_in_reach():
    for number in range(20):
        inside = outline(np.random.default_rng(number), "disc", 50)
        assert 0 < inside.sum() <= np.pi * 15**2 * 1.05

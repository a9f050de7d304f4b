"""Generated scenes and textures, pieces of photographs, and nuclei."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage

from paribus.chance import Seeds
from paribus.data.prepare import cache
from paribus.data.sources.images.patches import Patches, bsd, cut
from paribus.data.sources.images.textures import Textures
from paribus.data.sources.masks.labels import IGNORE
from paribus.data.sources.masks.nuclei import Nuclei, borders
from paribus.data.sources.masks.shapes import INSIDE, Scenes, outline
from paribus.errors import DataError
from paribus.records.recipe import Split

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


def test_textures_are_clean_and_differ():
    dataset = cache.load(Textures(pictures=20, size=32))
    assert dataset.inputs.shape == (20, 1, 32, 32)
    assert dataset.classes == ()
    assert not dataset.joint
    assert len(dataset.inputs.flatten(1).unique(dim=0)) == 20
    noise = (dataset.inputs[:, 0, 1:].int() - dataset.inputs[:, 0, :-1].int()).abs().float().median()
    assert noise < 12  # neighbouring pixels are alike


def test_borders_of_touching_nuclei():
    numbers = np.array([[[0, 1, 1, 2], [0, 1, 1, 2], [0, 1, 1, 2]]], np.uint16)
    assert borders(numbers).astype(int).tolist() == [[[0, 1, 1, 1]] * 3]
    assert not borders(np.full((1, 5, 5), 7, np.uint16)).any()


def test_pieces_lie_side_by_side_about_the_middle():
    picture = np.arange(7 * 11).reshape(1, 7, 11)
    pieces = list(cut(picture, 3))
    assert len(pieces) == 2 * 3
    assert pieces[0].tolist() == picture[:, 0:3, 1:4].tolist()
    assert pieces[-1].tolist() == picture[:, 3:6, 7:10].tolist()
    with pytest.raises(DataError, match=r"8 × 8 pixels or more\n.*: 11 × 7"):
        list(cut(picture, 8))


def test_pieces_of_a_picture_stay_together(tmp_path):
    for number in range(6):
        pixels = np.full((20, 33), number * 10, np.uint8)
        (tmp_path / ("new" if number == 5 else "old")).mkdir(exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / ("new" if number == 5 else "old") / f"{number}.png")
    dataset = cache.load(Patches(str(tmp_path), size=10, train="old", test="new"))
    assert dataset.official == {"train": (0, 30), "test": (30, 36)}
    rows = dataset.split(Split(val=0.2), Seeds(0))
    apart = [set(dataset.inputs[rows[part]].flatten().tolist()) for part in ("train", "val", "test")]
    assert apart[2] == {50}
    assert len(apart[1]) == 1
    assert not apart[0] & apart[1]


def test_folders_that_cannot_serve_are_named(tmp_path):
    with pytest.raises(DataError, match=r"is missing\n.*nowhere"):
        cache.load(Patches(str(tmp_path / "nowhere")))
    with pytest.raises(DataError, match="holds no pictures"):
        cache.load(Patches(str(tmp_path)))
    with pytest.raises(DataError, match=r"read from dsb2018_256.npz"):
        cache.load(Nuclei(str(tmp_path)))
    (tmp_path / "dsb2018_256.npz").write_bytes(b"PK\x03\x04 broken")
    with pytest.raises(DataError, match="is damaged"):
        cache.load(Nuclei(str(tmp_path)))
    np.savez(tmp_path / "dsb2018_256.npz", images=np.zeros((2, 8, 8), np.uint8), labels=np.zeros((2, 8, 8), np.uint16))
    with pytest.raises(DataError, match="have the shape"):
        cache.load(Nuclei(str(tmp_path)))


@pytest.mark.realdata
def test_nuclei_as_published(real_data):
    dataset, bordered = cache.load(Nuclei()), cache.load(Nuclei(border=True))
    assert dataset.inputs.shape == (220, 1, 256, 256)
    assert dataset.counts[:, 1].min() > 0  # every picture shows a nucleus
    assert 0.05 < dataset.counts[:, 1].sum() / dataset.targets.numel() < 0.1
    assert torch.equal(bordered.targets > 0, dataset.targets > 0)
    # nuclei are brighter than the background
    inside, outside = dataset.inputs[:, 0][dataset.targets == 1], dataset.inputs[:, 0][dataset.targets == 0]
    assert inside.float().mean() > 2 * outside.float().mean()


@pytest.mark.realdata
def test_photographs_as_published(real_data):
    dataset = cache.load(bsd())
    assert {part: stop - start for part, (start, stop) in dataset.official.items()} == {"train": 1800, "test": 46 * 40}
    assert dataset.groups[:10].tolist() == [0] * 9 + [1]

"""Driving scenes."""

from __future__ import annotations

import numpy as np
import pytest

from paribus.data.prepare import cache
from paribus.data.sources.masks.carla import CARLA, carla
from paribus.data.sources.masks.labels import IGNORE

LABELS = np.zeros((24, 32), np.uint8)
LABELS[6:, 8:] = 1
LABELS[:3, :3] = 2


def test_recordings_of_the_carla_simulator(tmp_path, picture):
    picture(tmp_path / "CameraRGB/000.png", size=(32, 24))
    red = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    red[..., 0] = LABELS
    picture(tmp_path / "CameraSeg/000.png", red)
    dataset = cache.load(carla(str(tmp_path), (24, 32), images="CameraRGB", masks="CameraSeg", suffix=None, ignore=0))
    assert dataset.classes == tuple(CARLA)
    assert (dataset.targets[0] == np.where(LABELS == 0, IGNORE, LABELS)).all()


@pytest.mark.realdata
def test_carla_pairs(real_data):
    dataset = cache.load(carla(ignore=0))
    assert dataset.classes == tuple(CARLA)
    assert len(dataset) == 5
    assert (dataset.counts.sum(0)[[6, 7, 9]] > 0).all()  # road lines, road, vegetation
    assert dataset.counts[:, 0].sum() == 0

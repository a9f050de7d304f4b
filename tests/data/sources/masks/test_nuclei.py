"""Nuclei and their borders."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from paribus.data.prepare import cache
from paribus.data.sources.masks.nuclei import Nuclei, borders
from paribus.errors import DataError


def test_borders_of_touching_nuclei():
    numbers = np.array([[[0, 1, 1, 2], [0, 1, 1, 2], [0, 1, 1, 2]]], np.uint16)
    assert borders(numbers).astype(int).tolist() == [[[0, 1, 1, 1]] * 3]
    assert not borders(np.full((1, 5, 5), 7, np.uint16)).any()


def test_a_file_that_cannot_serve_is_named(tmp_path):
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

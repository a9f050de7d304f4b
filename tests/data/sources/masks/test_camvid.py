"""CamVid."""

from __future__ import annotations

import pytest

from paribus.data.prepare import cache
from paribus.data.sources.masks.camvid import CAMVID, camvid
from paribus.data.sources.masks.labels import IGNORE


@pytest.mark.realdata
def test_camvid_as_published(real_data):
    dataset = cache.load(camvid())
    assert dataset.classes == tuple(CAMVID)
    assert {part: stop - start for part, (start, stop) in dataset.official.items()} == {"train": 367, "val": 101}
    assert dataset.inputs.shape == (468, 3, 120, 160)
    shares = dataset.counts.sum(0) / dataset.targets.numel()
    assert 0.01 < (dataset.targets == IGNORE).float().mean() < 0.1
    # road and building are most of a street, poles and bicyclists the least
    assert set(shares.topk(2).indices.tolist()) == {dataset.classes.index("road"), dataset.classes.index("building")}
    assert shares[dataset.classes.index("pole")] < 0.02

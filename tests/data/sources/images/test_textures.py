"""Generated textures."""

from __future__ import annotations

from paribus.data.prepare import cache
from paribus.data.sources.images.textures import Textures


def test_textures_are_clean_and_differ():
    dataset = cache.load(Textures(pictures=20, size=32))
    assert dataset.inputs.shape == (20, 1, 32, 32)
    assert dataset.classes == ()
    assert dataset.columns["targets"].kind == "other"
    assert len(dataset.inputs.flatten(1).unique(dim=0)) == 20
    noise = (dataset.inputs[:, 0, 1:].int() - dataset.inputs[:, 0, :-1].int()).abs().float().median()
    assert noise < 12  # neighbouring pixels are alike

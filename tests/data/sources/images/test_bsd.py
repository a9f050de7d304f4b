"""Photographs."""

from __future__ import annotations

import pytest

from paribus.data.prepare import cache
from paribus.data.sources.images.bsd import bsd


@pytest.mark.realdata
def test_photographs_as_published(real_data):
    dataset = cache.load(bsd())
    assert {part: stop - start for part, (start, stop) in dataset.official.items()} == {"train": 1800, "test": 46 * 40}
    assert dataset.groups[:10].tolist() == [0] * 9 + [1]

"""The generated labels."""

from __future__ import annotations

import pytest
import torch

from paribus.data.prepare import cache
from paribus.data.sources.text.lookahead import Lookahead


@pytest.mark.parametrize(("ahead", "stay"), [(1, 0.6), (2, 0.6), (3, 0.0), (2, 0.25)])
def test_the_ceiling_is_that_of_the_best_guess(ahead, stay):
    source = Lookahead(sequences=20_000, length=8, ahead=ahead, stay=stay)
    data = cache.load(source)
    tokens, labels = data.inputs, data.targets
    assert torch.equal(labels[:, : 8 - ahead], tokens[:, ahead:])
    assert torch.equal(labels[:, 8 - ahead :], tokens[:, 8 - ahead :])
    best = 0
    for place in range(8):  # what the letter read last says of the label, counted
        pairs = (tokens[:, place] * 4 + labels[:, place]).bincount(minlength=16).view(4, 4)
        best += int(pairs.max(1).values.sum())
    # counting picks the luckiest of equals: with 5,000 of each letter that is worth less than 0.01
    assert best / labels.numel() == pytest.approx(source.ceiling(), abs=0.012)

"""Networks that lose what they learned, layer by layer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from tests.analysis.attention.nets import Averaged, made, question
from torch import nn

from paribus.analysis.attention.methods import Way
from paribus.analysis.attention.randomised import anew, cascade, likeness, rank_correlation, weighted
from paribus.models.cnn import CNN

LAYERS = ["first", "second", "output"]


def test_layers_become_random_from_the_output_down_and_the_trained_network_stays():
    network, inputs = made(Averaged), question().inputs[:1]
    before = {name: value.clone() for name, value in network.state_dict().items()}
    assert weighted(network, inputs) == LAYERS
    for place, (layer, mixed) in enumerate(cascade(network, inputs, 0), 1):
        assert layer == LAYERS[-place]
        for name, value in mixed.named_parameters():
            assert torch.equal(value, before[name]) == (name.partition(".")[0] in LAYERS[:-place]), name
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert place == 3


def test_deep_networks_take_ten_steps_and_batch_norm_forgets_its_statistics():
    network = CNN((1, 16, 16), 3, widths=(2, 2), depth=6, norm="batch").eval()
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.fill_(3.0)
                module.weight.fill_(2.0)
    layers = list(cascade(network, torch.randn(1, 1, 16, 16), 0))
    assert len(layers) == 10
    _, last = layers[-1]
    assert float(last.stages[0].layers[0].norm.running_mean.abs().max()) == 0
    pairs = zip(last.parameters(), network.parameters(), strict=True)
    assert not any(torch.equal(a, b) for a, b in pairs if a.numel() > 2)


def test_equal_seeds_draw_equal_weights_and_others_do_not():
    network = made(Averaged)
    one, same, other = (anew(network, seed).first.weight for seed in (0, 0, 1))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_weights_that_a_constructor_loads_lose_their_order():
    network = made(Averaged)
    network.loaded = ["first"]
    drawn = anew(network, 0).first.weight
    assert not torch.equal(drawn, network.first.weight)
    assert torch.equal(drawn.flatten().sort().values, network.first.weight.flatten().sort().values)


def test_rank_correlations_are_those_of_scipy_with_ties_and_none_of_a_map_that_is_flat():
    generator = torch.Generator().manual_seed(0)
    ours, theirs = (torch.randn(5, 4, 4, generator=generator).relu() for _ in range(2))
    expected = [spearmanr(x.flatten(), y.flatten()).statistic for x, y in zip(ours, theirs, strict=True)]
    assert rank_correlation(ours, theirs) == pytest.approx(np.array(expected))
    assert rank_correlation(ours, torch.ones(5, 4, 4)).tolist() == [0.0] * 5


def test_likeness_is_by_draw_and_picture_and_one_only_for_the_same_maps(monkeypatch):
    network, asked = made(Averaged), question(size=12)
    ranks, ssims, seen = likeness(network, asked, Way("gradcam", "last", torch.zeros(3, 1, 1)), range(2))
    assert list(ranks) == list(ssims) == list(seen) == LAYERS[::-1]
    assert {table.shape for table in (*ranks.values(), *ssims.values())} == {(2, 4)}
    assert all(np.abs(table).max() < 0.999 for table in ranks.values())
    assert seen["first"].shape == (6, 6)

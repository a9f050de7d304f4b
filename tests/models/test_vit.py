"""The vision transformer: attention as torch has it, and what it knows of places."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from paribus.errors import RecipeError
from paribus.models.initialisation import initialise
from paribus.models.vit import Attention, ViT

SMALL = {"width": 12, "depth": 2, "heads": 3}


def shuffled(pictures: torch.Tensor, patch: int, order: torch.Tensor) -> torch.Tensor:
    """Pictures (B, C, H, W) whose patches stand in another order."""
    columns = nn.functional.unfold(pictures, patch, stride=patch)[:, :, order]
    return nn.functional.fold(columns, pictures.shape[2:], patch, stride=patch)


def test_attention_is_that_of_torch():
    torch.manual_seed(0)
    ours, theirs = Attention(12, 3).double(), nn.MultiheadAttention(12, 3, batch_first=True).double()
    layers = (ours.query, ours.key, ours.value)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([layer.weight for layer in layers]))
        theirs.in_proj_bias.copy_(torch.cat([layer.bias for layer in layers]))
        theirs.out_proj.load_state_dict(ours.mix.state_dict())
    x = torch.randn(2, 7, 12, dtype=torch.float64)
    torch.testing.assert_close(ours(x), theirs(x, x, x)[0])


@pytest.mark.parametrize("pooling", ["token", "average"])
def test_T29_without_positions_the_order_of_the_patches_does_not_matter(pooling):
    x, order = torch.rand(3, 3, 16, 16), torch.randperm(16, generator=torch.Generator().manual_seed(1))
    moved = shuffled(x, 4, order)
    assert not torch.equal(moved, x)
    for positions in (False, True):
        net = ViT((3, 16, 16), 5, **SMALL, pooling=pooling, positions=positions).eval()
        initialise(net, 0)
        same = torch.allclose(net(moved), net(x), atol=1e-5)
        assert same != positions


def test_a_patch_is_seen_by_a_linear_layer():
    net, x = ViT((3, 8, 8), 5, **SMALL, patch=4), torch.rand(2, 3, 8, 8)
    first = x[:, :, :4, 4:].flatten(1) @ net.patches.weight.flatten(1).T + net.patches.bias
    torch.testing.assert_close(net.patches(x)[:, :, 0, 1], first)


def test_arms_with_and_without_a_token_share_all_layers_and_positions_are_drawn_from_the_key():
    nets = [ViT((3, 8, 8), 5, **SMALL, pooling=pooling) for pooling in ("token", "average")]
    for net in nets:
        initialise(net, 4)
    one, other = (dict(net.named_parameters()) for net in nets)
    assert one.keys() - other.keys() == {"token"}
    assert all(torch.equal(one[name], other[name]) for name in other if name != "positions")
    assert one["positions"].std().item() == pytest.approx(0.02, rel=0.3)


@pytest.mark.parametrize(
    ("shape", "options", "words"),
    [
        ((3, 32, 24), {"patch": 16}, r"16 must divide(.|\n)*32×24(.|\n)*one of 1, 2, 4, 8"),
        ((3, 32, 32), {"width": 10, "heads": 4}, r"evenly(.|\n)*model.width=10, model.heads=4"),
    ],
)
def test_what_cannot_be_cut_evenly_is_refused(shape, options, words):
    with pytest.raises(RecipeError, match=words):
        ViT(shape, 5, **options)

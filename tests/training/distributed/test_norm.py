"""Batch norm over several processes and over parts of a batch, against torch's own."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from paribus.data.deliver.loader import Batch
from paribus.errors import RecipeError
from paribus.ranks import Share, Span
from paribus.training.distributed.group import Piece, Several
from paribus.training.distributed.norm import Normed


def layer(dimensions: int = 2) -> nn.Module:
    made = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d}[dimensions](3)
    nn.init.uniform_(made.weight)
    nn.init.normal_(made.bias)
    return made


def copied(one: nn.Module) -> nn.Module:
    other = type(one)(3)
    other.load_state_dict(one.state_dict())
    return other


def taught(norm: nn.Module, x: torch.Tensor, slopes: torch.Tensor) -> dict[str, torch.Tensor]:
    """All that a step leaves behind."""
    x = x.clone().requires_grad_()
    y = norm(x)
    (y * slopes).sum().backward()
    return {
        "output": y.detach(),
        "input": x.grad,
        "weight": norm.weight.grad,
        "bias": norm.bias.grad,
        "mean": norm.running_mean,
        "var": norm.running_var,
    }


@pytest.mark.parametrize("shape", [(6, 3), (6, 3, 4), (6, 3, 4, 5)])
def test_over_one_process_it_is_torchs_own(shape):
    torch.manual_seed(0)
    x, slopes, plain = 3 + 2 * torch.randn(shape), torch.randn(shape), layer(min(2, max(1, len(shape) - 2)))
    ours = copied(plain)
    expected = taught(plain, x, slopes)
    with Normed(lambda tensor: tensor, [], 1):
        found = taught(ours, x, slopes)
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=1e-4, atol=1e-5, msg=name)


def test_parts_are_normalised_each_on_its_own_and_running_figures_are_their_means():
    torch.manual_seed(0)
    x, slopes, plain = torch.randn(7, 3, 4, 4), torch.randn(7, 3, 4, 4), layer()
    ours, several = copied(plain), [copied(plain) for _ in range(2)]
    with Normed(lambda tensor: tensor, [4, 3], 2):
        found = taught(ours, x, slopes)
    parts = [taught(*given) for given in zip(several, x.split([4, 3]), slopes.split([4, 3]), strict=True)]
    for name in ("output", "input"):
        torch.testing.assert_close(found[name], torch.cat([part[name] for part in parts]), msg=name)
    for name in ("weight", "bias"):
        torch.testing.assert_close(found[name], sum(part[name] for part in parts), msg=name)
    for name in ("mean", "var"):
        torch.testing.assert_close(found[name], sum(part[name] for part in parts) / 2, msg=name)


def test_two_views_of_a_batch_are_in_the_part_of_their_examples():
    torch.manual_seed(0)
    first, second = torch.randn(2, 6, 3)
    with Normed(lambda tensor: tensor, [3, 3], 2):
        found = layer(1)(torch.cat([first, second])).chunk(2)
    torch.manual_seed(0)
    torch.randn(2, 6, 3)
    expected = layer(1)(torch.cat([first[:3], second[:3]])).chunk(2)
    for view, wanted in zip(found, expected, strict=True):
        torch.testing.assert_close(view[:3], wanted)


def test_in_evaluation_nothing_is_exchanged():
    def refuse(tensor: torch.Tensor) -> torch.Tensor:
        raise AssertionError

    norm = layer().eval()
    x = torch.randn(2, 3, 4, 4)
    with Normed(refuse, [], 2):
        assert torch.equal(norm(x), copied(norm).eval()(x))


def test_second_derivatives_are_refused_over_processes_and_there_by_parts():
    def penalty() -> None:
        x = torch.randn(4, 3, requires_grad=True)
        (slope,) = torch.autograd.grad(layer(1)(x).square().sum(), x, create_graph=True)
        slope.square().sum().backward()

    with Normed(lambda tensor: tensor, [2, 2], 2):
        penalty()
    several = Several(Share(0, 1), ghosts=False, failed=lambda error: error)
    several.total = lambda tensor: tensor  # type: ignore[method-assign]
    batch = Batch(torch.zeros(4, 3), torch.zeros(4), torch.arange(4))
    with pytest.raises(RecipeError, match="second derivatives"), several.at(Piece(batch, Span(0, 4, 4)), draws=True):
        penalty()


def test_a_mean_that_is_far_larger_than_the_deviation_leaves_the_variance_its_digits():
    torch.manual_seed(0)
    x, norm = 1e4 + torch.randn(4096, 3), nn.BatchNorm1d(3, momentum=1.0)
    with Normed(lambda tensor: tensor, [], 1):
        norm(x)
    torch.testing.assert_close(norm.running_var.double(), x.double().var(0), rtol=1e-5, atol=0)

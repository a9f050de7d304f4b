"""Averages of weights: torch's own as an oracle, the recursion of lookahead, and what a checkpoint must hold."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from paribus.training.averaging import EACH_STEP, Average, Lookahead


def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 2))


def change(network: nn.Module) -> None:
    network(torch.randn(4, 1, 4, 4))  # which moves the statistics
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter))


def test_the_average_is_that_of_torch_to_the_last_bit():
    network = net()
    ours, theirs = (
        Average(network, 0.7),
        AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(0.7), use_buffers=True),
    )
    for step in range(5):
        change(network)
        ours.update_parameters(network)
        theirs.update_parameters(network)
        if step == 2:  # as a resumed training does
            state = {name: it.clone() for name, it in ours.state_dict().items()}
            ours = Average(network, 0.7)
            ours.load_state_dict(state)
        for (name, one), other in zip(ours.state_dict().items(), theirs.state_dict().values(), strict=True):
            assert torch.equal(one, other), name


def test_lookahead_is_its_recursion():
    network, steps, every = net(), 12, 5
    look, slow = Lookahead(network, every), [it.detach().clone() for it in network.parameters()]
    for step in range(1, steps + 1):
        change(network)
        fast = [it.detach().clone() for it in network.parameters()]
        look.update(step, steps)
        if step in (5, 10):
            stays = EACH_STEP**every * (step / steps) ** 3
            slow = [stays * one + (1 - stays) * other for one, other in zip(slow, fast, strict=True)]
        expected = slow if step in (5, 10, 12) else fast
        for parameter, value in zip(network.parameters(), expected, strict=True):
            torch.testing.assert_close(parameter.detach(), value)


def test_a_training_that_ends_before_the_first_look_keeps_what_it_learned():
    network = net()
    look = Lookahead(network, 5)
    for step in range(1, 5):
        change(network)
        fast = [it.detach().clone() for it in network.parameters()]
        look.update(step, 4)
    assert all(torch.equal(one, other) for one, other in zip(network.parameters(), fast, strict=True))


@pytest.mark.parametrize("stop", [7, 11])
def test_R5_lookahead_resumes(train, digits, every_step, stop_at, stop):
    from paribus.errors import Interrupted

    recipe = digits({"training.lookahead": 5, "training.ema": 0.9, "budget.epochs": 2})
    whole = train(recipe, "whole")[1].weights_sha256
    with pytest.raises(Interrupted):
        train(recipe, listen=stop_at(stop))
    assert train(recipe)[1].weights_sha256 == whole
    assert train(digits({"training.ema": 0.9, "budget.epochs": 2}), "without")[1].weights_sha256 != whole

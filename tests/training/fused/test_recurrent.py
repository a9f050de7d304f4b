"""Recurrent layers written out compute what torch's do, for one network and for several."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from torch.func import functional_call, vmap

from paribus.training.fused.noise import Chance
from paribus.training.fused.recurrent import forward, share_recurrent

CASES = {
    "plain": (nn.RNN, {}),
    "rectified, no biases": (nn.RNN, {"nonlinearity": "relu", "bias": False, "num_layers": 2}),
    "GRU in both directions": (nn.GRU, {"bidirectional": True, "num_layers": 2}),
    "GRU, time first": (nn.GRU, {"batch_first": False}),
    "LSTM": (nn.LSTM, {"num_layers": 3}),
    "LSTM in both directions": (nn.LSTM, {"bidirectional": True, "bias": False}),
}


def made(case: str, **more) -> nn.RNNBase:
    kind, settings = CASES[case]
    return kind(5, 4, **{"batch_first": True, **settings, **more}).double()


def tensors(found) -> list[torch.Tensor]:
    outputs, last = found
    return [outputs, *(last if isinstance(last, tuple) else (last,))]


@pytest.mark.parametrize("given", [False, True], ids=["from zeros", "from a state"])
@pytest.mark.parametrize("case", CASES)
def test_outputs_states_and_slopes_are_those_of_torch(case, given):
    torch.manual_seed(1)
    layer, x = made(case), torch.randn(3, 6, 5, dtype=torch.float64, requires_grad=True)
    size = (layer.num_layers * (2 if layer.bidirectional else 1), 3 if layer.batch_first else 6, 4)
    parts = tuple(torch.randn(size, dtype=torch.float64, requires_grad=True) for _ in range(2))
    state = (parts if isinstance(layer, nn.LSTM) else parts[0]) if given else None
    wanted, found = tensors(layer(x, state)), tensors(forward(layer, nn.Identity(), x, state))
    torch.testing.assert_close(found, wanted)
    of = [x, *layer.parameters(), *(parts[: len(wanted) - 1] if given else ())]
    slopes = [torch.autograd.grad(sum(it.square().sum() for it in all_), of) for all_ in (found, wanted)]
    torch.testing.assert_close(*slopes)


@pytest.mark.parametrize("case", ["GRU in both directions", "LSTM"])
def test_several_networks_drop_what_each_drops_alone(case):
    torch.manual_seed(2)
    rates, keys = (0.5, 0.0, 0.2), (7, 8, 9)
    networks = [nn.Sequential(made(case, dropout=rate)) for rate in rates]
    x, chance, common = torch.randn(3, 4, 6, 5, dtype=torch.float64), Chance(), copy.deepcopy(networks[0])
    share_recurrent(common, networks, chance)
    chance.begin(keys)
    stacked = {name: torch.stack([dict(one.named_parameters())[name] for one in networks])
               for name, _ in networks[0].named_parameters()}  # fmt: skip
    found = vmap(lambda weights, own: functional_call(common, weights, own)[0])(stacked, x)
    for place, (network, key) in enumerate(zip(networks, keys, strict=True)):
        torch.manual_seed(key)
        torch.testing.assert_close(found[place], network(x[place])[0])

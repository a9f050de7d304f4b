"""Dropout in several networks at once, of each what it would drop alone.

Alone, a training seeds torch's generator before every step, and its layers draw one after another. Here each layer
draws for every network in turn, from a generator that stands where that network's own would. The mask is made by the
very function that drops alone, of ones, so it has the same numbers, scaled alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from paribus.chance import set_seed

DROPS: dict[type[nn.Module], Callable[..., Tensor]] = {
    nn.Dropout: F.dropout,
    nn.Dropout1d: F.dropout1d,
    nn.Dropout2d: F.dropout2d,
    nn.Dropout3d: F.dropout3d,
}


@dataclass
class Chance:
    """Where the generators of several networks stand.

    Args:
        keys: of each network, what its step's noise follows.
    """

    keys: list[int] = field(default_factory=list)
    _states: dict[int, Tensor] = field(default_factory=dict)

    def begin(self, keys: Sequence[int]) -> None:
        """Before a step: all begin anew, each with its own key."""
        self.keys, self._states = list(keys), {}

    def masks(self, drop: Callable[..., Tensor], ones: Tensor, rates: Sequence[float]) -> list[Tensor]:
        """What a layer multiplies its inputs, as large as ``ones``, with in each network."""
        return [self._mask(place, drop, ones, rate) for place, rate in enumerate(rates)]

    def _mask(self, place: int, drop: Callable[..., Tensor], ones: Tensor, rate: float) -> Tensor:
        if not rate:
            return ones
        on_gpu = ones.device.type == "cuda"
        if place not in self._states:
            set_seed(self.keys[place])
        elif on_gpu:
            torch.cuda.set_rng_state(self._states[place], ones.device)
        else:
            torch.set_rng_state(self._states[place])
        mask = drop(ones, rate, True)
        self._states[place] = torch.cuda.get_rng_state(ones.device) if on_gpu else torch.get_rng_state()
        return mask


class SharedDropout(nn.Module):
    """Stands for the same dropout layer of several networks, within ``torch.vmap``.

    Args:
        drop: the function of that layer.
        rates: its share in each network.
        chance: their generators.
    """

    def __init__(self, drop: Callable[..., Tensor], rates: Sequence[float], chance: Chance) -> None:
        super().__init__()
        self.drop, self.rates, self.chance = drop, list(rates), chance

    def forward(self, inputs: Tensor) -> Tensor:
        """Drop in training, in each network its own share of its own places."""
        if not self.training or not any(self.rates):
            return inputs
        mask: Tensor = _Masks.apply(inputs.detach(), self)  # type: ignore[no-untyped-call]
        return inputs * mask


class _Masks(torch.autograd.Function):
    """One mask for each network, made where ``vmap`` shows all of them at once."""

    @staticmethod
    def forward(inputs: Tensor, layer: SharedDropout) -> Tensor:
        raise RuntimeError("several networks are needed")

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.mark_non_differentiable(output)

    @staticmethod
    def vmap(info: Any, in_dims: Any, inputs: Tensor, layer: SharedDropout) -> tuple[Tensor, int]:
        ones = torch.ones_like(inputs.select(in_dims[0], 0))
        masks = layer.chance.masks(layer.drop, ones, layer.rates)
        return torch.stack(masks), 0


def share_dropout(network: nn.Module, networks: Sequence[nn.Module], chance: Chance) -> None:
    """Put a layer for all networks in the place of each dropout layer of ``network``, which is like each of them."""
    for path, layer in list(network.named_modules()):
        if (drop := DROPS.get(type(layer))) is None:
            continue
        shared = SharedDropout(drop, [float(one.get_submodule(path).p) for one in networks], chance)  # type: ignore[arg-type]
        shared.train(layer.training)
        parent, _, name = path.rpartition(".")
        setattr(network.get_submodule(parent), name, shared)

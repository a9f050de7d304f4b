"""Recurrent layers of several networks at once: ``torch.vmap`` has no rule for torch's kernels, but for what they do.

The equations are those of torch, step by step in matrix products; all inputs are multiplied before the first step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from paribus.training.fused.noise import Chance, SharedDropout

State = tuple[Tensor, ...]  # of one layer and direction: h, or h and c, each (B, H)
Cell = Callable[[nn.RNNBase, Tensor, Tensor, State], State]
"""The next state from a layer's settings, its gates by the input and by the state (B, G·H), and the last state."""


def share_recurrent(network: nn.Module, networks: Sequence[nn.Module], chance: Chance) -> None:
    """Let every recurrent layer of ``network``, which is like each of the others, compute by these equations."""
    for path, layer in network.named_modules():
        if isinstance(layer, nn.RNNBase) and type(layer) in CELLS and not getattr(layer, "proj_size", 0):
            rates = [float(one.get_submodule(path).dropout) for one in networks]  # type: ignore[arg-type]
            layer.forward = partial(forward, layer, SharedDropout(F.dropout, rates, chance))


def forward(
    layer: nn.RNNBase, between: Callable[[Tensor], Tensor], inputs: Tensor, state: Any = None
) -> tuple[Tensor, Any]:
    """What ``layer(inputs, state)`` gives: outputs at every step and the states behind the last one.

    Args:
        layer: whose weights and settings count.
        between: drops outputs of each layer but the last, (T, B, D·H), as torch does on CPUs.
        inputs: (B, T, C), or (T, B, C) unless ``batch_first``.
        state: (L·D, B, H), of an LSTM two of these; none: zeros.
    """
    x = inputs.transpose(0, 1) if layer.batch_first else inputs  # (T, B, C)
    directions = 2 if layer.bidirectional else 1
    begin, ends = _begin(layer, x, state, directions), []
    for depth in range(layer.num_layers):
        outputs = []
        for direction in range(directions):
            suffix = f"_l{depth}" + ("_reverse" if direction else "")
            found, end = _run(layer, suffix, x.flip(0) if direction else x, begin[depth * directions + direction])
            outputs.append(found.flip(0) if direction else found)
            ends.append(end)
        x = torch.cat(outputs, 2) if directions > 1 else outputs[0]  # (T, B, D·H)
        if layer.training and depth < layer.num_layers - 1:
            x = between(x)
    last = tuple(torch.stack(part) for part in zip(*ends, strict=True))  # (L·D, B, H)
    return x.transpose(0, 1) if layer.batch_first else x, last if isinstance(layer, nn.LSTM) else last[0]


def _begin(layer: nn.RNNBase, x: Tensor, state: Any, directions: int) -> list[State]:
    """The first states of all layers and directions."""
    several = layer.num_layers * directions
    if state is None:
        zeros = x.new_zeros(x.shape[1], layer.hidden_size)  # (B, H)
        return [(zeros, zeros) if isinstance(layer, nn.LSTM) else (zeros,)] * several
    parts = state if isinstance(layer, nn.LSTM) else (state,)
    return [tuple(part[place] for part in parts) for place in range(several)]


def _run(layer: nn.RNNBase, suffix: str, x: Tensor, state: State) -> tuple[Tensor, State]:
    """One layer in one direction over (T, B, C): its outputs (T, B, H) and its last state."""
    of_inputs = x @ getattr(layer, f"weight_ih{suffix}").t()  # (T, B, G·H)
    weight, cell, outputs = getattr(layer, f"weight_hh{suffix}").t(), CELLS[type(layer)], []
    late = None  # the bias that a reset gate acts on; all others are added once, before the first step
    if layer.bias:
        early, late = getattr(layer, f"bias_ih{suffix}"), getattr(layer, f"bias_hh{suffix}")
        of_inputs, late = (of_inputs + early, late) if isinstance(layer, nn.GRU) else (of_inputs + (early + late), None)
    for one in of_inputs.unbind():
        of_state = state[0] @ weight
        state = cell(layer, one, of_state if late is None else of_state + late, state)
        outputs.append(state[0])
    return torch.stack(outputs), state


def _elman(layer: nn.RNNBase, of_input: Tensor, of_state: Tensor, state: State) -> State:
    """h′ = tanh(Wx + Uh), or the same with a rectifier (Elman, 1990)."""
    both = of_input + of_state
    return (both.tanh() if layer.nonlinearity == "tanh" else both.relu(),)


def _gru(layer: nn.RNNBase, of_input: Tensor, of_state: Tensor, state: State) -> State:
    """h′ = (1 − z) ⊙ n + z ⊙ h with n = tanh(Wx + r ⊙ Uh): the reset gate acts behind the product (cuDNN's GRU)."""
    r, z = (of_input + of_state).sigmoid().chunk(3, -1)[:2]
    n = (of_input.chunk(3, -1)[2] + r * of_state.chunk(3, -1)[2]).tanh()
    return (n + z * (state[0] - n),)


def _lstm(layer: nn.RNNBase, of_input: Tensor, of_state: Tensor, state: State) -> State:
    """c′ = f ⊙ c + i ⊙ g, h′ = o ⊙ tanh c′ (Hochreiter & Schmidhuber, 1997)."""
    gates = of_input + of_state
    i, f, _, o = gates.sigmoid().chunk(4, -1)
    c = f * state[1] + i * gates.chunk(4, -1)[2].tanh()
    return o * c.tanh(), c


CELLS: Mapping[type[nn.RNNBase], Cell] = {nn.RNN: _elman, nn.GRU: _gru, nn.LSTM: _lstm}

"""What a net is run on while it is looked at: a copy of it, and some examples of zeros."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

import torch
from torch import Tensor, nn

from paribus.errors import TheoryError
from paribus.theory.layers.layer import Shape
from paribus.theory.layers.modules import reads_words

BATCH = 2  # examples for what is counted by the batch; batch norm needs more than one while it learns


@dataclass(frozen=True)
class Asked:
    """How a net is run.

    Args:
        inputs: shape of one example, for each tensor that the net takes.
        device: where.
        words: whether the inputs are word numbers.
        batch_axis: 1 where steps come first.
    """

    inputs: tuple[Shape, ...]
    device: str = "cpu"
    words: bool | None = None
    batch_axis: int = 0

    def batch(self, net: nn.Module, size: int = 0) -> tuple[Tensor, ...]:
        """Zeros for the net: so many examples, or as many as none of its axes has values."""
        integers = reads_words(net) if self.words is None else self.words
        size = size or examples(net, self.inputs)
        shapes = [(*shape[: self.batch_axis], size, *shape[self.batch_axis :]) for shape in self.inputs]
        kind = torch.long if integers else torch.float32
        return tuple(torch.zeros(shape, device=self.device, dtype=kind) for shape in shapes)


def examples(net: nn.Module, inputs: Sequence[Shape]) -> int:
    """A number of examples that is no size of the net, so that the axis of the batch is known wherever it goes."""
    sizes = {n for shape in inputs for n in shape} | {n for p in net.parameters() for n in p.shape}
    return next(n for n in count(2) if n not in sizes)


def copied(net: nn.Module, device: str = "cpu") -> nn.Module:
    """A copy in float32 on a device; weights without values get any, for only what they do to shapes is asked.

    Raises:
        TheoryError: for layers that get their sizes from the first input that comes.
    """
    if lazy := [name for name, p in net.named_parameters() if isinstance(p, nn.UninitializedParameter)]:
        rule = "a lazy layer has no size before the net has run"
        raise TheoryError(rule, got=lazy[0], hint="run the net once: net(torch.zeros(1, 3, 32, 32))")
    held = [value for module in net.modules() for value in vars(module).values()]
    computed = {id(t): t.detach().clone() for t in held if isinstance(t, Tensor) and not t.is_leaf}  # by weight norm
    runner = copy.deepcopy(net, computed)
    empty = any(parameter.is_meta for parameter in net.parameters())
    return (runner.to_empty(device=device) if empty else runner.to(device)).float()

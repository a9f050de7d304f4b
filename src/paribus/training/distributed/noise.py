"""Random draws of a share of a batch as the same numbers that one process draws for the whole batch.

Dropout, the noise of a generator, the draws of a task: they come from torch's global generators, which every process
seeds alike at every step. Within :class:`Drawn` each draws what the whole batch needs and keeps its own share of it,
whatever layer or task asks.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map

from paribus.ranks import Span

INNER = ("attention", "rnn", "lstm", "gru")  # kernels that draw within themselves, if at all: each for its own share


class Drawn(TorchDispatchMode):
    """Within it operations that draw do so for all examples of a piece of a batch, and give those of this process.

    The examples are taken to be along the first axis where that is as long as this process' share, or a multiple of it:
    two views one behind the other, more of them side by side; else along the first axis that is as long. What has none
    is drawn as it is, the same in every process. A length that is the same by accident costs nothing but the equality
    with one process: the numbers are as random.

    Args:
        span: the share.
    """

    def __init__(self, span: Span) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.span = span

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Not to be marked for the compiler, whose import takes as long as that of torch: see uncompiled.py."""
        return False

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run an operation."""
        kwargs = kwargs or {}
        if torch.Tag.nondeterministic_seeded not in function.tags or any(part in str(function) for part in INNER):
            return function(*args, **kwargs)
        wide = _Wide(self.span)
        given = [wide.argument(argument) for argument in args]
        named = {name: wide.argument(value) for name, value in kwargs.items()}
        if wide.layout is None:
            return function(*args, **kwargs)
        made = function(*given, **named)
        if function._schema.is_mutable:
            return args[0].copy_(wide.narrow(made))
        return tree_map(lambda one: wide.narrow(one) if isinstance(one, Tensor) else one, made)


class _Wide:
    """The arguments of one operation, made as large as the whole batch needs them."""

    def __init__(self, span: Span) -> None:
        self.span = span
        self.layout: tuple[int, int] | None = None  # axis, and rows for each example

    def argument(self, value: Any) -> Any:
        """A tensor of a share, or a shape, as the whole batch has it."""
        if isinstance(value, Tensor) and value.ndim:
            return self._tensor(value)
        if isinstance(value, (list, torch.Size)) and value and all(type(one) is int for one in value):
            if (layout := self._found(tuple(value))) is None:
                return value
            axis, times = layout
            return [*value[:axis], times * self.span.of, *value[axis + 1 :]]
        return value

    def narrow(self, made: Tensor) -> Tensor:
        """The share of what was drawn."""
        start, count, of, _ = self.span
        if self.layout is None or made.ndim <= (axis := self.layout[0]) or made.shape[axis] != self.layout[1] * of:
            return made
        times = self.layout[1]
        if times == 1:
            return made.narrow(axis, start, count).contiguous()
        if times == 2:  # two views, one behind the other
            return torch.cat([made.narrow(0, start, count), made.narrow(0, of + start, count)])
        return made.narrow(0, times * start, times * count).contiguous()

    def _tensor(self, value: Tensor) -> Tensor:
        if (layout := self._found(tuple(value.shape))) is None:
            return value
        axis, times = layout
        start, count, of, _ = self.span
        shape = [*value.shape[:axis], times * of, *value.shape[axis + 1 :]]
        # in the order of memory in which this tensor lies, for that is how its entries are drawn
        order = sorted(range(value.ndim), key=lambda place: value.stride(place), reverse=True)
        whole = torch.empty_permuted(shape, order, dtype=value.dtype, device=value.device)
        whole.fill_(1)  # where others have their probabilities, any will do: each takes one draw
        if times == 2:
            whole.narrow(0, start, count).copy_(value[:count])
            whole.narrow(0, of + start, count).copy_(value[count:])
        else:
            whole.narrow(axis, times * start, times * count).copy_(value)
        return whole

    def _found(self, shape: tuple[int, ...]) -> tuple[int, int] | None:
        """Along which axis the examples are, and how many rows each has; remembered for the result."""
        count = self.span.own
        if shape[0] and not shape[0] % count:
            self.layout = 0, shape[0] // count
        elif count in shape:
            self.layout = shape.index(count), 1
        else:
            return None
        return self.layout

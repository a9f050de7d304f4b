"""Ways to write a net: a sequence, a residual block, a graph of named steps. For everything else write a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from paribus.scratch.errors import ScratchError
from paribus.scratch.graph import Node
from paribus.scratch.nn.module import Module
from paribus.scratch.tensor import Tensor

Layer = Module | Callable[..., Tensor]


class Function(Module):
    """A function without parameters, as a layer: ``Function(relu)``."""

    def __init__(self, function: Callable[..., Tensor], name: str = "") -> None:
        self.function = function
        self.name = name or getattr(function, "name", getattr(function, "__name__", "function"))

    def forward(self, *inputs: Any) -> Tensor:
        """Call it."""
        return self.function(*inputs)

    def __repr__(self) -> str:
        return self.name


def as_module(layer: Layer) -> Module:
    """A module as it is, a function wrapped."""
    return layer if isinstance(layer, Module) else Function(layer)


class Sequential(Module):
    """Layers (or plain functions) one after the other."""

    def __init__(self, *layers: Layer) -> None:
        self.layers = [as_module(layer) for layer in layers]

    def forward(self, x: Any) -> Any:
        """Through all layers."""
        for layer in self.layers:
            x = layer(x)
        return x

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Module]:
        return iter(self.layers)

    def __getitem__(self, i: int) -> Module:
        return self.layers[i]

    def __repr__(self) -> str:
        return f"Sequential of {len(self.layers)}"


class Residual(Module):
    """y = x + f(x): the block learns a correction, and the gradient has a way around it (He et al. 2016, equation 1).

    ``shortcut`` replaces x where f changes its shape.
    """

    def __init__(self, *block: Layer, shortcut: Layer | None = None) -> None:
        self.block = Sequential(*block)
        self.shortcut = None if shortcut is None else as_module(shortcut)

    def forward(self, x: Any) -> Tensor:
        """The input, or its shortcut, plus the block."""
        return (x if self.shortcut is None else self.shortcut(x)) + self.block(x)


class Flatten(Module):
    """All axes but the first as one: (N, …) → (N, n)."""

    def forward(self, x: Any) -> Any:
        """A view, no copy."""
        return x.reshape((len(x), -1))


class Graph(Module):
    """A net as named steps, each a layer and the names of what it takes; the last one is the output.

    >>> net = Graph("x", hidden=(Affine(8, 16), "x"), skip=(Affine(8, 16), "x"), sum=(add, "hidden", "skip"))
    """

    def __init__(self, *inputs: str, **steps: tuple[Any, ...]) -> None:
        self.inputs = inputs
        self.layers = [as_module(layer) for layer, *_ in steps.values()]
        self.takes: Mapping[str, tuple[str, ...]] = {name: tuple(takes) for name, (_, *takes) in steps.items()}
        self._check()

    def forward(self, *inputs: Any) -> Tensor:
        """Compute the steps in the order they were written."""
        if len(inputs) != len(self.inputs):
            raise ScratchError(f"graph: takes {', '.join(self.inputs)}, but {len(inputs)} inputs were given")
        known: dict[str, Any] = dict(zip(self.inputs, inputs, strict=True))
        for (name, takes), layer in zip(self.takes.items(), self.layers, strict=True):
            known[name] = layer(*(known[source] for source in takes))
            if isinstance(known[name], Node) and not known[name].name:
                known[name].name = name
        return known[name]  # type: ignore[no-any-return]

    def _check(self) -> None:
        known = set(self.inputs)
        for name, takes in self.takes.items():
            if unknown := set(takes) - known:
                raise ScratchError(f"graph: step {name!r} takes {sorted(unknown)}, known there: {sorted(known)}")
            known.add(name)

    def __repr__(self) -> str:
        return f"Graph of {', '.join(self.takes)}"

"""``Module``: a function with parameters. Parameters are tensors, found wherever a module keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Self

import numpy as np

from paribus.scratch.errors import ScratchError, ShapeError
from paribus.scratch.graph import Array
from paribus.scratch.tensor import Tensor

Chance = np.random.Generator | int | None  # a generator, a seed for one, or None for a fresh one


class Module:
    """Base of layers and networks: write ``forward``, keep parameters and sub-modules as attributes.

    What an attribute is tells what it is for: a Tensor is trained, a Module (or a list of them) is a part, an array is
    a buffer (kept and saved but not trained, such as running statistics), a random generator is a source of chance.
    """

    training = True

    def forward(self, *inputs: Any, **settings: Any) -> Tensor:
        """Compute the output."""
        raise NotImplementedError(f"{type(self).__name__} needs a forward method")

    def __call__(self, *inputs: Any, **settings: Any) -> Tensor:
        """The output; an error about shapes names the layers in which it happened."""
        try:
            return self.forward(*inputs, **settings)
        except ShapeError as error:
            error.layers.insert(0, repr(self))
            raise

    def children(self) -> Iterator[tuple[str, Module]]:
        """The parts, by name: attributes, and members of attributes that are lists."""
        for name, value in vars(self).items():
            for key, part in enumerate(value) if isinstance(value, list) else [("", value)]:
                if isinstance(part, Module):
                    yield (f"{name}.{key}" if key != "" else name), part

    def modules(self, path: str = "") -> Iterator[tuple[str, Module]]:
        """This module and all within it, outermost first, by path."""
        yield path, self
        for name, child in self.children():
            yield from child.modules(f"{path}.{name}" if path else name)

    def named_parameters(self) -> dict[str, Tensor]:
        """Every tensor within, by path. One that is shared appears once, where it comes first."""
        paths: dict[Tensor, str] = {}
        for path, tensor in self._attributes(Tensor):
            paths.setdefault(tensor, path)
        return {path: tensor for tensor, path in paths.items()}

    def parameters(self) -> list[Tensor]:
        """Everything that is trained. To freeze a tensor, set its ``requires_grad`` to False."""
        return [tensor for tensor in self.named_parameters().values() if tensor.requires_grad]

    def generators(self) -> list[np.random.Generator]:
        """Every source of chance within, each once."""
        return list({id(generator): generator for _, generator in self._attributes(np.random.Generator)}.values())

    def buffers(self) -> dict[str, Array]:
        """What is kept but not trained, by path."""
        return dict(self._attributes(np.ndarray))

    def state(self) -> dict[str, Array]:
        """Copies of all parameters and buffers, by path: what a file would hold."""
        numbers = {path: tensor.data for path, tensor in self.named_parameters().items()} | self.buffers()
        return {path: array.copy() for path, array in numbers.items()}

    def load(self, state: Mapping[str, Array]) -> Self:
        """Take over what :meth:`state` returned, of this or of an equal module."""
        parameters, buffers = self.named_parameters(), self.buffers()
        if unknown := set(state) ^ (set(parameters) | set(buffers)):
            raise ScratchError(f"the state must name exactly the parameters and buffers; differing: {sorted(unknown)}")
        for path, array in state.items():
            own = parameters[path].data if path in parameters else buffers[path]
            if own.shape != array.shape:
                raise ShapeError(f"load {path}", [own.shape, array.shape], "the shapes must agree")
            own[...] = array
        return self

    def train(self, mode: bool = True) -> Self:
        """Switch dropout and batch statistics on, here and in all parts."""
        for _, module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Switch to inference."""
        return self.train(False)

    def _attributes(self, kind: type[Any]) -> Iterator[tuple[str, Any]]:
        for path, module in self.modules():
            for name, value in vars(module).items():
                if isinstance(value, kind):
                    yield (f"{path}.{name}" if path else name), value

    def __repr__(self) -> str:
        sizes = (f"{k}={v!r}" for k, v in vars(self).items() if isinstance(v, int | float | str | tuple))
        return f"{type(self).__name__}({', '.join(s for s in sizes if not s.startswith('training='))})"


def parameter(data: Array, dtype: Any = None) -> Tensor:
    """A tensor to be trained, with numbers of its own."""
    return Tensor(np.array(data, dtype=dtype), requires_grad=True)

"""What a tensor is to Python and NumPy: a shape, a number, a text, and one to be asked before it becomes an array."""

from __future__ import annotations

from typing import Any

import numpy as np

from paribus.scratch import protocol
from paribus.scratch.errors import ShapeError
from paribus.scratch.graph import Array, Node


class Numbers(Node):
    """The numbers of a node, as Python and NumPy see them."""

    __slots__ = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of every axis."""
        return self.data.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.data.ndim

    @property
    def size(self) -> int:
        """Number of numbers."""
        return self.data.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32 or float64."""
        return self.data.dtype

    def item(self) -> float:
        """The only number, as a Python float."""
        if self.size != 1:
            raise ShapeError("item", [self.shape], "it gives a single number: take .sum(), .mean() or an index first")
        return float(self.data.item())

    def tolist(self) -> Any:
        """The numbers as Python's lists."""
        return self.data.tolist()

    def numpy(self) -> Array:
        """A copy of the numbers."""
        return self.data.copy()

    __float__ = item

    def __int__(self) -> int:
        return int(self.item())

    def __bool__(self) -> bool:
        return bool(self.item())

    def __format__(self, spec: str) -> str:
        if not spec:
            return str(self)
        number = {"float_kind": lambda value: format(float(value), spec)}
        return format(self.item(), spec) if self.size == 1 else np.array2string(self.data, formatter=number)  # type: ignore[arg-type]

    # NumPy asks before it takes a tensor for an array --------------------------------------------------------------
    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.data, dtype, copy=True)

    def __array_ufunc__(self, function: Any, method: str, *inputs: Any, **settings: Any) -> Any:
        return protocol.ufunc(function, method, inputs, settings)

    def __array_function__(self, function: Any, types: Any, args: Any, settings: Any) -> Any:
        return protocol.function(function, args, settings)

    def __len__(self) -> int:
        return len(self.data)

    def __repr__(self) -> str:
        made = f", made by {self.step.primitive.name}" if self.step else ", requires_grad" * self.requires_grad
        return f"Tensor({np.array2string(self.data, separator=', ', threshold=20, prefix='Tensor(')}{made})"

"""``Tensor``: a node of the graph with the operators and methods that people type."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from paribus.scratch import ops
from paribus.scratch.backward import leaves, pull_back
from paribus.scratch.errors import GradientError
from paribus.scratch.graph import Array, Node, recording
from paribus.scratch.numbers import Numbers
from paribus.scratch.ops.reductions import Axis

Operator = Callable[["Tensor", Any], "Tensor"]


def _operator(operation: Callable[[Any, Any], Any]) -> tuple[Operator, Operator]:
    """A method for ``tensor ∘ other``, and one for ``other ∘ tensor`` where the other is none."""

    def left(self: Tensor, other: Any) -> Tensor:
        result: Tensor = operation(self, other)
        return result

    def right(self: Tensor, other: Any) -> Tensor:
        result: Tensor = operation(other, self)
        return result

    return left, right


def _in_place(operation: Callable[[Any, Any], Any]) -> Operator:
    """A method for ``w -= …``: a new node, except that a parameter stays the one that an optimizer and a loss know."""

    def method(self: Tensor, other: Any) -> Tensor:
        if self.step is not None or not self.requires_grad:
            result: Tensor = operation(self, other)
            return result
        if recording():
            raise GradientError(
                "a tensor that requires a gradient is changed under no_grad(), or by its .data: w.data -= …"
            )
        self.data = np.asarray(operation(self.data, getattr(other, "data", other)), self.dtype)
        return self

    return method


def _comparison(compare: Callable[[Any, Any], Any]) -> Callable[[Tensor, Any], Array]:
    """A method that compares the numbers."""

    def method(self: Tensor, other: Any) -> Array:
        result: Array = compare(self.data, getattr(other, "data", other))
        return result

    return method


class Tensor(Numbers):
    """Real numbers of any shape that remember how they were computed.

    >>> w = Tensor([1.0, 2.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> w.grad
    array([2., 4.])

    The numbers are copied, so that changing either leaves the other alone; ``.data`` is the tensor's own array.
    Float32 and float64 stay what they are, everything else becomes float64. Labels and indices are no tensors but
    plain integer arrays. ``==`` compares identity, so that tensors can live in sets; compare numbers by ``.data``.
    Functions of NumPy (``np.exp(t)``, ``np.concatenate([a, b])``) are those with gradients; see ``protocol.py``.
    """

    __slots__ = ()

    def __init__(
        self, data: ArrayLike | Node, requires_grad: bool = False, dtype: DTypeLike | None = None, name: str = ""
    ) -> None:
        array = np.array(data.data if isinstance(data, Node) else data, dtype)
        super().__init__(array if array.dtype.kind == "f" else array.astype(float), None, requires_grad)
        self.name = name

    def backward(self, seed: ArrayLike | None = None) -> None:
        """Add ∂⟨seed, self⟩/∂x to ``x.grad`` for every leaf x that requires a gradient."""
        for x, found in pull_back(self, leaves(self), seed).items():
            g = np.asarray(found, x.data.dtype)
            x.grad = g if x.grad is None else x.grad + g  # never in place: somebody may hold the old one

    def detach(self) -> Tensor:
        """The same numbers, in the same memory, without a history."""
        return Tensor.of(self.data, None)

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    # Arithmetic ------------------------------------------------------------------------------------------------
    __add__, __radd__ = _operator(ops.add)
    __sub__, __rsub__ = _operator(ops.subtract)
    __mul__, __rmul__ = _operator(ops.multiply)
    __truediv__, __rtruediv__ = _operator(ops.divide)
    __pow__, __rpow__ = _operator(ops.power)
    __matmul__, __rmatmul__ = _operator(ops.matmul)
    __iadd__, __isub__, __imul__, __itruediv__ = map(_in_place, (ops.add, ops.subtract, ops.multiply, ops.divide))

    def __neg__(self) -> Tensor:
        return ops.negative(self)

    def abs(self) -> Tensor:
        """Each number without its sign."""
        return ops.absolute(self)

    __abs__ = abs

    # Comparisons have no gradient and give plain arrays of booleans ---------------------------------------------
    __gt__, __ge__, __lt__, __le__ = map(_comparison, (operator.gt, operator.ge, operator.lt, operator.le))

    # Functions of each number ----------------------------------------------------------------------------------
    def exp(self) -> Tensor:
        """e to the power of each number."""
        return ops.exp(self)

    def log(self) -> Tensor:
        """Natural logarithm."""
        return ops.log(self)

    def sqrt(self) -> Tensor:
        """Square root."""
        return ops.sqrt(self)

    def tanh(self) -> Tensor:
        """Hyperbolic tangent."""
        return ops.tanh(self)

    def sigmoid(self) -> Tensor:
        """1 / (1 + e⁻ˣ)."""
        return ops.sigmoid(self)

    def relu(self) -> Tensor:
        """The larger of x and 0."""
        return ops.relu(self)

    # Reductions ------------------------------------------------------------------------------------------------
    def sum(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """Sum over the given axes."""
        return ops.sum(self, axis=axis, keepdims=keepdims)

    def mean(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """Mean over the given axes."""
        total = self.sum(axis, keepdims)
        return total * (total.size / self.size)

    def var(self, axis: Axis = None, keepdims: bool = False, correction: int = 0) -> Tensor:
        """Mean squared distance from the mean; ``correction=1`` divides by n − 1."""
        n = self.size / self.sum(axis).size
        centred = self - self.mean(axis, keepdims=True)
        return (centred * centred).sum(axis, keepdims) / (n - correction)

    def max(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """Largest number; ties share the gradient."""
        return ops.max(self, axis=axis, keepdims=keepdims)

    def min(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """Smallest number; ties share the gradient."""
        return ops.min(self, axis=axis, keepdims=keepdims)

    def std(self, axis: Axis = None, keepdims: bool = False, correction: int = 0) -> Tensor:
        """Square root of the variance."""
        return ops.sqrt(self.var(axis, keepdims, correction))

    def argmax(self, axis: int | None = None) -> Any:
        """Where the largest number stands; whole numbers, without a gradient."""
        return int(self.data.argmax()) if axis is None else self.data.argmax(axis)

    def argmin(self, axis: int | None = None) -> Any:
        """Where the smallest number stands."""
        return int(self.data.argmin()) if axis is None else self.data.argmin(axis)

    # Shapes ----------------------------------------------------------------------------------------------------
    def reshape(self, *shape: Any) -> Tensor:
        """The same numbers in another shape; one length may be −1."""
        return ops.reshape(self, shape=shape[0] if isinstance(shape[0], tuple) else shape)

    def flatten(self) -> Tensor:
        """All numbers in a row."""
        return self.reshape(-1)

    def transpose(self, *axes: Any) -> Tensor:
        """Axes in another order; without arguments reversed."""
        order = axes[0] if axes and isinstance(axes[0], tuple) else axes or tuple(reversed(range(self.ndim)))
        return ops.transpose(self, axes=tuple(i % self.ndim for i in order))

    def swapaxes(self, a: int, b: int) -> Tensor:
        """Two axes exchanged."""
        order = list(range(self.ndim))
        order[a], order[b] = order[b], order[a]
        return self.transpose(tuple(order))

    @property
    def T(self) -> Tensor:  # noqa: N802, NumPy's name
        """All axes reversed."""
        return self.transpose()

    def __getitem__(self, key: Any) -> Tensor:
        return ops.index(self, key=key)

    def __setitem__(self, key: Any, value: Any) -> None:
        raise GradientError(
            "numbers of a tensor do not change under its feet: use where(…), or t.data[…] = … before use"
        )

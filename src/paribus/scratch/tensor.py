"""``Tensor``: a node of the graph with the operators and methods that people type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from paribus.scratch import ops
from paribus.scratch.backward import leaves, pull_back
from paribus.scratch.graph import Array, Node, Step
from paribus.scratch.ops.reductions import Axis


class Tensor(Node):
    """Real numbers of any shape that remember how they were computed.

    >>> w = Tensor([1.0, 2.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> w.grad
    array([2., 4.])

    Float32 and float64 stay what they are, everything else becomes float64. Labels and indices are no tensors but
    plain integer arrays. ``==`` compares identity, so that tensors can live in sets; compare numbers by ``.data``.
    """

    __slots__ = ()
    __array_ufunc__ = None  # so that ``array * tensor`` asks the tensor

    def __init__(
        self, data: ArrayLike | Node, requires_grad: bool = False, dtype: DTypeLike | None = None, name: str = ""
    ) -> None:
        array = np.asarray(data.data if isinstance(data, Node) else data, dtype)
        super().__init__(array if array.dtype.kind == "f" else array.astype(float), None, requires_grad)
        self.name = name

    @classmethod
    def of(cls, data: Array, step: Step | None) -> Self:
        """The result of a step; it requires a gradient if the step was recorded."""
        node = cls.__new__(cls)
        Node.__init__(node, data, step, requires_grad=step is not None)
        return node

    def backward(self, seed: ArrayLike | None = None) -> None:
        """Add ∂⟨seed, self⟩/∂x to ``x.grad`` for every leaf x that requires a gradient."""
        for x, found in pull_back(self, leaves(self), seed).items():
            g = np.asarray(found, x.data.dtype)
            x.grad = g if x.grad is None else x.grad + g  # never in place: rules may hand out shared arrays

    # What it is ------------------------------------------------------------------------------------------------
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
        return float(self.data.item())

    def detach(self) -> Tensor:
        """The same numbers without a history."""
        return Tensor(self.data)

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        made = f", made by {self.step.primitive.name}" if self.step else ", requires_grad" * self.requires_grad
        return f"Tensor({np.array2string(self.data, separator=', ', threshold=20, prefix='Tensor(')}{made})"

    # Arithmetic ------------------------------------------------------------------------------------------------
    def __add__(self, other: Any) -> Tensor:
        return ops.add(self, other)

    def __radd__(self, other: Any) -> Tensor:
        return ops.add(other, self)

    def __sub__(self, other: Any) -> Tensor:
        return ops.subtract(self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return ops.subtract(other, self)

    def __mul__(self, other: Any) -> Tensor:
        return ops.multiply(self, other)

    def __rmul__(self, other: Any) -> Tensor:
        return ops.multiply(other, self)

    def __truediv__(self, other: Any) -> Tensor:
        return ops.divide(self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return ops.divide(other, self)

    def __pow__(self, other: Any) -> Tensor:
        return ops.power(self, other)

    def __rpow__(self, other: Any) -> Tensor:
        return ops.power(other, self)

    def __matmul__(self, other: Any) -> Tensor:
        return ops.matmul(self, other)

    def __rmatmul__(self, other: Any) -> Tensor:
        return ops.matmul(other, self)

    def __neg__(self) -> Tensor:
        return ops.negative(self)

    def __abs__(self) -> Tensor:
        return ops.absolute(self)

    # Comparisons have no gradient and give plain arrays of booleans ---------------------------------------------
    def __gt__(self, other: Any) -> Array:
        return self.data > getattr(other, "data", other)  # type: ignore[no-any-return]

    def __ge__(self, other: Any) -> Array:
        return self.data >= getattr(other, "data", other)  # type: ignore[no-any-return]

    def __lt__(self, other: Any) -> Array:
        return self.data < getattr(other, "data", other)  # type: ignore[no-any-return]

    def __le__(self, other: Any) -> Array:
        return self.data <= getattr(other, "data", other)  # type: ignore[no-any-return]

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

    # Shapes ----------------------------------------------------------------------------------------------------
    def reshape(self, *shape: Any) -> Tensor:
        """The same numbers in another shape; one length may be −1."""
        return ops.reshape(self, shape=shape[0] if isinstance(shape[0], tuple) else shape)

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

"""A network library in NumPy alone, written to be read: every operation stands beside its gradient.

>>> from paribus.scratch import Tensor, fit, nn, optim
"""

from paribus.scratch import memory, nn, ops, optim
from paribus.scratch.backward import grad
from paribus.scratch.check import check_gradients, numerical_gradient
from paribus.scratch.drawing import draw
from paribus.scratch.errors import BudgetError, GradientError, ScratchError, ShapeError
from paribus.scratch.graph import no_grad
from paribus.scratch.ops import concatenate, einsum, maximum, minimum, stack, where
from paribus.scratch.tensor import Tensor
from paribus.scratch.training import History, evaluate, fit

__all__ = [
    "BudgetError",
    "GradientError",
    "History",
    "ScratchError",
    "ShapeError",
    "Tensor",
    "check_gradients",
    "concatenate",
    "draw",
    "einsum",
    "evaluate",
    "fit",
    "grad",
    "maximum",
    "memory",
    "minimum",
    "nn",
    "no_grad",
    "numerical_gradient",
    "ops",
    "optim",
    "stack",
    "where",
]

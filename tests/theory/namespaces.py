"""The notation in NumPy and in torch, so that a test can run what is printed and what was typed with Python itself."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from scipy.linalg import polar
from scipy.special import erf

EVERYWHERE = {"__builtins__": {}}
IN_NUMPY = (
    "abs arcsin arctan cos cosh diag dot einsum exp eye heaviside kron log max mean ones ones_like outer pi prod sign "
    "sin sinh sqrt std sum tanh tril zeros"
)
IN_TORCH = "abs cos det diag exp log logdet mean relu sigmoid sign sin sqrt sum tanh"


def singular(a: Any) -> tuple[Any, Any]:
    """The first singular vectors; only their outer product is one thing."""
    u, _, v = np.linalg.svd(a)
    return u[:, 0], v[0]


NUMPY: dict[str, Any] = {
    **EVERYWHERE,
    **{name: getattr(np, name) for name in IN_NUMPY.split()},
    "det": np.linalg.det, "inv": np.linalg.inv, "norm": np.linalg.norm, "tr": np.trace,
    "logdet": lambda a: np.log(np.linalg.det(a)),  # not a number where the determinant is negative
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "relu": lambda x: np.maximum(x, 0),
    "softmax": lambda z, axis=None: np.exp(z) / np.sum(np.exp(z), axis=axis, keepdims=True),
    "logsumexp": lambda z, axis=None: np.log(np.sum(np.exp(z), axis=axis)),
    "softplus": lambda z: np.logaddexp(0, z), "erf": erf, "polar": lambda a: polar(a)[0],
    "u1": lambda a: singular(a)[0], "v1": lambda a: singular(a)[1],
    "vec": lambda a: a.T.reshape(-1),
    "K": lambda m, n: np.eye(m * n)[np.arange(m * n).reshape(n, m).T.ravel()],
}  # fmt: skip


def matrix_power(x: Any, n: Any) -> Any:
    """NumPy's, whatever kind of whole number stands there."""
    return np.linalg.matrix_power(x, int(n))


def powers(x: Any, n: Any, between: Any) -> Any:
    """Σᵣ Xʳ H Xⁿ⁻¹⁻ʳ."""
    return sum(matrix_power(x, r) @ between @ matrix_power(x, n - 1 - r) for r in range(int(n)))


NUMPY |= {"matrix_power": matrix_power, "powers": powers}


def of_numbers_too(function: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[Any], torch.Tensor]:
    """torch refuses exp(1.5), which NumPy computes."""
    return lambda x: function(torch.as_tensor(x, dtype=torch.float64))


TORCH: dict[str, Any] = {
    **EVERYWHERE,
    **{name: of_numbers_too(getattr(torch, name)) for name in IN_TORCH.split()},
    "dot": torch.dot, "kron": torch.kron, "outer": torch.outer,
    "inv": torch.linalg.inv, "norm": torch.linalg.norm, "tr": torch.trace,
    "eye": lambda n: torch.eye(n, dtype=torch.float64),
    "ones": lambda shape: torch.ones(shape, dtype=torch.float64),
    "ones_like": torch.ones_like,
    "softmax": lambda z: torch.softmax(z, 0),
    "logsumexp": lambda z: torch.logsumexp(z, 0),
}  # fmt: skip


def numpy_value(text: str, env: dict[str, Any], sizes: dict[str, int] | None = None) -> Any:
    """What NumPy makes of ``text``."""
    with np.errstate(all="ignore"):
        return eval(text, dict(NUMPY), {**(sizes or {}), **env})


def torch_gradient(text: str, env: dict[str, Any], wrt: str, sizes: dict[str, int] | None = None) -> Any:
    """Gradient of a scalar, or Jacobian with the axes of f before those of the variable, by torch's autograd."""
    fixed = {name: torch.as_tensor(np.asarray(value)) for name, value in env.items()}

    def function(value: torch.Tensor) -> torch.Tensor:
        return eval(text, dict(TORCH), {**(sizes or {}), **fixed, wrt: value}) * torch.ones((), dtype=torch.float64)

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The use of `x.T`")  # of a vector, which stays what it is
        return torch.autograd.functional.jacobian(function, fixed[wrt]).numpy()


def jacobian_by_columns(found: Any, wrt_rank: int) -> Any:
    """A Jacobian of torch with rows vec(f) and columns vec(X)."""
    of = found.ndim - wrt_rank
    order = (*reversed(range(of)), *reversed(range(of, found.ndim)))
    return found.transpose(order).reshape(int(np.prod(found.shape[:of])), -1)

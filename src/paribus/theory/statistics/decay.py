"""Weight decay and L2: one thing for gradient descent, two things for Adam; and what both do to a linear model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paribus.errors import TheoryError
from paribus.scratch import Tensor, optim
from paribus.scratch.optim.rules import State, rate
from paribus.theory.derivations.record import Table

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Ridge:
    """Linear regression with ½‖y − Xw‖² + ½λ‖w‖², through the singular values of X.

    Args:
        weights: (XᵀX + λI)⁻¹ Xᵀy.
        singular: σ of X, largest first.
        shrinkage: σ²/(σ² + λ), the factor on the component of least squares along each singular vector.
        freedom: Σ σ²/(σ² + λ), the effective number of parameters.
    """

    weights: Array
    singular: Array
    shrinkage: Array
    freedom: float


def ridge(X: ArrayLike, y: ArrayLike, strength: float) -> Ridge:
    """Ridge regression without an intercept, for X (examples, inputs), y (examples).

    With X = U Σ Vᵀ: w = V diag(σ/(σ² + λ)) Uᵀy (Hastie, Tibshirani and Friedman 2009, equation 3.47).

    Raises:
        TheoryError: λ < 0, shapes that do not fit, or λ = 0 with inputs that are linearly dependent.
    """
    A, b = np.asarray(X, float), np.asarray(y, float)
    if A.ndim != 2 or b.shape != A.shape[:1]:
        raise TheoryError("X is (examples, inputs) and y is (examples)", got=f"X {A.shape}, y {b.shape}")
    if strength < 0:
        raise TheoryError("a penalty λ is at least 0", got=strength)
    U, s, Vt = np.linalg.svd(A, full_matrices=False)
    dependent = len(s) < A.shape[1] or s[-1] <= s[0] * np.finfo(float).eps * max(A.shape)
    if strength == 0 and dependent:
        raise TheoryError("least squares has one solution only for linearly independent inputs", hint="use λ > 0")
    factor = s**2 / (s**2 + strength)
    return Ridge(Vt.T @ (s / (s**2 + strength) * (U.T @ b)), s, factor, float(factor.sum()))


@dataclass(frozen=True)
class Shrinking(optim.SGD):
    """x ← (1 − lr·λ)x − lr·g: weight decay as it was first meant (Hanson and Pratt 1988)."""

    shrink: float = 0.0

    def update(self, g: Array, state: State, x: Array) -> tuple[Array, State]:
        """Shrink and step at once."""
        moved, state = super().update(g, state, x)
        return moved - rate(self.lr, state[0] - 1) * self.shrink * x, state


def l2_against_decay(
    loss: Callable[[Tensor], Tensor], start: ArrayLike, strength: float = 0.1, lr: float = 0.05, steps: int = 100
) -> Table:
    """How far L2 and decay are apart after some steps from the same start: not at all for SGD, clearly for Adam.

    L2 adds λx to the gradient; Adam then divides it by √v, so weights with large gradients are shrunk less (Loshchilov
    and Hutter 2019, proposition 2). Decay multiplies by 1 − lr·λ whatever the gradient.

    Args:
        loss: a scalar function of one vector.
        start: where all begin.
        strength: λ.
        lr: learning rate of all.
        steps: how many.
    """
    pairs = {
        "SGD": (optim.SGD(lr, decay=strength), Shrinking(lr, shrink=strength)),
        "Adam": (optim.Adam(lr, decay=strength), optim.AdamW(lr, decay=strength)),
    }
    rows = []
    for name, (l2, decay) in pairs.items():
        a, b = (optim.descend(loss, np.asarray(start, float), rule, steps).points for rule in (l2, decay))
        apart = float(np.abs(a - b).max())
        rows.append((name, f"{np.linalg.norm(a[-1]):.4f}", f"{np.linalg.norm(b[-1]):.4f}", f"{apart:.1e}"))
    heads = ("rule", "‖x‖ with L2", "‖x‖ with decay", "largest difference on the way")
    return Table(f"L2 and weight decay, λ = {strength:g}, {steps} steps", heads, tuple(rows))

"""Dropout is Tikhonov regularisation: for a linear model, exactly and on average (Wager, Wang and Liang 2013).

Each input is dropped with probability p and divided by 1 − p otherwise, x̃ = x ∘ m/(1 − p) with m ~ Bernoulli(1 − p). So
E x̃ = x and Var x̃ⱼ = xⱼ² p/(1 − p), and by E(a − Z)² = (a − EZ)² + Var Z for each example

    E ‖y − X̃w‖² = ‖y − Xw‖² + p/(1 − p) · wᵀ diag(XᵀX) w.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from operator import itemgetter

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paribus.errors import TheoryError
from paribus.theory.derivations.derivation import Derivation
from paribus.theory.derivations.proof import Claim, Proof
from paribus.theory.derivations.record import Formula, Step, Table

Array = NDArray[np.float64]

MOST_INPUTS = 16  # 2¹⁶ masks is what enumeration may cost


@dataclass(frozen=True)
class Simulated:
    """A mean over random masks.

    Args:
        mean: of the loss.
        error: its standard error.
        draws: number of masks.
    """

    mean: float
    error: float
    draws: int


def strength(rate: float) -> float:
    """λ = p/(1 − p): what dropping with rate p weighs as a penalty.

    Raises:
        TheoryError: a rate outside 0 ≤ p < 1.
    """
    if not 0 <= rate < 1:
        raise TheoryError("a dropout rate p lies in 0 ≤ p < 1", got=rate, hint="p is the share that is dropped")
    return rate / (1 - rate)


def penalty(X: ArrayLike, w: ArrayLike, rate: float) -> float:
    """p/(1 − p) · Σⱼ wⱼ² Σᵢ xᵢⱼ², for X (examples, inputs) and w (inputs)."""
    X, w = _checked(X, w)
    return strength(rate) * float(np.sum(w * w * np.sum(X * X, axis=0)))


def expected_loss(X: ArrayLike, y: ArrayLike, w: ArrayLike, rate: float) -> float:
    """E ‖y − X̃w‖², in closed form; y (examples)."""
    A, v = _checked(X, w)
    residual = np.asarray(y, float) - A @ v
    return float(residual @ residual) + penalty(A, v, rate)


def enumerated_loss(X: ArrayLike, y: ArrayLike, w: ArrayLike, rate: float) -> float:
    """The same as a sum over all 2ⁿ masks with their probabilities. Masks of different examples add up: E Σ = Σ E."""
    A, v = _checked(X, w)
    strength(rate)
    n = len(v)
    if n > MOST_INPUTS:
        raise TheoryError(f"all masks can be listed for up to {MOST_INPUTS} inputs", got=n, hint="simulate instead")
    total = 0.0
    for mask in product((0.0, 1.0), repeat=n):
        kept = sum(mask)
        chance = (1 - rate) ** kept * rate ** (n - kept)
        total += chance * float(np.sum((np.asarray(y, float) - A @ (v * np.array(mask) / (1 - rate))) ** 2))
    return total


def simulated_loss(
    X: ArrayLike, y: ArrayLike, w: ArrayLike, rate: float, draws: int = 10_000, seed: int = 0
) -> Simulated:
    """The same as a mean over random masks, one for each example, as training draws them."""
    A, v = _checked(X, w)
    strength(rate)
    if draws < 2:
        raise TheoryError("a standard error needs at least two draws", got=draws)
    rng = np.random.default_rng(seed)
    losses = np.array([_one_loss(A, np.asarray(y, float), v, rate, rng) for _ in range(draws)])
    return Simulated(float(losses.mean()), float(losses.std(ddof=1) / np.sqrt(draws)), draws)


def minimiser(X: ArrayLike, y: ArrayLike, rate: float) -> Array:
    """w that minimises the expected loss: (XᵀX + λ diag(XᵀX))⁻¹ Xᵀy.

    In inputs divided by their norms, x′ⱼ = xⱼ/‖xⱼ‖, diag(X′ᵀX′) is the identity, and this is ridge regression with λ.

    Raises:
        TheoryError: the system has no unique solution.
    """
    X = np.asarray(X, float)
    gram = X.T @ X
    system = gram + strength(rate) * np.diag(np.diag(gram))
    if np.linalg.matrix_rank(system) < len(system):
        raise TheoryError(
            "the minimiser is unique only if XᵀX + λ diag(XᵀX) can be inverted",
            got=f"rank {np.linalg.matrix_rank(system)} of {len(system)}",
            hint="drop inputs that are always 0, or use a rate above 0",
        )
    return np.asarray(np.linalg.solve(system, X.T @ np.asarray(y, float)))


def derivation(examples: int = 4, inputs: int = 3, rate: float = 0.3, draws: int = 20, seed: int = 0) -> Derivation:
    """The identity step by step; each side of each step is computed at random X, y, w, expectations by enumeration."""
    strength(rate)
    rng = np.random.default_rng(seed)
    proof = Proof([Claim(rule, f"{a} = {b}", itemgetter(i, i + 1)) for i, (rule, a, b) in enumerate(STEPS)], floor=1.0)
    for _ in range(draws):
        X, y, w = rng.normal(size=(examples, inputs)), rng.normal(size=examples), rng.normal(size=inputs)
        proof.at(_lines(X, y, w, rate))
    proof.require()
    steps = [Step(rule, before, after, e) for (rule, before, after), e in zip(STEPS, proof.errors, strict=True)]
    return Derivation(
        title="Dropout of inputs is a weighted ridge penalty",
        given=EXPECTED,
        wrt=(),
        answers={"E loss": CLOSED},
        steps=tuple(steps),
        layout="a number",
        shapes={"X": ("m", "n"), "y": ("m",), "w": ("n",), "p": ()},
        assumptions=("inputs are dropped independently with rate p", "those kept are divided by 1 - p"),
        max_relative_error=proof.error,
        draws=draws,
        oracle="the sum over all masks",
    )


def comparison(X: ArrayLike, y: ArrayLike, w: ArrayLike, rates: ArrayLike, draws: int = 10_000, seed: int = 0) -> Table:
    """Closed form beside Monte Carlo for some rates, with how many standard errors they are apart."""
    rows = []
    for rate in np.asarray(rates, float):
        closed, run = expected_loss(X, y, w, rate), simulated_loss(X, y, w, rate, draws, seed)
        apart = (run.mean - closed) / run.error if run.error else 0.0
        rows.append((float(rate), f"{closed:.4f}", f"{run.mean:.4f} ± {run.error:.4f}", f"{apart:+.1f}"))
    return Table("E ‖y − X̃w‖²", ("p", "closed form", "Monte Carlo", "standard errors apart"), tuple(rows))


def _one_loss(X: Array, y: Array, w: Array, rate: float, rng: np.random.Generator) -> float:
    noisy = X * (rng.random(X.shape) >= rate) / (1 - rate)
    return float(np.sum((y - noisy @ w) ** 2))


def _checked(X: ArrayLike, w: ArrayLike) -> tuple[Array, Array]:
    A, v = np.asarray(X, float), np.asarray(w, float)
    if A.ndim != 2 or v.shape != A.shape[1:]:
        raise TheoryError("X is (examples, inputs) and w is (inputs)", got=f"X {A.shape}, w {v.shape}")
    return A, v


EXPECTED = Formula("E(sum((y - Xd @ w)**2))", r"\mathbb{E}\,\|y - \tilde{X} w\|^2")
SPLIT = Formula(
    "sum((y - E(Xd) @ w)**2) + sum(Var(Xd @ w))",
    r"\|y - \mathbb{E}\tilde{X}\,w\|^2 + \sum_i \operatorname{Var}(\tilde{x}_i^\top w)",
)
UNBIASED = Formula(
    "sum((y - X @ w)**2) + sum(Var(Xd @ w))", r"\|y - X w\|^2 + \sum_i \operatorname{Var}(\tilde{x}_i^\top w)"
)
APART = Formula(
    "sum((y - X @ w)**2) + sum(Var(Xd) * w**2)",
    r"\|y - X w\|^2 + \sum_{i,j} w_j^2 \operatorname{Var}(\tilde{x}_{ij})",
)
BERNOULLI = Formula(
    "sum((y - X @ w)**2) + sum(X**2 * p / (1 - p) * w**2)",
    r"\|y - X w\|^2 + \sum_{i,j} w_j^2\, x_{ij}^2\, \frac{p}{1 - p}",
)
CLOSED = Formula(
    "sum((y - X @ w)**2) + p / (1 - p) * w @ diag(diag(X.T @ X)) @ w",
    r"\|y - X w\|^2 + \frac{p}{1 - p}\, w^\top \operatorname{diag}(X^\top X)\, w",
)
STEPS = (
    ("mean square = square of the mean + variance", EXPECTED, SPLIT),
    ("inverted dropout leaves the mean: E Xd = X", SPLIT, UNBIASED),
    ("variances of independent terms add up", UNBIASED, APART),
    ("variance of x m/(1 - p), with m ~ Bernoulli(1 - p)", APART, BERNOULLI),
    ("collect the sum over examples", BERNOULLI, CLOSED),
)


def _lines(X: Array, y: Array, w: Array, rate: float) -> list[float]:
    """The number that stands in each line of the derivation."""
    masks = np.array(list(product((0.0, 1.0), repeat=len(w))))
    kept = masks.sum(axis=1)
    chance = (1 - rate) ** kept * rate ** (len(w) - kept)
    noisy = X[None] * masks[:, None] / (1 - rate)  # (masks, examples, inputs)
    mean = np.einsum("k,kij->ij", chance, noisy)
    outputs = noisy @ w
    of_outputs = chance @ outputs**2 - (chance @ outputs) ** 2
    of_inputs = np.einsum("k,kij->ij", chance, noisy**2) - mean**2
    fit = float(np.sum((y - X @ w) ** 2))
    return [
        enumerated_loss(X, y, w, rate),
        float(np.sum((y - mean @ w) ** 2) + of_outputs.sum()),
        fit + float(of_outputs.sum()),
        fit + float(np.sum(of_inputs * w**2)),
        fit + float(np.sum(X**2 * rate / (1 - rate) * w**2)),
        fit + rate / (1 - rate) * float(w @ np.diag(np.diag(X.T @ X)) @ w),
    ]

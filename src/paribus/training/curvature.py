"""The largest curvature of a loss, and the learning rate beyond which plain gradient descent diverges.

On the quadratic ½ wᵀHw a step of gradient descent multiplies the part of w along an eigenvector by 1 − lr·λ, which
shrinks exactly if 0 < lr < 2/λ. The whole of w goes to the minimum if that holds for the largest λ.

Of a network this is true near a point only: full-batch training tends to raise λmax until it stands at the limit, and
then goes on there without diverging, the edge of stability (Cohen et al., 2021).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

Product = Callable[[Sequence[Tensor]], list[Tensor]]  # H times a vector, which is cut up as the parameters are


@dataclass(frozen=True)
class Curvature:
    """The largest eigenvalue of a Hessian.

    Args:
        value: λmax; for a matrix without positive eigenvalues the largest of those that it has.
        error: ‖Hv − λv‖ for the unit vector v that was found: some eigenvalue lies within that distance of the value.
        products: Hessian-vector products that it took.
    """

    value: float
    error: float
    products: int


def stable_below(curvature: float, momentum: float = 0.0, nesterov: bool = False) -> float:
    """The learning rate at which gradient descent begins to diverge along an eigenvector of this eigenvalue.

    2/λ; with heavy-ball momentum 2(1 + β)/λ, with Nesterov's 2(1 + β)/((1 + 2β)λ) (Cohen et al., 2021, Appendix B).
    Infinite where the curvature is not positive.
    """
    if curvature <= 0:
        return math.inf
    return 2 * (1 + momentum) / curvature / (1 + 2 * momentum if nesterov else 1)


def largest_curvature(
    loss: Callable[[], Tensor], parameters: Sequence[Tensor], *, most: int = 100, tolerance: float = 1e-3
) -> Curvature:
    """λmax of the Hessian of a loss by power iteration on Hessian-vector products (Pearlmutter, 1994).

    Power iteration finds the eigenvalue of largest size. Where that is negative, it is asked again of H − λ, whose
    eigenvalue of largest size is λmax − λ.

    Args:
        loss: computes it, the same whenever it is called.
        parameters: with respect to which.
        most: steps of the iteration; each is one product.
        tolerance: it ends where the error is below this share of the value.
    """
    with _twice_differentiable():
        gradients = torch.autograd.grad(loss(), parameters, create_graph=True, allow_unused=True)
    wanted = [(it, g) for it, g in zip(parameters, gradients, strict=True) if g is not None and g.requires_grad]
    if not wanted:  # of a loss that is linear
        return Curvature(0.0, 0.0, 0)
    weights, slopes = zip(*wanted, strict=True)

    def product(vector: Sequence[Tensor]) -> list[Tensor]:
        found = torch.autograd.grad(slopes, weights, vector, retain_graph=True, allow_unused=True)
        return [torch.zeros_like(v) if one is None else one for one, v in zip(found, vector, strict=True)]

    found = _power(product, weights, most, tolerance)
    if found.value >= 0:
        return found
    least = found.value

    def shifted(vector: Sequence[Tensor]) -> list[Tensor]:
        return [hv - least * v for hv, v in zip(product(vector), vector, strict=True)]

    top = _power(shifted, weights, most, tolerance)
    return Curvature(top.value + least, top.error, found.products + top.products)


def _power(product: Product, like: Sequence[Tensor], most: int, tolerance: float) -> Curvature:
    """The eigenvalue of largest size: v ← Hv/‖Hv‖, and the Rayleigh quotient vᵀHv."""
    generator = torch.Generator().manual_seed(0)
    vector = _unit([torch.randn(it.shape, generator=generator).to(it) for it in like])
    value, error, steps = 0.0, math.inf, 0
    while steps < most:
        steps += 1
        image = product(vector)
        value = _dot(vector, image)
        error = _norm([hv - value * v for hv, v in zip(image, vector, strict=True)])
        if error <= tolerance * abs(value) or not math.isfinite(error):
            break
        vector = _unit(image)
    return Curvature(value, error, steps)


def _dot(one: Sequence[Tensor], other: Sequence[Tensor]) -> float:
    return math.fsum(float((a.double() * b.double()).sum()) for a, b in zip(one, other, strict=True))


def _norm(vector: Sequence[Tensor]) -> float:
    return math.sqrt(_dot(vector, vector))


def _unit(vector: Sequence[Tensor]) -> list[Tensor]:
    length = _norm(vector) or 1.0
    return [it / length for it in vector]


@contextmanager
def _twice_differentiable() -> Iterator[None]:
    """Without the kernels that are fast and can be differentiated only once: of attention, and of cuDNN's cells."""
    with sdpa_kernel(SDPBackend.MATH), torch.backends.cudnn.flags(enabled=False):
        yield

"""The same layer twice: ours and torch's, with the same numbers in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from paribus.scratch import Tensor, grad
from paribus.scratch.nn import Module


def give(theirs: torch.Tensor, ours: Tensor, transpose: bool = False) -> None:
    """Copy our numbers into torch's parameter; torch keeps weight matrices as (out, in)."""
    numbers = ours.data.T if transpose else ours.data
    with torch.no_grad():
        theirs.copy_(torch.from_numpy(numbers.copy()))


def randomise(net: Module, seed: int = 3) -> None:
    """Random numbers everywhere, so that no bias or gain hides behind its 0 or 1."""
    rng = np.random.default_rng(seed)
    for tensor in net.parameters():
        tensor.data[...] = rng.normal(size=tensor.shape) * 0.5


def assert_twins(
    ours: Callable[..., Tensor],
    theirs: Callable[..., torch.Tensor],
    inputs: list[np.ndarray],
    pairs: list[tuple[Tensor, torch.Tensor, bool]],
    tolerance: float = 1e-9,
) -> None:
    """Outputs, gradients of the inputs and of all parameter pairs (ours, torch's, transposed?) are equal."""
    x = [Tensor(a, requires_grad=True) for a in inputs]
    t = [torch.tensor(a, requires_grad=True) for a in inputs]
    y, u = ours(*x), theirs(*t)
    close(y.data, u, tolerance)
    seed = np.random.default_rng(5).normal(size=y.shape)
    grads = grad(y, [*x, *(p for p, _, _ in pairs)], seed=seed)
    expected = torch.autograd.grad(u, [*t, *(q for _, q, _ in pairs)], torch.tensor(seed))
    turned = [False] * len(x) + [flip for _, _, flip in pairs]
    for g, e, flip in zip(grads, expected, turned, strict=True):
        close(g.T if flip else g, e, tolerance)


def close(ours: Any, theirs: torch.Tensor, tolerance: float = 1e-9) -> None:
    expected = theirs.detach().numpy()
    assert ours.shape == expected.shape
    np.testing.assert_allclose(ours, expected, rtol=tolerance, atol=tolerance)

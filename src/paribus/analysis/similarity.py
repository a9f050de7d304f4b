"""How alike two networks represent the same examples: centred kernel alignment, layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

FEWEST = 4  # examples of which the estimate without bias can be made
MOST_LAYERS = 64  # of a network, spread evenly over its depth


def cka(one: Tensor, other: Tensor) -> float:
    """Linear CKA of features (N, p) and (N, q) of the same examples, without the bias of few examples.

    CKA = HSIC(K, L) / √(HSIC(K, K)·HSIC(L, L)) with K = XXᵀ and L = YYᵀ (Kornblith et al. 2019, eq. 2), 1 where Y is X
    turned, scaled and shifted, 0 of unrelated features. HSIC is the unbiased estimate of Song et al. (2012, eq. 5), as
    Nguyen et al. (2021) have it: plugging in would find likeness in anything with more features than examples. Not a
    number where features do not vary.
    """
    return float(aligned([gram(one)], [gram(other)])[0, 0])


def gram(features: Tensor) -> Tensor:
    """Products of centred features (N, …) of all pairs of examples (N, N), float64, with an empty diagonal."""
    flat = features.detach().flatten(1).float()
    flat = flat - flat.mean(0)
    products = (flat @ flat.T).double()
    return products.fill_diagonal_(0)


def aligned(one: list[Tensor], other: list[Tensor]) -> Tensor:
    """CKA (A, B) of layers from their `gram`."""
    a, b = torch.stack(one), torch.stack(other)
    between = _hsic(a[:, None], b[None])
    own = _hsic(a, a)[:, None] * _hsic(b, b)[None]
    return torch.where(own > 0, between / own.clamp(min=1e-300).sqrt(), torch.nan)


def _hsic(k: Tensor, l: Tensor) -> Tensor:  # noqa: E741 (the names of the paper)
    """HSIC₁ = (tr(KL) + 1ᵀK1·1ᵀL1/((n−1)(n−2)) − 2/(n−2)·1ᵀKL1) / (n(n−3)) of matrices with empty diagonals."""
    n = k.shape[-1]
    rows, columns = k.sum(-1), l.sum(-1)
    trace = torch.einsum("...ij,...ij->...", *torch.broadcast_tensors(k, l))
    sums = rows.sum(-1) * columns.sum(-1) / ((n - 1) * (n - 2))
    cross = (rows * columns).sum(-1) * 2 / (n - 2)
    return (trace + sums - cross) / (n * (n - 3))


@torch.inference_mode()
def grams(network: nn.Module, inputs: Tensor) -> dict[str, Tensor]:
    """The `gram` of what each layer with weights gives for inputs (N, …), and of the outputs; in the order they run.

    What a layer gives is put away as soon as its products are made: a deep network costs no more memory than a layer.
    """
    found: dict[str, Tensor] = {}
    with _heard(network, lambda name, output: found.__setitem__(name, gram(output))):
        outputs = network(inputs)
    last = gram(outputs)
    if not found or not torch.equal([*found.values()][-1], last):
        found["outputs"] = last
    return found


@contextmanager
def _heard(network: nn.Module, hear: Callable[[str, Tensor], None]) -> Iterator[None]:
    """Be told what layers give while a network runs."""
    model = getattr(network, "model", network)
    layers = [(name, layer) for name, layer in model.named_modules() if name and _counts(layer)]
    step = max(1, -(-len(layers) // MOST_LAYERS))
    chosen = layers[::-1][::step][::-1]  # the last one in any case

    def tell(name: str) -> Callable[..., None]:
        def told(layer: nn.Module, given: Any, output: Any) -> None:
            first = output[0] if isinstance(output, tuple) else output
            if isinstance(first, Tensor) and first.is_floating_point() and first.ndim > 1:
                hear(name, first)

        return told

    handles = [layer.register_forward_hook(tell(name)) for name, layer in chosen]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _counts(layer: nn.Module) -> bool:
    """Whether a module is a layer with weights of its own: matrices or filters, no norms."""
    return any(parameter.ndim > 1 for parameter in layer.parameters(recurse=False))

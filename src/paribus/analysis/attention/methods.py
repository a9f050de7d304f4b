"""Maps of what speaks for a class: how far each place raises its logit, as several papers define that.

y is the logit of the class, A (K, h, w) the maps of a layer, x the picture. All maps are raw: places below zero speak
against the class; what is shown is the positive part.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from paribus.analysis.attention.layers import Tap, tapped
from paribus.analysis.attention.question import Question, logits
from paribus.errors import DataError

Method = Literal["gradcam", "cam", "gradcam++", "integrated_gradients", "occlusion"]
STEPS = 50  # of the integral
WINDOWS = 7  # windows side by side along the shorter side of a picture
AT_ONCE = 1 << 20  # numbers in the pictures that are worked on together
NEAR = 1e-3  # relative error up to which a network counts as ending in a global average and one linear layer


@dataclass(frozen=True)
class Maps:
    """Maps of some pictures.

    Args:
        raw: (B, h, w) float32.
        outputs: all logits, (B, K) or (B, K, H, W).
        gap: of integrated gradients: |Σ map − (y(x) − y(x₀))| / |y(x) − y(x₀)|, 0 where it is exact, (B,).
    """

    raw: Tensor
    outputs: Tensor
    gap: Tensor | None = None


@dataclass(frozen=True)
class Way:
    """How maps are made.

    Args:
        method: of :data:`METHODS`.
        layer: that the maps are taken from; empty for those of pixels.
        empty: (C, 1, 1) or (B, C, H, W), the picture that shows nothing, in stored values: x₀.
    """

    method: Method
    layer: str
    empty: Tensor

    def maps(self, network: nn.Module, question: Question) -> Maps:
        """The maps of some pictures, of so many at a time that their gradients fit into memory."""
        most = max(1, AT_ONCE // question.inputs[0].numel())
        if len(question) <= most:
            return METHODS[self.method](network, question, self)
        pieces = [slice(start, start + most) for start in range(0, len(question), most)]
        found = [self._of(piece).maps(network, question.take(piece)) for piece in pieces]
        gaps = [one.gap for one in found if one.gap is not None]
        outputs = torch.cat([one.outputs for one in found])
        return Maps(torch.cat([one.raw for one in found]), outputs, torch.cat(gaps) if gaps else None)

    def _of(self, which: slice) -> Way:
        """The way for some of the pictures."""
        return replace(self, empty=self.empty[which]) if self.empty.ndim == 4 else self


def gradcam(tap: Tap) -> Tensor:
    """Σₖ αₖ Aₖ with αₖ the mean of ∂y/∂Aₖ over its places (Selvaraju et al., 2017, eq. 1–2, before the ReLU)."""
    weights = tap.gradients.mean((2, 3))  # (B, K)
    return torch.einsum("bk,bkhw->bhw", weights, tap.maps)


def gradcam_plus_plus(tap: Tap) -> Tensor:
    """Σₖ wₖ Aₖ with wₖ = Σ α·ReLU(g), α = g² / (2g² + g³·Σ Aₖ), g = ∂y/∂Aₖ (Chattopadhay et al., 2018, eq. 5, 19).

    That is for the score exp(y), of which y is piecewise linear in A; the factor exp(y) of g, which changes the scale
    of a map only, is left out.
    """
    g = tap.gradients
    below = 2 * g**2 + g**3 * tap.maps.sum((2, 3), keepdim=True)
    alpha = g**2 / torch.where(below != 0, below, torch.ones_like(below))
    return torch.einsum("bk,bkhw->bhw", (alpha * g.relu()).sum((2, 3)), tap.maps)


def cam(network: nn.Module, tap: Tap, classes: Tensor) -> Tensor:
    """Σₖ wₖ Aₖ with w the class's weights in the linear layer behind a global average (Zhou et al., 2016, eq. 2).

    Raises:
        DataError: if the network does not end so: its outputs are not W·mean(A) + b.
    """
    means = tap.maps.mean((2, 3))  # (B, K)
    for linear in (module for module in network.modules() if isinstance(module, nn.Linear)):
        if linear.in_features != means.shape[1] or linear.out_features != tap.outputs.shape[1]:
            continue
        expected = linear(means).detach()
        if expected.shape == tap.outputs.shape and _equal(expected, tap.outputs):
            return torch.einsum("bk,bkhw->bhw", linear.weight.detach()[classes.to(means.device)], tap.maps)
    rule = "CAM needs a network that ends in a global average of this layer's maps and one linear layer"
    raise DataError(
        rule, got=type(getattr(network, "model", network)).__name__, hint="--set method=gradcam, equal to it there"
    )


def integrated_gradients(network: nn.Module, question: Question, way: Way) -> Maps:
    """(x − x₀)·∫ ∂y/∂x at x₀ + a(x − x₀) da, summed over channels (Sundararajan et al., 2017, eq. 1).

    The integral is a Gauss–Legendre sum. Its terms add up to y(x) − y(x₀) (completeness); how far they miss is the gap.
    """
    empty = way.empty.expand_as(question.inputs)
    difference = question.inputs - empty
    places, weights = np.polynomial.legendre.leggauss(STEPS)
    total = torch.zeros_like(difference)
    for place, weight in zip((1 + places) / 2, weights / 2, strict=True):
        x = (empty + float(place) * difference).requires_grad_()
        with torch.enable_grad():
            score = question.read(logits(network, x)).sum()
            (gradient,) = torch.autograd.grad(score, x)
        total += float(weight) * gradient
    raw = (difference * total).sum(1)
    with torch.no_grad():
        outputs = logits(network, question.inputs)
        risen = question.read(outputs) - question.read(logits(network, empty))
    gap = (raw.sum((1, 2)) - risen).abs() / risen.abs().clamp(min=1e-12)
    return Maps(raw, outputs, gap)


@torch.no_grad()
def occlusion(network: nn.Module, question: Question, way: Way) -> Maps:
    """How far the logit falls where a window is covered, for each pixel the mean over the windows that cover it.

    Windows are a seventh of the shorter side wide, and move by half of that (Zeiler & Fergus, 2014).
    """
    inputs, empty = question.inputs, way.empty.expand_as(question.inputs)
    height, width = inputs.shape[2:]
    side = max(1, min(height, width) // WINDOWS)
    step = max(1, side // 2)
    outputs = logits(network, inputs)
    before, total, count = question.read(outputs), torch.zeros_like(inputs[:, 0]), torch.zeros_like(inputs[0, 0])
    for top in starts(height, side, step):
        for left in starts(width, side, step):
            window = (slice(top, top + side), slice(left, left + side))
            covered = inputs.clone()
            covered[:, :, *window] = empty[:, :, *window]
            fallen = before - question.read(logits(network, covered))
            total[:, *window] += fallen[:, None, None]
            count[window] += 1
    return Maps(total / count, outputs)


def starts(length: int, side: int, step: int) -> range:
    """Where windows begin, so that the last one reaches the end."""
    return range(0, math.ceil(max(0, length - side) / step) * step + 1, step)


def _gradcam(network: nn.Module, question: Question, way: Way) -> Maps:
    tap = tapped(network, way.layer, question)
    return Maps(gradcam(tap), tap.outputs)


def _gradcam_plus_plus(network: nn.Module, question: Question, way: Way) -> Maps:
    tap = tapped(network, way.layer, question)
    return Maps(gradcam_plus_plus(tap), tap.outputs)


def _cam(network: nn.Module, question: Question, way: Way) -> Maps:
    tap = tapped(network, way.layer, question)
    return Maps(cam(network, tap, question.classes), tap.outputs)


def _equal(expected: Tensor, found: Tensor) -> bool:
    return bool((expected - found).abs().max() <= NEAR * found.abs().max().clamp(min=1e-6))


METHODS: Mapping[Method, Callable[[nn.Module, Question, Way], Maps]] = {
    "gradcam": _gradcam,
    "cam": _cam,
    "gradcam++": _gradcam_plus_plus,
    "integrated_gradients": integrated_gradients,
    "occlusion": occlusion,
}
OF_LAYERS: frozenset[Method] = frozenset({"gradcam", "cam", "gradcam++"})

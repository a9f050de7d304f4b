"""Batch norm over the examples of all processes, or over parts of a batch, each on its own.

Torch's own ``SyncBatchNorm`` needs a GPU, and a layer of its own class in place of the user's. Here every call of
``batch_norm`` in training mode is met on its way, whatever layer makes it, so the network stays as it was written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.overrides import TorchFunctionMode

Total = Callable[[Tensor], Tensor]  # adds a tensor up over all processes, in place


class Normed(TorchFunctionMode):
    """Within it batch norm in training mode takes its figures over other examples than those it is given.

    Args:
        total: adds up over all processes.
        sizes: of the parts of this process' share whose figures are taken on their own; none: over all processes.
        parts: how many they are on all processes.
    """

    def __init__(self, total: Total, sizes: list[int], parts: int) -> None:
        super().__init__()
        self.total, self.sizes, self.parts = total, sizes, parts

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call a function; batch norm in its own way."""
        kwargs = kwargs or {}
        if function is not F.batch_norm:
            return function(*args, **kwargs)
        return self._norm(*args, **kwargs)

    def _norm(
        self,
        x: Tensor,
        running_mean: Tensor | None,
        running_var: Tensor | None,
        weight: Tensor | None = None,
        bias: Tensor | None = None,
        training: bool = False,
        momentum: float = 0.1,
        eps: float = 1e-5,
    ) -> Tensor:
        """(b, C, …) → (b, C, …)."""
        if not training:
            return F.batch_norm(x, running_mean, running_var, weight, bias, False, momentum, eps)
        if not self.sizes:
            found: tuple[Tensor, Tensor, Tensor] = _Synchronised.apply(x, weight, bias, eps, self.total)  # type: ignore[no-untyped-call]
            y, mean, var = found
        else:
            y, mean, var = self._apart(x, weight, bias, eps)
        if running_mean is not None and running_var is not None:
            with torch.no_grad():
                for running, seen in ((running_mean, mean), (running_var, var)):  # lerp_, for which vmap has no rule
                    running.add_(seen.to(running.dtype) - running, alpha=momentum)
        return y

    def _apart(self, x: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float) -> tuple[Tensor, ...]:
        """Each part by its own figures (Hoffer et al., 2017: ghost batch norm); the running ones are their means."""
        # of several rows for an example: two views stand one behind the other, all else side by side
        times = len(x) // sum(self.sizes)
        views = (x.unflatten(0, (2, -1)) if times == 2 else x.unflatten(0, (1, -1))).split(
            [size * (times if times != 2 else 1) for size in self.sizes], 1
        )
        normed = [F.batch_norm(part.flatten(0, 1), None, None, weight, bias, True, 0.0, eps) for part in views]
        y = torch.cat([one.unflatten(0, part.shape[:2]) for one, part in zip(normed, views, strict=True)], 1)
        with torch.no_grad():
            figures = [_moments(part.flatten(0, 1)) for part in views]
            sums = torch.stack([torch.stack([mean, var * n / max(1, n - 1)]) for n, mean, var in figures]).sum(0)
            mean, var = self.total(sums) / self.parts
        return y.flatten(0, 1), mean, var


class _Synchronised(torch.autograd.Function):
    """x̂ = (x − μ)/√(σ² + ε), y = γ·x̂ + β with the figures of all processes (Ioffe & Szegedy, 2015)."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float, total: Total
    ) -> tuple[Tensor, Tensor, Tensor]:
        """y, and the mean and the unbiased variance (C,) for the running figures."""
        count, own_mean, own_var = _moments(x)
        # Σx and Σx² in one message: in float64 the squares lose digits only where means are millions of deviations
        own_mean, own_var = own_mean.double(), own_var.double()
        sums = torch.cat([own_mean, own_var + own_mean**2, own_mean.new_ones(1)]) * count
        total(sums)
        n = sums[-1]
        mean, square = (sums[:-1] / n).chunk(2)
        var = (square - mean**2).clamp(min=0)
        scale = (var + eps).rsqrt()
        kind = torch.promote_types(x.dtype, torch.float32)
        mean_, var_ = mean.to(kind), var.to(kind)
        ctx.save_for_backward(x, weight, mean_, scale.to(kind), n)
        ctx.total, ctx.biased = total, bias is not None
        y = F.batch_norm(x, mean_, var_, weight, bias, False, 0.0, eps)
        ctx.mark_non_differentiable(mean_, unbiased := (var * n / (n - 1).clamp(min=1)).to(kind))
        return y, mean_, unbiased

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slope: Tensor, *_: Any) -> tuple[Tensor | None, ...]:
        """∂L/∂x = γ/√(σ² + ε)·(g − mean(g) − x̂·mean(g·x̂)), where means are over the examples of all processes."""
        x, weight, mean, scale, n = ctx.saved_tensors
        others, shape = [0, *range(2, x.ndim)], (1, -1, *(1,) * (x.ndim - 2))
        centred = x.to(mean.dtype) - mean.view(shape)
        slope = slope.to(mean.dtype)
        of_bias, of_weight = slope.sum(others), (slope * centred).sum(others) * scale
        means = ctx.total(torch.cat([of_bias, of_weight]).double()) / n
        mean_slope, mean_product = means.to(mean.dtype).chunk(2)
        factor = scale if weight is None else scale * weight.to(scale.dtype)
        inner = slope - mean_slope.view(shape) - centred * (mean_product * scale).view(shape)
        of_x = (inner * factor.view(shape)).to(x.dtype)
        return of_x, None if weight is None else of_weight.to(weight.dtype), of_bias if ctx.biased else None, None, None


def _moments(x: Tensor) -> tuple[int, Tensor, Tensor]:
    """Values for each channel, their mean (C,) and their biased variance (C,), in float32 or more."""
    values = x.detach().to(torch.promote_types(x.dtype, torch.float32)).transpose(0, 1).flatten(1)  # (C, n)
    var, mean = torch.var_mean(values, 1, correction=0)
    return values.shape[1], mean, var

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
        views = 2 if len(x) == 2 * sum(self.sizes) else 1  # two of each example stand one behind the other
        rows = [size * len(x) // (views * sum(self.sizes)) for size in self.sizes]  # all else stands side by side
        parts = x.split(rows) if views == 1 else [one.flatten(0, 1) for one in x.unflatten(0, (2, -1)).split(rows, 1)]
        found = [_normed(part, weight, bias, eps) for part in parts]
        normed = [y for y, *_ in found]
        if views == 1:
            y = torch.cat(normed)
        else:
            y = torch.cat([one.unflatten(0, (2, -1)) for one in normed], 1).flatten(0, 1)
        with torch.no_grad():
            sums = torch.stack([torch.stack(figures) for _, *figures in found]).sum(0)
            mean, var = self.total(sums) / self.parts
        return y, mean, var


def _normed(x: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """Batch norm by these examples' own figures; beside it their mean and unbiased variance (C,)."""
    channel = x.detach()[0].flatten(1)[:, 0] if x.ndim > 2 else x.detach()[0]  # of x, so vmap sees each network's own
    mean, var = (torch.zeros_like(channel, dtype=torch.promote_types(x.dtype, torch.float32)) for _ in range(2))
    return F.batch_norm(x, mean, var, weight, bias, True, 1.0, eps), mean, var  # running ones, of this batch alone


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
        kind = torch.promote_types(x.dtype, torch.float32)
        mean_, var_ = mean.to(kind), var.to(kind)
        ctx.save_for_backward(x, weight, mean_, var_, n)
        ctx.total, ctx.eps, ctx.dtype, ctx.biased = total, eps, x.dtype, bias is not None
        y = F.batch_norm(x, mean_, var_, weight, bias, False, 0.0, eps)
        ctx.mark_non_differentiable(mean_, unbiased := (var * n / (n - 1).clamp(min=1)).to(kind))
        return y, mean_, unbiased

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slope: Tensor, *_: Any) -> tuple[Tensor | None, ...]:
        """∂L/∂x = γ/√(σ² + ε)·(g − mean(g) − x̂·mean(g·x̂)), where means are over the examples of all processes."""
        x, weight, mean, var, n = ctx.saved_tensors
        eps, shape, kind = ctx.eps, (1, -1, *(1,) * (x.ndim - 2)), mean.dtype
        slope, x = slope.to(kind), x.to(kind)
        gamma = torch.ones_like(mean) if weight is None else weight.to(kind)
        # one pass: γ/√(σ² + ε)·g, Σg·x̂ and Σg, as if the figures were constants
        of_x, of_weight, of_bias = torch.ops.aten.native_batch_norm_backward(
            slope, x, gamma, mean, var, None, None, False, eps, [True, True, True]
        )
        means = ctx.total(torch.cat([of_bias, of_weight]).double()) / n
        mean_slope, mean_product = means.to(kind).chunk(2)
        # what they are not, as a straight line in x: −γ/√(σ² + ε)·(mean(g) + x̂·mean(g·x̂))
        scale = (var + eps).rsqrt()
        rise = -gamma * scale**2 * mean_product
        of_x = of_x.add_((-gamma * scale * mean_slope - rise * mean).view(shape)).addcmul_(x, rise.view(shape))
        of_x = of_x.to(ctx.dtype)
        return of_x, None if weight is None else of_weight.to(weight.dtype), of_bias if ctx.biased else None, None, None


def _moments(x: Tensor) -> tuple[int, Tensor, Tensor]:
    """Values for each channel, their mean (C,) and their biased variance (C,), in float32 or more.

    Torch sums up in the kind of the values, so they are taken around the first example's mean: else a mean that is
    far larger than the deviation leaves the variance no digits.
    """
    values = x.detach().to(torch.promote_types(x.dtype, torch.float32))
    around = values[:1].mean([0, *range(2, x.ndim)], keepdim=True)
    mean, var = torch.batch_norm_update_stats(values - around, None, None, 0.0)
    return values.numel() // values.shape[1], mean + around.flatten(), var

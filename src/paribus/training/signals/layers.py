"""What the layers of a network give while some examples pass through it: seen by hooks, which change nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from paribus.training.signals.readings import Readings

NEAR = 0.01  # share of the range of a bounded function that counts as its end
RANGES: dict[type[nn.Module], tuple[float, float]] = {
    nn.Sigmoid: (0, 1),
    nn.Hardsigmoid: (0, 1),
    nn.Softmax: (0, 1),
    nn.Softmax2d: (0, 1),
    nn.Tanh: (-1, 1),
    nn.Hardtanh: (-1, 1),
    nn.Softsign: (-1, 1),
    nn.RNN: (-1, 1),
    nn.GRU: (-1, 1),
    nn.LSTM: (-1, 1),
}
CHANNELS_LAST = (nn.Linear, nn.LayerNorm, nn.Embedding, nn.RNNBase)  # what they give has its units on the last axis


@contextmanager
def hooked(handles: list[Any]) -> Iterator[None]:
    """Keep hooks for a block, and take them off behind it, whatever happens."""
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


class Outputs:
    """Watches what layers give.

    Args:
        network: whose layers with parameters, and whose activations, are watched.
        readings: takes the figures of each call of each.
    """

    def __init__(self, network: nn.Module, readings: Readings) -> None:
        self.readings = readings
        self.whole: Tensor | None = None  # what the network gave, where it was called as one
        self.last: nn.Module | None = None  # the layer with a matrix that was called last
        self._units_last = False  # whether the units of what came last are on the last axis
        self._handles = [
            module.register_forward_hook(self._look(name))
            for name, module in network.named_modules()
            if is_activation(module) or has_parameters(module)
        ]
        self._handles.append(network.register_forward_hook(self._keep))

    def watching(self) -> Any:
        """A block in which they are watched."""
        return hooked(self._handles)

    def _keep(self, module: nn.Module, given: Any, output: Any) -> None:
        self.whole = output if isinstance(output, Tensor) else None

    def _look(self, name: str) -> Callable[[nn.Module, Any, Any], None]:
        def look(module: nn.Module, given: Any, output: Any) -> None:
            if has_parameters(module):
                self._units_last = isinstance(module, CHANNELS_LAST)
                if any(parameter.ndim > 1 for parameter in module.parameters(recurse=False)):
                    self.last = module
            output = output[0] if isinstance(output, tuple) and output else output
            if not isinstance(output, Tensor) or not output.is_floating_point() or not output.numel():
                return
            output = output.detach().float()
            self.readings.note(name, **moments(output))
            if is_activation(module) and output.ndim > 1:
                self.readings.note(name, **zeros(output, -1 if self._units_last else 1))
            if type(module) in RANGES:
                self.readings.note(name, saturated=near_ends(output, *RANGES[type(module)]))

        return look


def moments(output: Tensor) -> dict[str, Tensor]:
    """Mean and deviation over all values (B, …), and how far they depend on the example."""
    variance, mean = torch.var_mean(output.flatten(1) if output.ndim > 1 else output[:, None], 0, correction=0)
    within = variance.mean()  # the law of total variance: within outputs, and between their means
    return {
        "mean": mean.mean(),
        "deviation": (within + mean.var(correction=0)).sqrt(),
        "variation": within.sqrt(),
    }


def zeros(output: Tensor, axis: int) -> dict[str, Tensor]:
    """The share of zeros among values (B, …), and of units along an axis that are 0 for every example and place."""
    zero = output == 0
    return {"zeros": zero.float().mean(), "dead": zero.movedim(axis, 0).flatten(1).all(1).float().mean()}


def near_ends(output: Tensor, low: float, high: float) -> Tensor:
    """The share of values within 1 % of the ends of a range."""
    margin = NEAR * (high - low)
    return ((output < low + margin) | (output > high - margin)).float().mean()


class Drift:
    """Watches how far the running statistics of batch norms are from those of what they are given.

    Args:
        network: whose batch norms are watched.
        readings: takes the figures, of the first call of each.
    """

    def __init__(self, network: nn.Module, readings: Readings) -> None:
        self.readings = readings
        self._seen: set[str] = set()
        self._handles = [
            module.register_forward_pre_hook(self._look(name))
            for name, module in network.named_modules()
            if isinstance(module, _BatchNorm) and module.running_mean is not None
        ]

    def watching(self) -> Any:
        """A block in which they are watched."""
        return hooked(self._handles)

    def _look(self, name: str) -> Callable[[nn.Module, Any], None]:
        def look(module: nn.Module, given: tuple[Tensor, ...]) -> None:
            if name not in self._seen:  # its own forward pass moves the statistics
                self._seen.add(name)
                self.readings.note(name, **drift(module, given[0].detach().float()))

        return look


def drift(norm: nn.Module, given: Tensor) -> dict[str, Tensor]:
    """How far running statistics are from those of some inputs (B, C, …)."""
    variance, mean = torch.var_mean(given, [0, *range(2, given.ndim)], correction=0)
    shift = (norm.running_mean - mean) / (variance + norm.eps).sqrt()  # type: ignore[operator]
    ratio = (norm.running_var + norm.eps) / (variance + norm.eps)  # type: ignore[operator]
    counted = norm.num_batches_tracked
    return {
        "norm_mean": shift.square().mean().sqrt(),
        "norm_variance": ratio.log().abs().mean(),
        **({"norm_batches": counted} if isinstance(counted, Tensor) else {}),
    }


def is_activation(module: nn.Module) -> bool:
    """Whether it is one of torch's activation functions."""
    return type(module).__module__ == nn.ReLU.__module__ and not isinstance(module, nn.MultiheadAttention)


def has_parameters(module: nn.Module) -> bool:
    """Whether it has parameters of its own, not only those of what is in it."""
    return next(module.parameters(recurse=False), None) is not None


def layer_of(parameter: str) -> str:
    """The path of the layer that a parameter belongs to, by its name."""
    return parameter.rpartition(".")[0].partition(".parametrizations")[0]

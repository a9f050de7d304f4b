"""What the layers of a network give while some examples pass through it: seen by hooks, which change nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from paribus.training.signals.readings import Readings

BLOCK = 8192  # values of an example of which moments are taken at once: of 64 examples they fit into 2 MiB
NEAR = 0.01  # share of the range of a bounded function that counts as its end
RANGES: dict[type[nn.Module], tuple[float, float]] = {
    nn.Sigmoid: (0, 1),
    nn.Hardsigmoid: (0, 1),
    nn.Tanh: (-1, 1),
    nn.Hardtanh: (-1, 1),
    nn.Softsign: (-1, 1),
    nn.RNN: (-1, 1),
    nn.GRU: (-1, 1),
    nn.LSTM: (-1, 1),
}
SOFTMAX = (nn.Softmax, nn.Softmax2d)
CHANNELS_LAST = (nn.Linear, nn.LayerNorm, nn.Embedding, nn.RNNBase)  # what they give has its units on the last axis


class Layers:
    """The layers of a network and their parameters by name: looked up once, for modules are slow to ask.

    Args:
        network: the whole.
    """

    def __init__(self, network: nn.Module) -> None:
        self.modules = list(network.modules())
        self.buffers = list(network.buffers())
        self.parameters = dict(network.named_parameters())
        self.paths = {id(parameter): name for name, parameter in self.parameters.items()}
        named = list(network.named_modules())
        self.watched = [(name, it) for name, it in named if is_activation(it) or has_parameters(it)]
        self.norms = [(name, it) for name, it in named if isinstance(it, _BatchNorm) and it.running_mean is not None]
        self.matrices = {name: it for name, it in self.parameters.items() if it.ndim > 1}
        shaped = {name.rpartition(".")[0] for name in self.matrices}
        self.with_matrix = {name for name, _ in named if name in shaped}


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
        network: whose output is kept.
        layers: of it; those with parameters and activations are watched.
        readings: takes the figures of each call of each.
    """

    def __init__(self, network: nn.Module, layers: Layers, readings: Readings) -> None:
        self.readings = readings
        self.whole: Tensor | None = None  # what the network gave, where it was called as one
        self.last: nn.Module | None = None  # the layer with a matrix that was called last
        self._units_last = False  # whether the units of what came last are on the last axis
        self._handles = [
            module.register_forward_hook(self._look(name, name in layers.with_matrix))
            for name, module in layers.watched
        ]
        self._handles.append(network.register_forward_hook(self._keep))

    def watching(self) -> Any:
        """A block in which they are watched."""
        return hooked(self._handles)

    def _keep(self, module: nn.Module, given: Any, output: Any) -> None:
        self.whole = output if isinstance(output, Tensor) else None

    def _look(self, name: str, has_matrix: bool) -> Callable[[nn.Module, Any, Any], None]:
        def look(module: nn.Module, given: Any, output: Any) -> None:
            if has_matrix:
                self._units_last, self.last = isinstance(module, CHANNELS_LAST), module
            output = output[0] if isinstance(output, tuple) and output else output
            if not isinstance(output, Tensor) or not output.is_floating_point() or not output.numel():
                return
            output = output.detach().float()
            figures, nothing = moments(output)
            if is_activation(module) and output.ndim > 1:
                axis = output.ndim - 1 if self._units_last else 1
                figures |= {"zeros": zeros(output), "dead": dead(nothing, axis - 1)}
                if not isinstance(module, (*RANGES, *SOFTMAX)) and not getattr(module, "inplace", False):
                    figures |= bends(given, output)
            if type(module) in RANGES:
                figures["saturated"] = near_ends(output, *RANGES[type(module)])
            elif isinstance(module, SOFTMAX):
                figures["saturated"] = sure(module, output)
            self.readings.note(name, **figures)

        return look


def moments(output: Tensor) -> tuple[dict[str, Tensor], Tensor]:
    """Mean and deviation over all values (B, …), how far they depend on the example, and which are 0 for all (…)."""
    strides = output.stride()
    axes = sorted(range(1, output.ndim), key=lambda axis: -strides[axis])  # as they lie in memory
    laid = output.permute(0, *axes)
    means, variances = [], []
    for some in laid.reshape(len(laid), -1).split(
        BLOCK, 1
    ):  # which stay in the processor's cache; torch.var is ten times slower
        means.append(mean := some.mean(0))
        variances.append((some - mean).square_().mean(0))
    mean, variance = torch.cat(means), torch.cat(variances)
    within = variance.mean()  # the law of total variance: within outputs, and between their means
    figures = {
        "mean": mean.mean(),
        "deviation": (within + mean.var(correction=0)).sqrt_(),
        "variation": within.sqrt(),
    }
    nothing = ((mean == 0) & (variance == 0)).view(laid.shape[1:])
    return figures, nothing.permute([axes.index(axis) for axis in range(1, output.ndim)])


def bends(given: Any, output: Tensor) -> dict[str, Tensor]:
    """The share of the variance of what an activation gives that no straight line in its inputs explains, 1 − r².

    Of a rectifier with normal inputs it is .27, of one that lets half of what is negative pass .04.
    """
    x = given[0] if isinstance(given, tuple) and given else None
    if not isinstance(x, Tensor) or x.shape != output.shape:
        return {}
    x, y = x.detach().float(), output
    x, y = (x - x.mean()).flatten(), (y - y.mean()).flatten()
    return {"bends": (1 - (x @ y).square() / ((x @ x) * (y @ y))).clamp(min=0)}


def zeros(output: Tensor) -> Tensor:
    """The share of values that are exactly 0."""
    return 1 - output.count_nonzero() / output.numel()


def dead(nothing: Tensor, axis: int) -> Tensor:
    """The share of units, along an axis, all whose values are 0 for every example: of what was found of each (…)."""
    return nothing.movedim(axis, 0).flatten(1).all(1).float().mean() if nothing.ndim > 1 else nothing.float().mean()


def near_ends(output: Tensor, low: float, high: float) -> Tensor:
    """The share of values within 1 % of the ends of a range."""
    margin = NEAR * (high - low)
    return ((output < low + margin) | (output > high - margin)).float().mean()


def sure(module: nn.Module, output: Tensor) -> Tensor:
    """The share of a softmax's answers of which one class has all but 1 %: of many classes nearly all are next to 0."""
    axis = getattr(module, "dim", -3)  # Softmax2d has no such field
    return (output.amax(1 if axis is None else axis) > 1 - NEAR).float().mean()


class Drift:
    """Watches how far the running statistics of batch norms are from those of what they are given.

    Args:
        layers: of a network, whose batch norms are watched.
        readings: takes the figures, of the first call of each.
    """

    def __init__(self, layers: Layers, readings: Readings) -> None:
        self.readings = readings
        self._seen: set[str] = set()
        self._handles = [module.register_forward_pre_hook(self._look(name)) for name, module in layers.norms]

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
        **({"norm_batches": counted.clone()} if isinstance(counted, Tensor) else {}),
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

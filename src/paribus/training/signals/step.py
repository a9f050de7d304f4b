"""What a step does to the weights: learning rates, gradients as optimizers get them, updates by layer."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.linalg import vector_norm
from torch.optim import Optimizer

from paribus.training.session import Session
from paribus.training.signals.layers import hooked, layer_of
from paribus.training.signals.readings import fetched, rounded


@contextmanager
def stepped(session: Session) -> Iterator[dict[str, dict[str, float]]]:
    """Where a step is taken: behind it the dictionary has its ``step_gradient`` and ``update_ratio`` by layer.

    Only parameters with a gradient are in them, of stages whose optimizer stepped.
    """
    names = {parameter: name for name, parameter in session.network.named_parameters()}
    before: dict[nn.Parameter, Tensor] = {}
    slopes: dict[str, Tensor] = {}
    left: dict[str, dict[str, float]] = {}

    def note(optimizer: Optimizer, *_: Any) -> None:
        for parameter in (it for group in optimizer.param_groups for it in group["params"] if it.grad is not None):
            before[parameter] = parameter.detach().clone()
            grad = parameter.grad
            slopes[names[parameter]] = vector_norm(grad.coalesce().values() if grad.is_sparse else grad)

    with hooked([optimizer.register_step_pre_hook(note) for optimizer in session.optimizers.values()]):
        yield left
    sizes = {names[parameter]: vector_norm(old) for parameter, old in before.items()}
    changes = {names[parameter]: vector_norm(parameter.detach() - old) for parameter, old in before.items()}
    found = fetched([*slopes.values(), *sizes.values(), *changes.values()])
    count = len(slopes)
    slope, size, change = (by_layer(dict(zip(slopes, found[k * count :], strict=False))) for k in range(3))
    left["step_gradient"] = slope
    left["update_ratio"] = {layer: rounded(ratio(change[layer], size[layer])) for layer in change}


def rates(session: Session) -> dict[str, float]:
    """Stage → the learning rate that its optimizer has now, before the factors of the model's own groups."""
    groups = {stage: optimizer.param_groups[0] for stage, optimizer in session.optimizers.items()}
    return {stage: float(group["lr"] / group["lr_factor"]) for stage, group in groups.items()}


def weight_norms(network: nn.Module) -> dict[str, float]:
    """The norm of all parameters by layer."""
    parameters = dict(network.named_parameters())
    norms = fetched(vector_norm(parameter.detach()) for parameter in parameters.values())
    return by_layer(dict(zip(parameters, norms, strict=True)))


def by_layer(values: Mapping[str, float]) -> dict[str, float]:
    """Parameter → norm as layer → norm of all its parameters as one vector."""
    found: dict[str, list[float]] = defaultdict(list)
    for name, value in values.items():
        found[layer_of(name)].append(value)
    return {layer: rounded(math.hypot(*norms)) for layer, norms in found.items()}


def ratio(part: float, whole: float) -> float:
    """A quotient that may be infinite, or no number, as in floating point."""
    if whole:
        return part / whole
    return math.inf if part else math.nan

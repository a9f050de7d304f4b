"""What a step does to the weights: learning rates, gradients as optimizers get them, updates by layer."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from paribus.training.session import Session
from paribus.training.signals.layers import Layers, hooked, layer_of
from paribus.training.signals.readings import fetched, norms, rounded


@contextmanager
def stepped(session: Session, layers: Layers) -> Iterator[dict[str, dict[str, float]]]:
    """Where a step is taken: behind it the dictionary has its ``step_gradient`` and ``update_ratio`` by layer.

    Only parameters with a gradient are in them, of stages whose optimizer stepped.
    """
    stepping: list[Tensor] = []
    before: list[Tensor] = []
    slopes: list[Tensor] = []
    left: dict[str, dict[str, float]] = {}

    def note(optimizer: Optimizer, *_: Any) -> None:
        known = [it for group in optimizer.param_groups for it in group["params"] if it.grad is not None]
        stepping.extend(known)
        before.extend(parameter.detach().clone() for parameter in known)
        slopes.extend(norms([dense(parameter.grad) for parameter in known]))

    with hooked([optimizer.register_step_pre_hook(note) for optimizer in session.optimizers.values()]):
        yield left
    changes = [parameter.detach() - old for parameter, old in zip(stepping, before, strict=True)]
    found = fetched([*slopes, *norms(before), *norms(changes)])
    names, count = [layers.paths[id(parameter)] for parameter in stepping], len(before)
    slope, size, change = (
        by_layer(dict(zip(names, found[start : start + count], strict=True))) for start in (0, count, 2 * count)
    )
    left["step_gradient"] = slope
    left["update_ratio"] = {layer: rounded(ratio(change[layer], size[layer])) for layer in change}


def dense(grad: Tensor) -> Tensor:
    """The numbers of a gradient that may be a sparse one."""
    return grad.coalesce().values() if grad.is_sparse else grad


def rates(session: Session) -> dict[str, float]:
    """Stage → the learning rate that its optimizer has now, before the factors of the model's own groups."""
    groups = {stage: optimizer.param_groups[0] for stage, optimizer in session.optimizers.items()}
    return {stage: float(group["lr"] / group["lr_factor"]) for stage, group in groups.items()}


@torch.no_grad()
def weight_norms(layers: Layers) -> dict[str, float]:
    """The norm of all parameters by layer."""
    found = fetched(norms(list(layers.parameters.values())))
    return by_layer(dict(zip(layers.parameters, found, strict=True)))


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

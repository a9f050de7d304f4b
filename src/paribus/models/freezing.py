"""What of a model is not trained, and until when: the same to the last bit, statistics of its norms included."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

from torch import nn

from paribus.models.declarations import matching

Until = Mapping[str, float]  # parameter or buffer → for how many epochs it is frozen; infinity for good


def frozen_until(model: nn.Module, freeze: Iterable[str], unfreeze: Mapping[str, int]) -> dict[str, float]:
    """What the patterns name; ``unfreeze`` has the last word on what both name.

    Raises:
        RecipeError: if a pattern names nothing.
    """
    names = [name for name, _ in (*model.named_parameters(), *model.named_buffers())]
    until = dict.fromkeys(matching(names, freeze, "model.freeze"), math.inf)
    for pattern, epochs in unfreeze.items():
        until |= dict.fromkeys(matching(names, [pattern], "model.unfreeze"), epochs)
    return until


def resting(model: nn.Module, until: Until, epoch: int) -> Iterator[nn.Module]:
    """The modules of which all is frozen in an epoch: they compute as in evaluation, so that no statistic moves."""
    frozen = {name for name, epochs in until.items() if epoch < epochs}
    names = [name for name, _ in (*model.named_parameters(), *model.named_buffers())]
    for path, module in model.named_modules():
        below = [name for name in names if not path or name.startswith(f"{path}.")]
        if below and frozen.issuperset(below):
            yield module


def set_epoch(model: nn.Module, until: Until, epoch: int) -> None:
    """Let gradients reach those of the named parameters that are trained in an epoch, and no other of them."""
    for name, parameter in model.named_parameters():
        if name in until:
            parameter.requires_grad_(epoch >= until[name])


def frozen_tensors(model: nn.Module, until: Until) -> dict[str, float]:
    """What must not change, parameters and buffers, and for how many epochs; infinity for good.

    Beside what is named: the statistics of a norm whose own parameters are all frozen for good, even where the patterns
    leave them out, for with them a frozen layer would compute something else every epoch.
    """
    found = dict(until)
    for path, module in model.named_modules():
        prefix = f"{path}." if path else ""
        own = [prefix + name for name, _ in module.named_parameters(recurse=False)]
        if own and all(until.get(name) == math.inf for name in own):
            found |= {prefix + name: math.inf for name, _ in module.named_buffers(recurse=False)}
    return found

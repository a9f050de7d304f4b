"""What a model may declare, as plain attributes and methods: what was loaded, how inputs are scaled, its groups.

All of it is optional, for a model that starts from something::

    class FineTuned(nn.Module):
        loaded = ["backbone"]                             # initialisation leaves these alone
        input_scaling = ([123.7, 116.3, 103.5], [58.4, 57.1, 57.4])  # in place of the data's own

        def parameter_groups(self):
            return {"backbone": {"params": ["backbone"], "lr_factor": 0.1}}

        def adapt_to(self, inputs):                       # once, before the first step, unless weights were loaded
            self.shift.copy_(inputs.mean((0, 2, 3)))      # scaled training examples (N, *input_shape), on the CPU

Parameters are named as in ``named_parameters()``; a pattern is a whole name, the path of a module, which stands for all
that is below it, or has wildcards: ``"*.norm.bias"``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any, Protocol, TypeGuard

import torch
from torch import Tensor, nn

from paribus.data.info import DataInfo
from paribus.errors import RecipeError, nearest


@dataclass(frozen=True)
class Group:
    """Parameters that are stepped alike.

    Args:
        name: for people and checkpoints.
        parameters: its members.
        lr_factor: on the learning rate of the optimizer.
        weight_decay_factor: on its weight decay.
    """

    name: str
    parameters: list[nn.Parameter]
    lr_factor: float = 1.0
    weight_decay_factor: float = 1.0


def loaded(model: nn.Module) -> dict[str, Tensor]:
    """The parameters and buffers that the model's constructor loaded, which initialisation must leave alone.

    Raises:
        RecipeError: if ``model.loaded`` names something that the model has not.
    """
    known = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    patterns = getattr(model, "loaded", ())
    if isinstance(patterns, (str, bool)):
        raise RecipeError("model.loaded is a list of names", got=patterns, hint=f"write [{str(patterns)!r}]")
    return {name: known[name] for name in matching(known, patterns, "model.loaded")}


def input_scaling(model: nn.Module, info: DataInfo) -> tuple[Tensor, Tensor] | None:
    """Mean and deviation, in units of stored values, of shape (channels or 1, 1, …): the model's own, else the data's.

    ``None`` where inputs reach the model as they are.

    Raises:
        RecipeError: if ``model.input_scaling`` does not fit the channels.
    """
    data = (info.mean, info.deviation) if info.mean else None
    scaling = getattr(model, "input_scaling", data)
    if scaling is None:
        return None
    channels = info.input_shape[0]
    shape = (-1, *(1 for _ in info.input_shape[1:]))  # channels first
    mean, deviation = (torch.as_tensor(values, dtype=torch.float32).reshape(shape) for values in scaling)
    if not {len(mean), len(deviation)} <= {1, channels} or not bool((deviation > 0).all()):
        rule = "model.input_scaling is a mean and a positive deviation for each channel, or for all"
        raise RecipeError(rule, got=scaling, hint=f"the data have {channels} channels")
    return mean, deviation


class AtOnce(Protocol):
    """A model that is fitted at once: like :class:`paribus.models.fitted.fitted.Fitted`."""

    counts: str  # what size is the number of

    @property
    def size(self) -> int:
        """How many parameters fitting has found."""
        ...

    def fit_at_once(self, inputs: Tensor, targets: Tensor, weights: Tensor | None, seed: int) -> None:
        """Fit all training examples."""
        ...


class Adapting(Protocol):
    """A model that looks at training examples before its first step, such as one that whitens them."""

    def adapt_to(self, inputs: Tensor) -> None:
        """Begin from scaled examples (N, *input_shape)."""
        ...


def fits_at_once(model: Any) -> TypeGuard[AtOnce]:
    """Whether a model is fitted by its own ``fit_at_once``, from all examples, in place of steps along gradients."""
    return callable(getattr(model, "fit_at_once", None))


def adapts(model: Any) -> TypeGuard[Adapting]:
    """Whether a model begins from training examples, by its own ``adapt_to``."""
    return callable(getattr(model, "adapt_to", None))


def parameter_groups(model: nn.Module) -> list[Group]:
    """The groups of ``model.parameter_groups()``; a parameter belongs to the first that names it.

    Raises:
        RecipeError: if a group names what the model has not, or says something else of itself than it may.
    """
    known = dict(model.named_parameters())
    names = {id(parameter): name for name, parameter in known.items()}
    declared: Mapping[str, Mapping[str, Any]] = getattr(model, "parameter_groups", dict)()
    taken: set[str] = set()
    groups = []
    for label, content in declared.items():
        members = [names.get(id(it), "") if isinstance(it, Tensor) else it for it in content.get("params", ())]
        mine = [name for name in matching(known, members, f"group {label!r} of the model") if name not in taken]
        taken |= set(mine)
        factors = {key: value for key, value in content.items() if key != "params"}
        _check_factors(label, factors)
        groups.append(Group(label, [known[name] for name in mine], **factors))
    return groups


def with_factors(model: nn.Module, groups: Iterable[Group], factors: Mapping[str, float]) -> list[Group]:
    """The groups divided by factors on the learning rate, pattern → factor, which come on top of their own.

    A parameter has the factor of the first pattern that names it; what is in no group and has none is left out.

    Raises:
        RecipeError: if a pattern names nothing.
    """
    known = dict(model.named_parameters())
    pattern_of: dict[int, str] = {}
    for pattern in factors:
        for name in matching(known, [pattern], "model.lr_factors"):
            pattern_of.setdefault(id(known[name]), pattern)
    found = _apart(model, groups, pattern_of)
    return [replace(group, lr_factor=group.lr_factor * factors.get(pattern, 1.0)) for pattern, group in found]


def by_epoch(model: nn.Module, groups: Iterable[Group], until: Mapping[str, float]) -> list[Group]:
    """The groups divided by when their parameters are first trained: fused optimizers begin a group as a whole.

    Args:
        model: whose parameters they are.
        groups: as they are so far.
        until: parameter → for how many epochs it is frozen.
    """
    named = model.named_parameters()
    start_of = {id(it): f"from epoch {until[name] + 1:g}" for name, it in named if 0 < until.get(name, 0) < math.inf}
    return [group for _, group in _apart(model, groups, start_of)]


def _apart(model: nn.Module, groups: Iterable[Group], label_of: Mapping[int, str]) -> Iterator[tuple[str, Group]]:
    """Groups divided by what is said of single parameters; of those in no group the ones of which something is said."""
    groups = list(groups)
    declared = {id(parameter) for group in groups for parameter in group.parameters}
    rest = [it for it in model.parameters() if id(it) in label_of.keys() - declared]
    for group in (*groups, Group("", rest)):
        for label in dict.fromkeys(label_of.get(id(parameter), "") for parameter in group.parameters):
            members = [parameter for parameter in group.parameters if label_of.get(id(parameter), "") == label]
            yield label, replace(group, name=f"{group.name} {label}".strip(), parameters=members)


def matching(names: Iterable[str], patterns: Iterable[str], where: str) -> list[str]:
    """The names that any of the patterns means, in their own order.

    Raises:
        RecipeError: if a pattern names nothing; ``where`` says whose it is.
    """
    names, found = list(names), set()
    for pattern in patterns:
        meant = {name for name in names if fnmatchcase(name, pattern) or fnmatchcase(name, f"{pattern}.*")}
        if not meant:
            rule = f"{where} must name parameters that there are"
            raise RecipeError(rule, got=pattern, hint=_meant(pattern, names))
        found |= meant
    return [name for name in names if name in found]


def _meant(pattern: str, names: Iterable[str]) -> str:
    """The module or tensor that was probably meant, and the largest modules that there are."""
    names = list(names)
    paths = {".".join(words[:end]) for words in (name.split(".") for name in names) for end in range(1, len(words) + 1)}
    largest = ", ".join(dict.fromkeys(name.partition(".")[0] for name in names))
    close = get_close_matches(pattern, sorted(paths), n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}? There are {largest}" if close else f"there are {largest}, and what is in them"


def _check_factors(label: str, factors: Mapping[str, Any]) -> None:
    known = ("lr_factor", "weight_decay_factor")
    for key, value in factors.items():
        if key not in known:
            raise RecipeError(f"group {label!r} of the model has no {key}", got=value, hint=nearest(key, known))
        if value < 0 or (key == "lr_factor" and value == 0):
            hint = "freeze parameters by requires_grad_(False)"
            raise RecipeError(f"{key} of group {label!r} of the model must be positive", got=value, hint=hint)

"""Learning from what goes on inside a teacher: hints and attention maps, and the layers that they are taken from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from paribus.errors import RecipeError, nearest
from paribus.ranks import whole

Kind = Literal["none", "hint", "attention"]

RIDGE = 1e-6  # of the mean square of the student's features: so that what is constant does no harm


def attention(student: Tensor, teacher: Tensor) -> Tensor:
    """½ ‖q − q′‖², mean over a batch, where q = Σ_c A_c² over the channels, of length 1 (Zagoruyko & Komodakis, 2017).

    Args:
        student: (B, C, H, W) features.
        teacher: (B, C′, H′, W′); the larger map is averaged down to the size of the smaller one.
    """
    _require_maps(student, teacher)
    maps = _of_one_size(*(one.float().square().mean(1, keepdim=True) for one in (student, teacher)))
    own, wanted = (F.normalize(one.flatten(1), dim=1) for one in maps)
    return (own - wanted).square().sum(1).mean() / 2


def hint(student: Tensor, teacher: Tensor) -> Tensor:
    """The share of the teacher's variance that no linear map of the student's features explains (FitNets).

    Romero et al. (2015) train a 1×1 convolution from the student's channels to the teacher's together with the student.
    Here its best weights for the batch are solved for at every step: the gradient is that of the loss at its minimum
    over the map, since there the map's own part of it vanishes, and nothing further is to be tuned or saved.

    Args:
        student: (B, C, …) features.
        teacher: (B, C′, …); the larger map is averaged down to the size of the smaller one.
    """
    student, teacher = whole(student), whole(teacher)
    if student.ndim == teacher.ndim == 4:
        student, teacher = _of_one_size(student.float(), teacher.float())
    given, wanted = _centred(student), _centred(teacher)
    with torch.no_grad():
        square = (given.T @ given).double()
        square.diagonal().add_(RIDGE * square.diagonal().mean() + torch.finfo(torch.float32).tiny)
        best = torch.linalg.solve(square, (given.T @ wanted).double()).float()
    left = (wanted - given @ best).square().sum()
    loss: Tensor = left / wanted.square().sum().clamp(min=torch.finfo(torch.float32).tiny)
    return loss


LOSSES: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {"hint": hint, "attention": attention}


@contextmanager
def recorded(network: nn.Module, layers: Sequence[str], whose: str) -> Iterator[list[Tensor]]:
    """What these layers of a network's model give while it is called, in their order.

    Raises:
        RecipeError: if there is no layer of such a name.
    """
    model = getattr(network, "model", network)
    known = {name: layer for name, layer in model.named_modules() if name}
    for name in layers:
        if name not in known:
            raise RecipeError(f"{whose} has no layer of this name", got=name, hint=nearest(name, known))
    seen: dict[str, Any] = dict.fromkeys(layers)
    found: list[Tensor] = []

    def keep(name: str) -> Callable[..., None]:
        return lambda layer, inputs, output: seen.__setitem__(name, output)

    handles = [known[name].register_forward_hook(keep(name)) for name in seen]
    try:
        yield found
        found += [seen[name] for name in layers]
    finally:
        for handle in handles:
            handle.remove()


def _centred(features: Tensor) -> Tensor:
    """(B, C, …) → (B·…, C): each place of each example is one, and means are 0."""
    values = features.float().flatten(2).movedim(1, -1).flatten(0, 1) if features.ndim > 2 else features.float()
    return values - values.mean(0)


def _of_one_size(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """Maps (B, C, H, W) brought to the smaller size of both."""
    size = min(one.shape[2], other.shape[2]), min(one.shape[3], other.shape[3])
    return F.adaptive_avg_pool2d(one, size), F.adaptive_avg_pool2d(other, size)


def _require_maps(student: Tensor, teacher: Tensor) -> None:
    for whose, one in (("student", student), ("teacher", teacher)):
        if one.ndim != 4:
            rule = "task.features=attention reads maps (B, C, H, W), as convolutions give"
            got = f"{tuple(one.shape)} of the {whose}"
            raise RecipeError(rule, got=got, hint="name other layers, or set task.features=hint")

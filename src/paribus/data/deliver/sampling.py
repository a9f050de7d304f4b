"""Which examples an epoch takes where classes are not drawn as often as they occur."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from paribus.chance import Seeds, permutation
from paribus.errors import DataError, RecipeError

POWERS: Mapping[str, float] = {"balanced": 0.0, "sqrt": 0.5}
"""A class of n examples is drawn in proportion to n to this power: 1 would be as they are."""


@dataclass(frozen=True)
class Sampling:
    """An epoch of as many draws as there are training examples, shared out among the classes.

    Every class is gone through in a random order, and in another one when all of it was seen; an epoch goes on where
    the one before stopped. So small classes come several times an epoch, large ones take several epochs, and no
    example of a class is ever drawn more than once more often than another.

    Args:
        members: for each class the positions of its examples within the training split.
        quotas: (K,) how many of an epoch's draws each class has.
    """

    members: tuple[Tensor, ...]
    quotas: tuple[int, ...]

    @classmethod
    def of(cls, scheme: str, labels: Tensor | None, classes: tuple[str, ...]) -> Sampling:
        """That of the training examples with these classes (n,).

        Raises:
            RecipeError: if the examples have no class each.
            DataError: if a class has none of them.
        """
        if labels is None:
            rule = "training.sampling draws examples by their class, and these have no class each"
            raise RecipeError(rule, got=f"training.sampling={scheme}", hint="leave it out")
        counts = labels.bincount(minlength=len(classes))
        if missing := [name for name, count in zip(classes, counts.tolist(), strict=True) if not count]:
            rule = "training.sampling draws from every class, and of some there is no training example"
            raise DataError(rule, got=", ".join(missing), hint="add examples, or leave these classes out")
        members = tuple((labels == label).nonzero()[:, 0] for label in range(len(classes)))
        return cls(members, shared_out(len(labels), counts.double() ** POWERS[scheme]))

    def order(self, seeds: Seeds, epoch: int) -> tuple[Tensor, Tensor]:
        """What an epoch takes, a pure function of the ``order`` stream and the epoch.

        Returns:
            positions of the examples (n,), and for each how often it was drawn before, in all epochs (n,).
        """
        drawn = [self._drawn(label, seeds, epoch) for label in range(len(self.members))]
        positions, times = (torch.cat(some) for some in zip(*drawn, strict=True))
        mixed = permutation(seeds.key("order", epoch), len(positions))
        return positions[mixed], times[mixed]

    def _drawn(self, label: int, seeds: Seeds, epoch: int) -> tuple[Tensor, Tensor]:
        """What an epoch draws of a class: numbers epoch·quota … of one endless row, pass after pass."""
        members, quota = self.members[label], self.quotas[label]
        places = torch.arange(epoch * quota, (epoch + 1) * quota)
        times = places // len(members)
        keys = {number: seeds.key("order", "class", label, number) for number in times.unique().tolist()}
        passes = {number: permutation(key, len(members)) for number, key in keys.items()}
        drawn = [passes[number][places[times == number] % len(members)] for number in passes]
        return members[torch.cat([torch.arange(0), *drawn])], times


def shared_out(total: int, weights: Tensor) -> tuple[int, ...]:
    """Whole numbers with this sum, in proportion to weights (K,): largest remainders are rounded up."""
    exact = total * weights / weights.sum()
    floor = exact.long()
    left = total - int(floor.sum())
    floor[(exact - floor).argsort(descending=True, stable=True)[:left]] += 1
    return tuple(floor.tolist())

"""Batches of a few classes with as many examples of each: for losses that compare examples with each other."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from paribus.chance import Seeds
from paribus.errors import DataError, RecipeError


@dataclass(frozen=True)
class Episodes:
    """An epoch of batches, each of ``ways`` classes drawn at random and ``per_class`` examples of each.

    No batch has a class or an example twice; from batch to batch both are drawn anew.

    Args:
        members: for each class that has enough examples their positions within the training split.
        ways: classes in a batch.
        per_class: examples of each.
        batches: in an epoch.
    """

    members: tuple[Tensor, ...]
    ways: int
    per_class: int
    batches: int

    @classmethod
    def of(cls, labels: Tensor, batch_size: int, per_class: int) -> Episodes:
        """That of training examples with these classes (n,).

        Raises:
            RecipeError: if batches cannot be divided so.
            DataError: if too few classes have enough examples.
        """
        if batch_size % per_class:
            got = f"training.batch_size={batch_size}, training.per_class={per_class}"
            ways = max(2, -(-batch_size // per_class))
            hint = f"set training.batch_size={ways * per_class}: {ways} classes"
            raise RecipeError("a batch holds as many examples of each of its classes", got=got, hint=hint)
        ways, counts = batch_size // per_class, labels.bincount()
        enough = (counts >= per_class).nonzero()[:, 0].tolist()
        if len(enough) < ways:
            rule = f"an episode needs {ways} classes of at least {per_class} training examples"
            fewer = f"set training.batch_size={len(enough) * per_class}, or a smaller training.per_class"
            hint = fewer if len(enough) > 1 else "set a smaller training.per_class, or add examples of each class"
            raise DataError(rule, got=f"{len(enough)} such classes", hint=hint)
        members = tuple((labels == label).nonzero()[:, 0] for label in enough)
        return cls(members, ways, per_class, -(-len(labels) // batch_size))

    def order(self, seeds: Seeds, epoch: int) -> tuple[Tensor, Tensor]:
        """What an epoch takes, a pure function of the ``order`` stream and the epoch.

        Returns:
            positions of the examples (batches · ways · per_class,), a class after the other, and for each the number
            of its batch among all, so that an example that comes again is changed in another way.
        """
        found = [self._episode(seeds.key("order", "episode", epoch, number)) for number in range(self.batches)]
        times = torch.arange(self.batches).repeat_interleave(self.ways * self.per_class)
        return torch.cat(found), times + epoch * self.batches

    def _episode(self, key: int) -> Tensor:
        generator = torch.Generator().manual_seed(key)
        chosen = torch.randperm(len(self.members), generator=generator)[: self.ways].tolist()
        return torch.cat([self._some(self.members[label], generator) for label in chosen])

    def _some(self, members: Tensor, generator: torch.Generator) -> Tensor:
        return members[torch.randperm(len(members), generator=generator)[: self.per_class]]

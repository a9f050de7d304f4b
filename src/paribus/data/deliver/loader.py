"""Batches taken and augmented as whole tensors, on the device where the work is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch
from torch import Tensor

from paribus.chance import Seeds, permutation
from paribus.data import trees
from paribus.data.augmentation.compose import Compose
from paribus.data.augmentation.transform import Transform
from paribus.data.dataset import Examples
from paribus.data.trees import Tree
from paribus.errors import RecipeError
from paribus.ranks import Share, Span
from paribus.records.sections import Shuffle

BLOCK = 4096  # neighbouring rows read together when the order is shuffled in blocks


@dataclass(frozen=True)
class Batch:
    """Some examples.

    Args:
        inputs: as stored (B, …): one tensor, several, or ragged ones.
        targets: (B, …), likewise.
        rows: (B,) where they stand in the data set.
        spans: which shares of a batch, or of its pieces, these are, where several processes train.
    """

    inputs: Any  # a tree, of which each task knows the form
    targets: Any
    rows: Tensor
    spans: tuple[Span, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, which: Tensor) -> Batch:
        """Some of its examples, int64 (b,), in this order."""
        return Batch(*trees.take(self._tree, which))

    def to(self, device: torch.device | str, pin: bool = False) -> Batch:
        """The same on a device."""
        return Batch(*trees.to(self._tree, device, pin))

    def chunks(self, pieces: int) -> list[Batch]:
        """The batch in ``pieces`` batches of nearly equal size, none of them empty."""
        return [Batch(*some) for some in trees.chunks(self._tree, pieces)]

    def detach(self) -> Batch:
        """Without gradients."""
        return Batch(*trees.detach(self._tree))

    @property
    def _tree(self) -> tuple[Tree, Tree, Tensor]:
        return self.inputs, self.targets, self.rows


class Drawn(Protocol):
    """What an epoch takes where that is not every example once."""

    def order(self, seeds: Seeds, epoch: int) -> tuple[Tensor, Tensor]:
        """Positions of the examples (n,), and how often, or in which batch, each was drawn before (n,)."""
        ...


class Loader:
    """One split of the examples as a stream of batches.

    Args:
        examples: all of them, on the device already or to be brought there batch by batch.
        rows: (n,) int64, the examples of this split.
        batch_size: the largest batch. Batches differ by at most one example: none is tiny, none is dropped.
        device: where batches are delivered.
        sampling: what an epoch takes where that is not every example once.
    """

    def __init__(
        self,
        examples: Examples,
        rows: Tensor,
        batch_size: int,
        device: torch.device,
        sampling: Drawn | None = None,
    ) -> None:
        self.examples, self.rows, self.batch_size, self.device = examples, rows, batch_size, device
        self.sampling = sampling
        self._stored = examples.device
        self._there = self._stored.type == device.type and device.index in (None, self._stored.index)

    def __len__(self) -> int:
        return -(-len(self.rows) // self.batch_size)  # rounded up

    def in_order(self) -> Iterator[Batch]:
        """All examples once, as they are: for evaluation."""
        for rows in self._side_by_side() if self.examples.sequential else self.rows.split(self.batch_size):
            yield self.take(rows)

    def shuffled(
        self,
        seeds: Seeds,
        epoch: int,
        start: int = 0,
        augment: Compose | None = None,
        order: Shuffle = "full",
        share: Share | None = None,
    ) -> Iterator[Batch]:
        """What an epoch takes, in its order, from batch number ``start`` on: for training.

        Of every batch that is all, or the share of one process: with the same changes as in the whole batch.
        """
        size, draws_key, lasting = len(self), seeds.key("augmentation", epoch), seeds.key("augmentation")
        if self.examples.sequential and order != "always":
            batches, again = self._side_by_side(), None
        elif self.sampling is not None:
            places, times = self.sampling.order(seeds, epoch)
            batches, again = self._at_hand(self.rows[places], size), self._at_hand(times, size)
        else:
            places = ORDERS[order](seeds.key("order", epoch), len(self.rows))
            batches, again = self._at_hand(self.rows[places], size), None
            if self.examples.sequential:  # who reads a text finds states by rows that rise
                batches = [rows.sort().values for rows in batches]
        for place in range(start, len(batches)):
            rows, before = batches[place], None if again is None else again[place]
            own, spans = shared(len(rows), share)
            whole = own is None or (augment is not None and augment.mixes)  # partners may be in any share
            if own is not None and not whole:
                rows, before = rows[own], None if before is None else before[own]
            batch = self.take(rows)
            if augment is not None:  # an example that comes again in an epoch has another number among those drawn
                drawn = batch.rows if before is None else batch.rows + len(self.examples) * before.to(batch.rows)
                batch = self._augmented(batch, *augment(batch.inputs, draws_key, drawn, lasting, epoch))
            if own is not None:
                batch = replace(batch.take(own.to(batch.rows.device)) if whole else batch, spans=spans)
            yield batch

    def _at_hand(self, numbers: Tensor, size: int) -> Sequence[Tensor]:
        """The numbers of an epoch (n,) in so many batches, where the examples are: brought there once an epoch."""
        return numbers.to(self._stored, non_blocking=True).tensor_split(size)

    def _augmented(self, batch: Batch, inputs: Any, transform: Transform) -> Batch:
        """A batch whose inputs were changed, with the targets that follow."""
        return Batch(inputs, self.examples.follow(batch.targets, transform), batch.rows)

    def _side_by_side(self) -> Sequence[Tensor]:
        """Batches that read a text in ``batch_size`` places at once: each goes on where the one before stopped.

        The last of them may be shorter, so that late batches are cut off at their end.
        """
        places = self.rows.split(len(self))
        return [torch.stack([place[k] for place in places if k < len(place)]) for k in range(len(self))]

    def take(self, rows: Tensor) -> Batch:
        """The batch of some rows, as they are."""
        index = rows.to(self._stored, non_blocking=True)
        inputs, targets = self.examples.take(index)
        batch = Batch(inputs, targets, index)
        return batch if self._there else batch.to(self.device, pin=self.device.type == "cuda")


def shared(examples: int, share: Share | None) -> tuple[Tensor | None, tuple[Span, ...]]:
    """Which examples of a batch of so many a process takes, int64 (b,), and where they lie; none: all of them."""
    if share is None or share.size == 1:
        return None, ()
    spans = share.spans(examples)
    firsts = [span.before + span.start for span in spans]
    return torch.cat([torch.arange(first, first + span.own) for first, span in zip(firsts, spans, strict=True)]), spans


def check_batch_size(batch_size: int, examples: int) -> None:
    """Refuse a batch that the training split cannot fill."""
    if batch_size > examples:
        raise RecipeError(
            f"training.batch_size must not exceed the {examples:,} training examples",
            got=batch_size,
            hint=f"set training.batch_size={min(examples, 32)} or use more data",
        )


def block_order(key: int, n: int) -> Tensor:
    """A random order that visits neighbouring rows together: for sets larger than memory.

    Blocks of neighbours are shuffled, then the rows within each run of eight blocks.
    """
    blocks = torch.arange(n).split(BLOCK)
    order = torch.cat([blocks[i] for i in permutation(key, len(blocks)).tolist()])
    windows = order.split(8 * BLOCK)
    return torch.cat([rows[permutation(key + 1 + i, len(rows))] for i, rows in enumerate(windows)])


ORDERS: Mapping[Shuffle, Callable[[int, int], Tensor]] = {
    "full": permutation,
    "blocks": block_order,
    "none": lambda key, n: torch.arange(n),
    "always": permutation,
}
"""Of so many examples, by a key: how ``training.shuffle`` names it → a permutation."""

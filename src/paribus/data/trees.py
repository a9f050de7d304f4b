"""Batches as small trees: one tensor, several by name or in a row, or ragged ones, where examples differ in length.

Whatever a batch holds, it is handled by the few functions of this module. The first axis of every leaf counts the
examples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import Any, TypeAlias

import torch
from torch import Tensor

from paribus.errors import DataError


@dataclass(frozen=True)
class Ragged:
    """Rows of different length, one behind the other: the boxes of some pictures, the tokens of some sentences.

    Args:
        values: (n, …) all rows of all examples.
        offsets: (B + 1,) int64: those of example i are ``values[offsets[i] : offsets[i + 1]]``.
    """

    values: Tensor
    offsets: Tensor

    @classmethod
    def of(cls, rows: Sequence[Tensor]) -> Ragged:
        """From one tensor (n_i, …) per example."""
        lengths = torch.tensor([0, *(len(row) for row in rows)])
        return cls(torch.cat(list(rows)), lengths.cumsum(0))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __iter__(self) -> Iterator[Tensor]:
        return iter(self.values.split(self.lengths.tolist()))

    @property
    def lengths(self) -> Tensor:
        """(B,) rows of each example."""
        return self.offsets.diff()

    @property
    def owners(self) -> Tensor:
        """(n,) the example that each row belongs to."""
        return torch.arange(len(self), device=self.offsets.device).repeat_interleave(self.lengths)

    def take(self, rows: Tensor) -> Ragged:
        """Some of the examples, int64 (b,), in this order."""
        lengths = self.lengths[rows]
        offsets = torch.cat([lengths.new_zeros(1), lengths.cumsum(0)])
        inside = torch.arange(int(offsets[-1]), device=offsets.device) - offsets[:-1].repeat_interleave(lengths)
        return Ragged(self.values[self.offsets[rows].repeat_interleave(lengths) + inside], offsets)

    def keep(self, wanted: Tensor) -> Ragged:
        """Without the rows that are not wanted, bool (n,); examples stay, if need be without any row."""
        counts = torch.zeros(len(self), dtype=torch.int64, device=wanted.device)
        counts.index_add_(0, self.owners, wanted.long())
        return Ragged(self.values[wanted], torch.cat([counts.new_zeros(1), counts.cumsum(0)]))

    def map(self, change: Callable[[Tensor], Tensor]) -> Ragged:
        """With other values for the same rows."""
        return Ragged(change(self.values), self.offsets)


Leaf = Tensor | Ragged
Tree: TypeAlias = "Leaf | tuple[Tree, ...] | Mapping[str, Tree]"


def leaves(tree: Tree) -> list[Leaf]:
    """All tensors of a tree, in order."""
    if isinstance(tree, (Tensor, Ragged)):
        return [tree]
    return [leaf for branch in (tree.values() if isinstance(tree, Mapping) else tree) for leaf in leaves(branch)]


def first(tree: Tree) -> Tensor:
    """The first tensor of a tree; of a ragged one all its rows."""
    if isinstance(tree, Tensor):
        return tree
    leaf = leaves(tree)[0]
    return leaf.values if isinstance(leaf, Ragged) else leaf


def apply(change: Callable[[Leaf], Any], tree: Tree) -> Any:
    """The same tree with every leaf changed."""
    if isinstance(tree, (Tensor, Ragged)):
        return change(tree)
    if isinstance(tree, Mapping):
        return {name: apply(change, branch) for name, branch in tree.items()}
    return tuple(apply(change, branch) for branch in tree)


def size(tree: Tree) -> int:
    """How many examples a tree holds.

    Raises:
        DataError: if its leaves disagree.
    """
    sizes = {len(leaf) for leaf in leaves(tree)}
    if len(sizes) != 1:
        raise DataError("all tensors of a batch hold equally many examples", got=sorted(sizes))
    return sizes.pop()


def nbytes(tree: Tree) -> int:
    """Size of all tensors."""
    tensors = [(leaf.values, leaf.offsets) if isinstance(leaf, Ragged) else (leaf,) for leaf in leaves(tree)]
    return sum(tensor.nbytes for some in tensors for tensor in some)


def take(tree: Tree, rows: Tensor) -> Any:
    """Some examples, int64 (B,), in this order."""
    if isinstance(tree, Tensor):  # as nearly always: no detour for every batch
        return tree.index_select(0, rows)
    return apply(lambda leaf: leaf.take(rows) if isinstance(leaf, Ragged) else leaf.index_select(0, rows), tree)


def to(tree: Tree, device: torch.device | str, pin: bool = False) -> Any:
    """All tensors on a device; pinned first if asked, so that the copy does not wait."""

    def moved(tensor: Tensor) -> Tensor:
        return (tensor.pin_memory() if pin else tensor).to(device, non_blocking=True)

    def move(leaf: Leaf) -> Leaf:
        return Ragged(moved(leaf.values), moved(leaf.offsets)) if isinstance(leaf, Ragged) else moved(leaf)

    return apply(move, tree)


def chunks(tree: Tree, pieces: int) -> list[Any]:
    """The examples in ``pieces`` runs of nearly equal size."""
    pieces = min(pieces, size(tree))  # never more than examples, none empty
    short, longer = divmod(size(tree), pieces)
    lengths = [short + (place < longer) for place in range(pieces)]
    starts = accumulate(lengths[:-1], initial=0)
    runs = zip(starts, lengths, strict=True)
    return [apply(partial(_run, start=start, length=length), tree) for start, length in runs]


def detach(tree: Tree) -> Any:
    """Without gradients."""
    return apply(lambda leaf: leaf.map(Tensor.detach) if isinstance(leaf, Ragged) else leaf.detach(), tree)


def collate(examples: Sequence[Tree]) -> Any:
    """One tree from those of single examples, without batch axis: equal shapes are stacked, others become ragged."""
    first = examples[0]
    if isinstance(first, Mapping):
        return {name: collate([one[name] for one in examples]) for name in first}  # type: ignore[index, call-overload]
    if isinstance(first, tuple):
        return tuple(collate(list(branch)) for branch in zip(*examples, strict=True))
    tensors: list[Tensor] = list(examples)  # type: ignore[arg-type]
    same = all(tensor.shape == tensors[0].shape for tensor in tensors)
    return torch.stack(tensors) if same else Ragged.of(tensors)


def _run(leaf: Leaf, start: int, length: int) -> Leaf:
    if isinstance(leaf, Tensor):
        return leaf.narrow(0, start, length)
    offsets = leaf.offsets[start : start + length + 1]
    return Ragged(leaf.values[int(offsets[0]) : int(offsets[-1])], offsets - offsets[0])

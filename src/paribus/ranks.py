"""One training on several processes: which of them this one is, and which share of every batch it takes.

A *rank* is one of the processes. Each takes a run of neighbours of every batch, in the order of the batch, so that all
of them together see what one process would see. Losses that compare the examples of a batch with each other ask
:func:`whole` for what the others have; all other losses need to know nothing of this.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from torch import Tensor


class Span(NamedTuple):
    """The share of one process in a batch, or in a piece of one.

    Args:
        start: the first example, counted within the piece.
        own: how many.
        of: examples of the whole piece.
        before: examples of the batch before the piece.
    """

    start: int
    own: int
    of: int
    before: int = 0


@dataclass(frozen=True)
class Share:
    """Which examples of every batch a process takes.

    Args:
        rank: its number, from 0.
        size: how many processes there are.
        pieces: into which a batch is cut to save memory, before it is cut into shares.
        parts: in which the figures of batch norm are taken, a multiple of ``size``: shares end where parts end.
    """

    rank: int = 0
    size: int = 1
    pieces: int = 1
    parts: int = 1

    def spans(self, examples: int) -> tuple[Span, ...]:
        """One in every piece of a batch of so many examples."""
        found, before = [], 0
        for of in even(examples, min(self.pieces, examples)):
            ends = self._ends(of)
            found.append(Span(ends[self.rank], ends[self.rank + 1] - ends[self.rank], of, before))
            before += of
        return tuple(found)

    def _ends(self, examples: int) -> list[int]:
        """Where the shares of all processes begin, and where the last one ends."""
        several = max(self.parts, self.size)
        each, found = several // self.size, [0]
        sizes = even(examples, several)
        for rank in range(self.size):
            found.append(found[-1] + sum(sizes[rank * each : (rank + 1) * each]))
        return found


def even(examples: int, parts: int) -> list[int]:
    """The sizes of so many parts, which differ by at most one: the larger ones first, as ``tensor_split`` has them."""
    least, more = divmod(examples, parts)
    return [least + (part < more) for part in range(parts)]


class Ranks(Protocol):
    """What tasks and layers may ask of the processes that train together."""

    @property
    def size(self) -> int:
        """How many they are."""
        ...

    def whole(self, own: Tensor) -> Tensor:
        """What all of them hold (B, …) of which this one has a run of neighbours (b, …); gradients flow back."""
        ...

    def total(self, tensor: Tensor) -> Tensor:
        """Add a tensor up over all of them, in place."""
        ...


class Alone:
    """The only process."""

    size = 1

    def whole(self, own: Tensor) -> Tensor:
        """That which it has."""
        return own

    def total(self, tensor: Tensor) -> Tensor:
        """As it is."""
        return tensor


ALONE = Alone()
_now: Ranks = ALONE


@contextmanager
def among(ranks: Ranks) -> Iterator[None]:
    """A block in which :func:`whole` asks these processes; all of them must come to it."""
    global _now
    before, _now = _now, ranks
    try:
        yield
    finally:
        _now = before


def whole(own: Tensor) -> Tensor:
    """What the whole batch has of something that this process has of its share (b, …): (B, …), in the batch's order.

    Where one process trains, and in evaluation, that is what it has itself. Gradients of all processes flow back.
    """
    return _now.whole(own)


def mean(own: Tensor) -> tuple[int, Tensor]:
    """How many all processes have along the first axis of (n, …), and their mean (…); no gradient flows."""
    if _now.size == 1:
        return len(own), own.mean(0)
    import torch

    sums = torch.cat([own.detach().sum(0).double().reshape(-1), own.new_tensor([len(own)]).double()])
    total = _now.total(sums)
    found: Tensor = (total[:-1] / total[-1]).to(own.dtype).reshape(own.shape[1:])
    return int(total[-1]), found


def as_share(count: Tensor, examples: int, least: float = 0) -> Tensor:
    """What to divide the sum of a loss by, which is a mean over so many tokens or boxes, a 0-dimensional number.

    Where several processes train, their losses count by their ``examples``. So that they make the mean over the things
    of all of them, each takes as many as there are for its examples in the whole batch.

    Args:
        count: those of this process.
        examples: of this process.
        least: by which is divided where there are fewer.
    """
    if _now.size == 1:
        return count.clamp(min=least) if least else count
    import torch

    things, all_examples = _now.total(torch.stack([count.detach().double(), count.new_tensor(examples).double()]))
    found: Tensor = (things.clamp(min=least) * examples / all_examples).to(torch.float32)
    return found

"""The processes that train together, as the training sees them: one object, behind which gloo or NCCL hide.

The first process leads: it alone reads and writes the run's folder, evaluates, and decides what comes next. Before each
thing that all do together it says one word; the others follow, see :mod:`.follow`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import torch
import torch.distributed as dist
from torch import Tensor, nn

from paribus.data.deliver.loader import Batch
from paribus.errors import RecipeError
from paribus.ranks import Share, Span, among, even
from paribus.training import checkpoints
from paribus.training.distributed.noise import Drawn
from paribus.training.distributed.norm import Normed

if TYPE_CHECKING:
    from torch._C._distributed_c10d import ProcessGroup

# what the first process says: its place in this list travels
WORDS = ("end", "step", "load", "tell", "epoch", "shard", "weights", "state")


class Piece(NamedTuple):
    """A part of a batch that goes through the network at once.

    Args:
        batch: its examples, of which this process has its share.
        span: where the share lies within the piece.
    """

    batch: Batch
    span: Span


class Group(Protocol):
    """What a training asks of the processes that train it."""

    share: Share
    replica: nn.Module | None  # the whole network in the first of several processes that have a part of it each

    def call(self, word: str) -> None:
        """The first process says what all do next; none of the others does anything here."""
        ...

    def done(self) -> None:
        """It is done, and all of them wait for the next word."""
        ...

    def pieces(self, batch: Batch) -> list[Piece]:
        """The pieces into which a batch is cut, so that it needs less memory."""
        ...

    def at(self, piece: Piece, draws: bool) -> Any:
        """The block in which a piece goes through the network and back; ``draws`` where random numbers are drawn."""
        ...

    def drawn(self) -> bytes:
        """What has been drawn from torch's generator so far: two that differ say that something was in between."""
        ...

    def summed(self, parameters: Sequence[nn.Parameter], loss: Tensor) -> Tensor:
        """Add up the gradients of all processes, and their shares of the loss, a scalar, which is given back."""
        ...

    def gathered(self, word: str, tree: Mapping[str, Any]) -> dict[str, Any]:
        """A tree of the network's or the optimizers' tensors, ``weights`` or ``state``, with all parts put together."""
        ...

    def told(self, own: Mapping[str, Any]) -> list[dict[str, Any]]:
        """In the first process what all of them have, its own first: trees of tensors and plain values."""
        ...

    def spread(self, tree: Mapping[str, Any]) -> dict[str, Any]:
        """Give all processes what the first one has."""
        ...


class One:
    """A training on one process.

    Args:
        pieces: into which a batch is cut to save memory.
        parts: in which batch norm takes its figures.
    """

    replica: nn.Module | None = None

    def __init__(self, pieces: int = 1, parts: int = 1) -> None:
        self.share = Share(pieces=pieces, parts=parts)

    def call(self, word: str) -> None:
        """Nobody is there to hear it."""

    def done(self) -> None:
        """Nobody waits."""

    def pieces(self, batch: Batch) -> list[Piece]:
        """All of the batch."""
        cut = batch.chunks(self.share.pieces) if self.share.pieces > 1 else [batch]
        return [Piece(one, Span(0, len(one), len(one))) for one in cut]

    @contextmanager
    def at(self, piece: Piece, draws: bool) -> Iterator[None]:
        """Batch norm goes by parts where that is asked for; all else is as always."""
        if self.share.parts == 1:
            yield
            return
        with Normed(lambda tensor: tensor, even(piece.span.of, self.share.parts), self.share.parts):
            yield

    def drawn(self) -> bytes:
        """Nobody needs to know."""
        return b""

    def summed(self, parameters: Sequence[nn.Parameter], loss: Tensor) -> Tensor:
        """As they are."""
        return loss

    def gathered(self, word: str, tree: Mapping[str, Any]) -> dict[str, Any]:
        """It has all of it."""
        return dict(tree)

    def told(self, own: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What it has itself."""
        return [dict(own)]

    def spread(self, tree: Mapping[str, Any]) -> dict[str, Any]:
        """What it has itself."""
        return dict(tree)


class Several:
    """A training on several processes that are connected: one of them.

    Args:
        share: which examples it takes.
        ghosts: whether batch norm takes its figures over parts that lie within one process each.
        failed: what a broken connection is turned into.
    """

    replica: nn.Module | None = None

    def __init__(self, share: Share, ghosts: bool, failed: Callable[[RuntimeError], BaseException]) -> None:
        self.share, self.ghosts, self.failed = share, ghosts, failed
        self.words: ProcessGroup | None = None  # the connection for words, once there is one
        self.between = True  # two things that are done together: whether all processes wait for a word

    @property
    def size(self) -> int:
        """How many processes there are."""
        return self.share.size

    def call(self, word: str) -> None:
        """Say what all do next."""
        if not self.share.rank:
            with self._connected():
                dist.broadcast(torch.tensor([WORDS.index(word)]), 0, group=self.words)
            self.between = word == "end"

    def done(self) -> None:
        """All have done it, and wait for the next word."""
        self.between = True

    def heard(self) -> str:
        """What the first process says."""
        said = torch.zeros(1, dtype=torch.int64)
        with self._connected():
            dist.broadcast(said, 0, group=self.words)
        return WORDS[int(said)]

    def pieces(self, batch: Batch) -> list[Piece]:
        """What this process has of each piece: its batch is these shares, one behind the other."""
        found, start = [], 0
        for span in batch.spans:
            rows = torch.arange(start, start + span.own, device=batch.rows.device)
            found.append(Piece(batch if span.own == len(batch) else batch.take(rows), span))
            start += span.own
        return found

    @contextmanager
    def at(self, piece: Piece, draws: bool) -> Iterator[None]:
        """Batch norm, draws and losses that compare examples see the piece as one process would."""
        each = self.share.parts // self.size
        sizes = even(piece.span.of, self.share.parts)[self.share.rank * each : (self.share.rank + 1) * each]
        with ExitStack() as stack:
            stack.enter_context(self._connected())
            stack.enter_context(among(self))
            stack.enter_context(Normed(self.total, sizes if self.ghosts else [], self.share.parts))
            if draws:
                stack.enter_context(Drawn(piece.span))
            yield

    def total(self, tensor: Tensor) -> Tensor:
        """Add a tensor up over all processes, in place."""
        dist.all_reduce(tensor)
        return tensor

    def whole(self, own: Tensor) -> Tensor:
        """What all processes have of a batch, in its order."""
        found: Tensor = _Whole.apply(own, self.share.rank, self.share.size)  # type: ignore[no-untyped-call]
        return found

    def drawn(self) -> bytes:
        """The states of torch's generators."""
        states = [torch.get_rng_state(), *([torch.cuda.get_rng_state()] if torch.cuda.is_initialized() else [])]
        return b"".join(state.numpy().tobytes() for state in states)

    def summed(self, parameters: Sequence[nn.Parameter], loss: Tensor) -> Tensor:
        """Gradients of all processes in one message for each type of number, and with the first of them the loss.

        What no process has a gradient of keeps none, so that no optimizer moves it.
        """
        lacking = any(one.grad is None for one in parameters)
        by_type: dict[torch.dtype, list[nn.Parameter]] = {torch.float32: []}
        for one in parameters:
            by_type.setdefault(one.dtype, []).append(one)
        with self._connected(), torch.no_grad():
            known = loss.new_tensor([float(one.grad is not None) for one in parameters], dtype=torch.float32)
            head = torch.cat([loss.reshape(1).float(), known])
            for dtype, some in by_type.items():
                first = [head] if dtype == torch.float32 else []
                flat = self.total(torch.cat([*first, *map(_flat, some)]))
                if first:
                    head, flat = flat[: len(head)], flat[len(head) :]
                for one, grad in zip(some, flat.split([one.numel() for one in some]), strict=True):
                    fits = one.grad is not None and not one.grad.is_sparse
                    kept = one.grad if fits else torch.empty_like(one)  # in the memory layout of the parameter
                    one.grad = kept.copy_(grad.view_as(one))  # type: ignore[union-attr]
            if lacking:  # else there is nothing to be read, for which a GPU would have to wait
                for one, count in zip(parameters, head[1:].tolist(), strict=True):
                    one.grad = one.grad if count else None
        return head[0].to(loss.dtype)

    def gathered(self, word: str, tree: Mapping[str, Any]) -> dict[str, Any]:
        """Each has all of it."""
        return dict(tree)

    def told(self, own: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What all have, in the first process; the others get nothing."""
        with self._connected():
            content = _bytes(own)
            sizes = [torch.zeros(1, dtype=torch.int64) for _ in range(self.size)]
            dist.all_gather(sizes, torch.tensor([len(content)]))
            longest = max(int(size) for size in sizes)
            padded = torch.cat([content, content.new_zeros(longest - len(content))])
            found = [torch.zeros(longest, dtype=torch.uint8) for _ in sizes] if not self.share.rank else None
            dist.gather(padded, found)
        self.done()
        return [_tree(one[: int(size)]) for one, size in zip(found or [], sizes, strict=False)]

    def spread(self, tree: Mapping[str, Any]) -> dict[str, Any]:
        """Give all processes what the first one has."""
        with self._connected():
            content = _bytes(tree) if not self.share.rank else torch.zeros(0, dtype=torch.uint8)
            length = torch.tensor([len(content)])
            dist.broadcast(length, 0)
            content = content if not self.share.rank else torch.zeros(int(length), dtype=torch.uint8)
            dist.broadcast(content, 0)
        self.done()
        return _tree(content) if self.share.rank else dict(tree)

    @contextmanager
    def _connected(self) -> Iterator[None]:
        """Tell in words what a broken connection means."""
        try:
            yield
        except RuntimeError as error:
            if "once_differentiable" in str(error):
                rule = "batch norm over several processes has no second derivatives, which a gradient penalty needs"
                hint = f"set training.norm_parts={self.size}, or another model.norm"
                raise RecipeError(rule, got="a loss with gradients of gradients", hint=hint) from None
            if not _of_connection(error):
                raise
            raise self.failed(error) from error


class _Whole(torch.autograd.Function):
    """Shares of all processes one behind the other; its gradient is that of all losses, each by its own share."""

    @staticmethod
    def forward(ctx: Any, own: Tensor, rank: int, size: int) -> Tensor:
        """(b, …) → (B, …)."""
        counts = [torch.zeros(1, dtype=torch.int64) for _ in range(size)]
        dist.all_gather(counts, torch.tensor([len(own)]))
        ctx.counts, ctx.rank = [int(count) for count in counts], rank
        longest = max(ctx.counts)
        padded = torch.cat([own, own.new_zeros(longest - len(own), *own.shape[1:])])
        found = [torch.empty_like(padded) for _ in range(size)]
        dist.all_gather(found, padded)
        return torch.cat([one[:count] for one, count in zip(found, ctx.counts, strict=True)])

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None, None]:
        """The slopes of all processes, for what is one's own."""
        slope = slope.contiguous().clone()
        dist.all_reduce(slope)
        return slope.split(ctx.counts)[ctx.rank], None, None


def _flat(parameter: nn.Parameter) -> Tensor:
    grad = parameter.grad
    if grad is None:
        return parameter.new_zeros(parameter.numel())
    return (grad.to_dense() if grad.is_sparse else grad).reshape(-1).to(parameter.dtype)


def _bytes(tree: Mapping[str, Any]) -> Tensor:
    """As a checkpoint has it: nothing is pickled."""
    return torch.frombuffer(bytearray(checkpoints.pack(tree)), dtype=torch.uint8)


def _tree(content: Tensor) -> dict[str, Any]:
    return checkpoints.unpack(bytes(content.numpy()))


def _of_connection(error: RuntimeError) -> bool:
    said = str(error).casefold()
    parts = ("gloo", "nccl", "connection", "socket", "timed out")
    return isinstance(error, dist.DistError) or any(part in said for part in parts)

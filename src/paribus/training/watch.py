"""A training step, watched: which tensors live at each moment of it, and what for.

A tensor counts from the operation that makes it until nobody holds it any more, storage by storage, so that views cost
nothing. What single operations take for a moment within themselves is not seen; on CUDA the allocator tells.
"""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from paribus.data.deliver.loader import Batch
from paribus.records.time import Time
from paribus.training.session import Session
from paribus.training.step import step

Phase = Literal["forward", "backward", "update"]
LOSS = "loss"  # where what is kept is kept outside of the network


@dataclass(frozen=True)
class Moment:
    """Bytes that a step holds behind an operation, beyond what is there between two steps.

    Args:
        phase: of the step.
        activations: that the backward pass needs again.
        gradients: of parameters.
        temporary: all other tensors: results on their way, gradients on theirs.
    """

    phase: Phase
    activations: int
    gradients: int
    temporary: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.activations + self.gradients + self.temporary


@dataclass
class Watched:
    """What was seen of a step.

    Args:
        moments: one behind each operation.
        kept: path of a module → bytes that were kept for the backward pass first in it; ``loss`` outside of all.
        allocator: the largest number of bytes that the device's own allocator gave out beyond those before the step;
            ``None`` where it does not tell.
    """

    moments: list[Moment] = field(default_factory=list)
    kept: Counter[str] = field(default_factory=Counter)
    allocator: int | None = None

    @property
    def peak(self) -> Moment:
        """The moment of most bytes."""
        return max(self.moments, key=lambda moment: moment.total)


class Watch(TorchDispatchMode):
    """Counts the tensors that are made within it.

    Args:
        others: tensors that are there before.
    """

    def __init__(self, others: Iterable[Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.seen = Watched()
        self.phase: Phase = "forward"
        self._path = [LOSS]
        self._others = {_id(it): it for it in others}  # held, so that no identity is used twice
        self._alive: dict[int, int] = {}  # storage → bytes
        self._needed: Counter[int] = Counter()  # storage → how often it is kept for the backward pass
        self._gradients: set[int] = set()
        self._total = self._kept = self._graded = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run an operation and count what it made."""
        made = func(*args, **(kwargs or {}))
        given = {_id(it) for it in tree_leaves((args, kwargs)) if isinstance(it, Tensor)}
        for tensor in tree_leaves(made):
            if isinstance(tensor, Tensor) and _id(tensor) not in given:
                self._count(tensor)
        rest = self._total - self._kept - self._graded
        self.seen.moments.append(Moment(self.phase, self._kept, self._graded, rest))
        return made

    def _count(self, tensor: Tensor) -> None:
        name, storage = _id(tensor), tensor.untyped_storage()
        if name in self._alive or name in self._others or tensor.device.type == "meta":
            return
        self._alive[name] = storage.nbytes()
        self._total += storage.nbytes()
        weakref.finalize(storage, self._forget, name).atexit = False

    def _forget(self, name: int) -> None:
        size = self._alive.pop(name)
        self._total -= size
        if name in self._gradients:
            self._gradients.remove(name)
            self._graded -= size

    def keep(self, tensor: Tensor) -> _Kept:
        """A tensor is kept for the backward pass."""
        name = _id(tensor)
        if (size := self._alive.get(name)) is not None and name not in self._gradients:
            if not self._needed[name]:
                self._kept += size
                self.seen.kept[self._path[-1]] += size
            self._needed[name] += 1
            return _Kept(tensor, partial(self._release, name, size))
        return _Kept(tensor, None)

    def _release(self, name: int, size: int) -> None:
        self._needed[name] -= 1
        if not self._needed[name]:
            del self._needed[name]
            self._kept -= size

    def give_back(self, kept: _Kept) -> Tensor:
        """The backward pass asks for it."""
        self.phase = "backward"
        return kept.tensor

    def graded(self, parameter: Tensor) -> None:
        """A parameter has its gradient."""
        name = _id(parameter.grad) if parameter.grad is not None else 0
        if name in self._alive and name not in self._gradients:
            self._gradients.add(name)
            self._graded += self._alive[name]

    def enter(self, path: str, *_: Any) -> None:
        """A module begins."""
        self.phase = "forward" if len(self._path) == 1 else self.phase
        self._path.append(path)

    def leave(self, *_: Any) -> None:
        """A module ends."""
        self._path.pop()

    def update(self, *_: Any) -> None:
        """An optimizer begins."""
        self.phase = "update"


class _Kept:
    """A tensor that is kept for the backward pass; who drops it is told of."""

    def __init__(self, tensor: Tensor, dropped: Any) -> None:
        self.tensor = tensor.detach()  # not itself, which would hold the graph that holds it
        if dropped is not None:
            weakref.finalize(self, dropped).atexit = False


def watched(session: Session, batch: Batch, time: Time) -> Watched:
    """Take a step and see what it holds; the session has taken it then.

    Args:
        session: that has taken a step before, so that its optimizers hold what they do.
        batch: to be learned from.
        time: when it is.
    """
    for optimizer in session.optimizers.values():
        optimizer.zero_grad()
    device = torch.device(session.execution.device)
    state = tree_leaves([optimizer.state_dict() for optimizer in session.optimizers.values()])
    there = [*session.network.state_dict().values(), *state, *tree_leaves((batch.inputs, batch.targets, batch.rows))]
    watch = Watch([it for it in there if isinstance(it, Tensor)])
    with (
        _hooks(session, watch),
        _allocator(watch.seen, device),
        saved_tensors_hooks(watch.keep, watch.give_back),
        watch,
    ):
        step(session, batch, time)
    return watch.seen


@contextmanager
def _hooks(session: Session, watch: Watch) -> Iterator[None]:
    """Let modules, parameters and optimizers tell where the step is."""
    with ExitStack() as stack:
        for path, module in session.network.named_modules():
            stack.callback(module.register_forward_pre_hook(partial(_enter, watch, path)).remove)
            stack.callback(module.register_forward_hook(watch.leave, always_call=True).remove)
        for parameter in session.network.parameters():
            if parameter.requires_grad:
                stack.callback(parameter.register_post_accumulate_grad_hook(watch.graded).remove)
        for optimizer in session.optimizers.values():
            stack.callback(optimizer.register_step_pre_hook(watch.update).remove)
        yield


def _enter(watch: Watch, path: str, *_: Any) -> None:
    watch.enter(path)


@contextmanager
def _allocator(seen: Watched, device: torch.device) -> Iterator[None]:
    """What the allocator of the device gives out meanwhile, where it tells."""
    if device.type != "cuda":
        yield
        return
    torch.cuda.synchronize(device)
    before = torch.cuda.memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    yield
    torch.cuda.synchronize(device)
    seen.allocator = torch.cuda.max_memory_allocated(device) - before


def _id(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)

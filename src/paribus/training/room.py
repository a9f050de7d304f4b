"""Steps for which memory runs out: what is said then, with the largest batch that was seen to fit."""

from __future__ import annotations

import gc
import traceback
from contextlib import suppress
from types import TracebackType

import torch

from paribus.data.deliver.loader import Batch
from paribus.errors import OutOfMemory
from paribus.training.failures import as_out_of_memory
from paribus.training.session import Session


class Room:
    """Watches steps for memory that runs out; where it does, smaller batches are tried before the training ends.

    Args:
        session: the training, which takes its steps within :meth:`for_batch`.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.steps = 0  # that went through
        self._batch: Batch | None = None

    def for_batch(self, batch: Batch) -> Room:
        """The context of the step on a batch."""
        self._batch = batch
        return self

    def __enter__(self) -> None:
        """Nothing is done: a step must not pay for what seldom happens."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Say what fits, where memory ran out.

        Raises:
            OutOfMemory: with the advice.
        """
        if error is None:
            self.steps += 1
        elif isinstance(known := as_out_of_memory(error), OutOfMemory) and known is not error:
            raise self._advised(known, error)

    def _advised(self, known: OutOfMemory, error: BaseException) -> OutOfMemory:
        session, batch = self.session, self._batch
        if batch is None or session.fitted or session.group.share.size > 1:  # the others would wait for each try
            return known
        pieces = session.training.accumulate
        at_once = -(-len(batch) // pieces)
        if self.steps:
            hint = (
                f"{at_once} examples at once fitted {self.steps} times before: see who else uses this memory and run "
                "the same command again; or lower training.batch_size, or keep it and raise training.accumulate"
            )
            return OutOfMemory(known.rule, got=known.got, hint=hint)
        traceback.clear_frames(error.__traceback__)  # which hold the tensors of the step
        fits = largest(session, batch, at_once)
        if not fits:
            hint = "not even one example fits: choose a smaller network or smaller inputs, or another device"
            return OutOfMemory(known.rule, got=known.got, hint=hint)
        more = -(-len(batch) // fits)
        hint = (
            f"{fits} of {at_once} examples at once were seen to fit: set training.batch_size={fits * pieces}, or keep "
            f"it and set training.accumulate={more}"
        )
        return OutOfMemory(known.rule, got=known.got, hint=hint)


def largest(session: Session, batch: Batch, failed: int) -> int:
    """The most of a batch's examples, of 1/2, 1/4, … of those that failed, whose gradients fit; 0 where none do.

    The session is not good for training afterwards: statistics of norms have seen other batches.
    """
    count = failed // 2
    while count:
        if _fits(session, batch.take(torch.arange(count, device=batch.rows.device))):
            return count
        count //= 2
    return 0


def _fits(session: Session, piece: Batch) -> bool:
    """Whether forward and backward passes of all stages go through."""
    fitted = False
    with suppress(torch.OutOfMemoryError, MemoryError, RuntimeError, ValueError):  # a norm may refuse a single example
        for stage, optimizer in session.optimizers.items():
            _free(session)
            with session.autocast():
                loss, _ = session.task.loss(stage, session.network, piece)
            loss.backward()
            if not optimizer.state:  # as large as the parameters, once or twice; it is there from the first step on
                optimizer.step()
        fitted = True
    _free(session)
    return fitted


def _free(session: Session) -> None:
    for optimizer in session.optimizers.values():
        optimizer.zero_grad()
    gc.collect()
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()

"""How trainings end that do not finish: written down, and said in words that help."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import torch

from paribus.errors import Diverged, Interrupted, OutOfMemory, ParibusError, RunError, message_of
from paribus.records.run import RunFolder, State


@contextmanager
def recorded(folder: RunFolder) -> Iterator[None]:
    """Write into the status how a training ended that did not finish."""
    try:
        yield
    except BaseException as error:
        error = as_out_of_memory(error)
        with suppress(RunError, OSError):  # the disk may be what failed
            folder.write_status(replace(folder.last_status(), state=_state_after(error), error=message_of(error)))
        raise error from error.__cause__


def _state_after(error: BaseException) -> State:
    if isinstance(error, Diverged):
        return "diverged"
    # a generator exits when whoever took its steps lets go of it
    return "interrupted" if isinstance(error, (Interrupted, KeyboardInterrupt, GeneratorExit)) else "failed"


def as_out_of_memory(error: BaseException) -> BaseException:
    """Torch says it in several ways; people need one."""
    if isinstance(error, ParibusError):  # which says more
        return error
    said = str(error)
    if not isinstance(error, (torch.OutOfMemoryError, MemoryError)) and "can't allocate memory" not in said:
        return error
    return OutOfMemory(
        "there is not enough memory for a training step",
        got=said.splitlines()[0] if said else type(error).__name__,
        hint="lower training.batch_size, or keep it and raise training.accumulate",
    )

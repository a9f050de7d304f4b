"""The validation of several trainings in one forward pass, where that is quicker than one after another."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence
from contextlib import nullcontext
from copy import copy, deepcopy
from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call, vmap

from paribus.data import trees
from paribus.data.deliver.loader import Batch
from paribus.tasks.evaluation import evaluating
from paribus.tasks.task import Task
from paribus.training.fused.graph import numbers_of
from paribus.training.fused.noise import Chance
from paribus.training.fused.recurrent import share_recurrent
from paribus.training.fused.stack import stacked, tensors_of
from paribus.training.fused.step import Loss, unbound
from paribus.training.loop import Look

logger = logging.getLogger(__name__)

CLOSE = 1e-4  # largest distance of a figure from the one alone, as a share of it: sums are added in another order
AT_ONCE = 4096  # examples of all networks in one pass, so that wide layers do not fill the memory

Figures = dict[str, float]


class Validation:
    """Validates networks of one graph together once that was seen to give the same figures, and to be quicker.

    Args:
        measured: whether it must be quicker.
    """

    def __init__(self, measured: bool = True) -> None:
        self.measured = measured
        self.pays: bool | None = None  # nothing is known yet

    def figures(self, looks: Sequence[Look]) -> list[Figures] | None:
        """The figures of each; nothing where each is to find its own, as of one alone.

        The first time all are validated in both ways, and those of each alone count.
        """
        if self.pays is False or len(looks) < 2:
            return None
        if self.pays:
            return self._together(looks)
        clock = _clock(looks[0])
        began = clock()
        try:
            alone = [look.session.evaluate(look.loader, "val", look.between) for look in looks]
        except Exception:  # a run that fails, or is asked to stop, does so by itself
            return None
        between = clock()
        together = self._together(looks)
        ended = clock()
        same = together is not None and all(map(_close, together, alone))
        self.pays = same and (not self.measured or ended - between < between - began)
        return alone

    def _together(self, looks: Sequence[Look]) -> list[Figures] | None:
        try:
            return together(looks)
        except Exception:  # of any layer that torch cannot run for several networks; and memory, for instance
            logger.debug("a common validation failed", exc_info=True)
            self.pays = False
            return None


def together(looks: Sequence[Look]) -> list[Figures]:
    """Figures named ``val/metric`` of every network, as :func:`paribus.tasks.evaluation.evaluate` gives them."""
    sessions = [look.session for look in looks]
    tasks: list[Task] = [session.task for session in sessions]
    networks = [session.evaluated for session in sessions]
    common = deepcopy(networks[0])
    share_recurrent(common, networks, Chance())
    loss = Loss(common, copy(tasks[0]), nullcontext)
    meters = [task.meter("val") for task in tasks]
    with evaluating(loss.task, common):
        named = [tensors_of(network) for network in networks]
        tensors = {f"network.{name}": stacked([one[name] for one in named]) for name in named[0]}
        own = numbers_of(tasks)

        def of_one(tensors: dict[str, Tensor], inputs: Any, targets: Any, rows: Tensor, own: Any) -> Any:
            vars(loss.task).update(own)
            return functional_call(loss, tensors, (inputs, targets, rows))

        for batches in zip(*(look.loader.in_order() for look in looks), strict=True):
            at_once = max(2, AT_ONCE // len(batches[0]))
            losses, outputs = vmap(of_one, chunk_size=at_once, randomness="error")(tensors, *_collated(batches), own)
            for meter, one, output, batch in zip(meters, losses.unbind(), unbound(outputs), batches, strict=True):
                meter.update("model", one, output, batch)
            for look in looks:
                look.between()
        return [{f"val/{name}": it for name, it in meter.figures().items()} for meter in meters]


def _collated(batches: Sequence[Batch]) -> tuple[Any, Any, Tensor]:
    """Inputs, targets and rows of batches that are as large as each other (R, B, …)."""
    inputs, targets = (trees.collate([getattr(batch, it) for batch in batches]) for it in ("inputs", "targets"))
    return inputs, targets, torch.stack([batch.rows for batch in batches])


def _clock(look: Look) -> Any:
    """Where one thread does all of the work, the time that it works; elsewhere figures wait for the device anyway."""
    execution = look.session.execution
    return time.process_time if (execution.device, execution.threads) == ("cpu", 1) else time.perf_counter


def _close(one: Figures, other: Figures) -> bool:
    """Whether two validations say the same; of a figure that is no number, that it is none."""
    return one.keys() == other.keys() and all(
        math.isclose(one[name], other[name], rel_tol=CLOSE, abs_tol=CLOSE * 1e-2)
        or not (math.isfinite(one[name]) or math.isfinite(other[name]))
        for name in one
    )

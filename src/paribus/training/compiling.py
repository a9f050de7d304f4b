"""Whether a network is compiled: only where what is left of a training is long beside the minute that it takes.

``torch.compile`` makes a network's passes quicker by fusing their operations, and costs its time before they begin, for
each of the two sizes that batches have. Short trainings must not pay for that, so by default the first steps are timed.
What is compiled is the model while it trains. Evaluation, predictions and looks compute as ever.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from paribus.errors import RunError, nearest
from paribus.training.execution import COMPILING, Settings
from paribus.training.monitor import Plan
from paribus.training.session import Session

logger = logging.getLogger(__name__)

BACKEND = "inductor"
COST = 60.0  # seconds to compile a network for two sizes of batches: tens for small ones, minutes for large ones
GAIN = 0.2  # share of the time that is expected to be saved: a guess, which the figures of a card should replace
WARM, MEASURED = 10, 20  # steps before the clock runs, and those that it measures


class Compiling:
    """Decides whether to compile, for a training that says behind each step that it was taken.

    Args:
        session: the training.
        plan: how long it takes.
        settings: what is wished: ``on`` compiles before the first step, ``auto`` on GPUs where it pays.
    """

    def __init__(self, session: Session, plan: Plan, settings: Settings) -> None:
        self.session, self.plan = session, plan
        alone = session.group.share.size == 1  # of several processes each would have to decide alike
        self.decided = settings.compile == "off" or session.fitted is not None or not alone
        self._steps, self._began = 0, 0.0
        if settings.compile == "on" and not alone:
            logger.warning("the model is not compiled: several processes train together")
        if not self.decided and (settings.compile == "on" or not session.execution.device.startswith("cuda")):
            self.decided = True
            if settings.compile == "on":
                compile_model(session)

    def stepped(self) -> None:
        """A step was taken; some of the first are timed."""
        if self.decided:
            return
        self._steps += 1
        if self._steps == WARM:
            self._began = self._now()
        elif self._steps == WARM + MEASURED:
            each = (self._now() - self._began) / MEASURED
            self.decided = True
            if pays((self.plan.steps - self.session.step) * each):
                compile_model(self.session)

    def _now(self) -> float:
        """The time when all that was asked for is done: the only two waits."""
        if self.session.execution.device.startswith("cuda"):
            torch.cuda.synchronize(self.session.execution.device)
        return time.perf_counter()


def check_compiling(wish: str) -> None:
    """Refuse a wish that is none.

    Raises:
        RunError: with those that there are.
    """
    if wish not in COMPILING:
        raise RunError("compile is auto, on or off", got=wish, hint=nearest(wish, COMPILING))


def pays(seconds: float) -> bool:
    """Whether compiling is worth its time, where so many seconds of steps are left."""
    return seconds * GAIN > COST


def compile_model(session: Session) -> None:
    """Let the model of a session compute by compiled code while it trains; the record of the run says so.

    A model that cannot be compiled trains as it is, with a warning.
    """
    model = session.network.model
    model.forward = _Compiled(session, model.forward)
    session.execution = replace(session.execution, compiled=True)


class _Compiled:
    """A model's forward pass, compiled where it trains."""

    def __init__(self, session: Session, plain: Callable[..., Any]) -> None:
        self.session, self.plain = session, plain
        self.compiled: Callable[..., Any] | None = None
        self.worked = False

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        if not (self.session.network.training and torch.is_grad_enabled()):
            return self.plain(*inputs, **named)
        try:
            if self.compiled is None:
                self.compiled = torch.compile(self.plain, backend=BACKEND, dynamic=False)
            found = self.compiled(*inputs, **named)
        except Exception as error:  # compilers fail in many ways; memory that runs out is none of them
            if self.worked or isinstance(error, torch.OutOfMemoryError):
                raise
            logger.warning("the model cannot be compiled and trains as it is: %s", str(error).partition("\n")[0])
            self.session.execution = replace(self.session.execution, compiled=False)
            self.session.network.model.forward = self.plain
            return self.plain(*inputs, **named)
        self.worked = True
        return found

"""A few steps of several trainings, together and one by one, before any of them counts: are they the same, and quicker?

Whatever a step changes is put back, so neither the answer nor the question can be seen in a training.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from paribus.training.fused.step import Fused
from paribus.training.loop import Due
from paribus.training.session import Session, untouched
from paribus.training.step import step

EXACT, ROUGH = 1e-3, 5e-2
"""Largest distance of a gradient from the one alone, as a share of its norm: in float32 on a CPU, and elsewhere.

The same products are added in another order. A sum of n float32 numbers is off by at most n·2⁻²⁴ times the sum of their
sizes, in the mean by √n·2⁻²⁴; sizes add to a few hundred times the sum at worst, in a few thousand terms. TF32 and
bfloat16 keep 10 and 7 bits of each factor. Another graph, or another draw, is off by 1.
"""
MOVED = 0.3
"""The same of the step itself. Adam and its kin divide by a root, so that slopes of rounding alone take whole steps."""
ROUNDS = 3  # steps that are timed; the quickest counts, since neighbours on the machine only slow down

_Tensors = Mapping[str, Tensor]


@dataclass(frozen=True)
class Trial:
    """What was seen.

    Args:
        alone: seconds of a step of all runs, one after another.
        together: the same in one.
        error: largest distance of a run's gradient from the one that it has alone, as a share.
        moved: the same of its step.
        allowed: how large the first may be.
    """

    alone: float
    together: float
    error: float
    moved: float
    allowed: float

    @property
    def same(self) -> bool:
        """Whether each run does what it does alone, to rounding."""
        return self.error <= self.allowed and self.moved <= MOVED

    def pays(self, lanes: int) -> bool:
        """Whether one step of all is quicker than so many runs at a time can take theirs."""
        return self.together * lanes < self.alone


def attempt(dues: Sequence[Due]) -> Trial:
    """Take the coming step of all in both ways."""
    sessions = [due.session for due in dues]
    seconds: list[float] = []
    alone: dict[int, tuple[_Tensors, _Tensors]] = {}
    with put_back(sessions):
        for due in dues:
            before = _weights(due.session)
            seconds.append(_timed(due))
            alone[id(due.session)] = _gradients(due.session), _difference(_weights(due.session), before)
        for _ in range(ROUNDS - 1):
            seconds = [min(known, _timed(due)) for known, due in zip(seconds, dues, strict=True)]
    errors, moves = [], []
    with put_back(sessions):
        fused = Fused(sessions)
        try:
            starts = [_weights(session) for session in fused.sessions]
            found = fused.step(dues)
            for place, (session, start) in enumerate(zip(fused.sessions, starts, strict=True)):
                gradient, move = alone[id(session)]
                mine = {name: it[place] for name, it in found.items() if it is not None}
                errors.append(_distance(mine, gradient))
                moves.append(_distance(_difference(_weights(session), start), move))
            together = min(_clocked(fused, dues) for _ in range(ROUNDS))
        finally:
            fused.dissolve()
    exact = all(due.session.execution.device == "cpu" and due.session.execution.precision == "fp32" for due in dues)
    return Trial(sum(seconds), together, max(errors), max(moves), EXACT if exact else ROUGH)


@contextmanager
def put_back(sessions: Sequence[Session]) -> Iterator[None]:
    """Give sessions back as they were, behind the steps of a block."""
    wanted = [session.signals.wanted for session in sessions]
    try:
        with ExitStack() as stack:
            for session in sessions:
                session.signals.wanted = False
                stack.enter_context(untouched(session))
            yield
    finally:
        for session, before in zip(sessions, wanted, strict=True):
            session.signals.wanted = before


def _timed(due: Due) -> float:
    clock = _clock(due.session)
    began = clock()
    step(due.session, due.batch, due.time)
    _wait(due.session)
    return clock() - began


def _clocked(fused: Fused, dues: Sequence[Due]) -> float:
    clock = _clock(dues[0].session)
    began = clock()
    fused.step(dues)
    _wait(dues[0].session)
    return clock() - began


def _clock(session: Session) -> Callable[[], float]:
    """Where one thread does all of the work, the time that it works: not that in which neighbours had its core."""
    execution = session.execution
    return time.process_time if (execution.device, execution.threads) == ("cpu", 1) else time.perf_counter


def _wait(session: Session) -> None:
    if session.execution.device.startswith("cuda"):
        torch.cuda.synchronize(session.execution.device)


def _weights(session: Session) -> _Tensors:
    """As they are now."""
    return {name: parameter.detach().clone() for name, parameter in session.network.named_parameters()}


def _difference(one: _Tensors, two: _Tensors) -> _Tensors:
    return {name: one[name] - two[name] for name in one}


def _gradients(session: Session) -> _Tensors:
    """As the step left them."""
    named = session.network.named_parameters()
    return {name: parameter.grad.clone() for name, parameter in named if parameter.grad is not None}


def _distance(one: _Tensors, two: _Tensors) -> float:
    """‖one − two‖ / ‖two‖ of all tensors as one vector; infinite where others have one, or one is no number."""
    if one.keys() != two.keys():
        return float("inf")
    apart = sum(float((one[name].double() - two[name].double()).square().sum()) for name in two)
    size = sum(float(two[name].double().square().sum()) for name in two)
    found = (apart / max(size, 1e-30)) ** 0.5
    return found if found == found else float("inf")

"""Several trainings driven at once: each its own loop, with its own records, and the steps of all taken in one."""

from __future__ import annotations

import logging
import signal
from collections import Counter, deque
from collections.abc import Callable, Hashable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from typing import Any, Literal

from paribus.errors import Diverged, Interrupted, Paused
from paribus.training.fused.graph import apart, frozen, why_alone
from paribus.training.fused.step import Fused
from paribus.training.fused.trial import attempt
from paribus.training.fused.validation import Validation
from paribus.training.interruption import StopRequest
from paribus.training.loop import Due, Look, Stepwise
from paribus.training.monitor import Listener, Progress

logger = logging.getLogger(__name__)

FEWEST_STEPS = 200  # of a run, below which finding out what is quicker costs more than it gives

Kind = Literal["started", "progress", "finished", "ended", "returned"]
Tell = Callable[[int, Kind, Any], None]
"""Hears of run number so and so: progress, the error that ended it, or why it is better trained elsewhere."""
Open = Callable[[Listener, StopRequest], Stepwise]


@dataclass(frozen=True)
class How:
    """How several runs are driven.

    Args:
        width: the most that step together; others wait until one of them ends.
        lanes: as many runs would be trained at the same time elsewhere for each group like this one.
        measured: whether runs that would be quicker elsewhere are returned.
        fail_fast: whether the first failure stops all.
    """

    width: int = 64
    lanes: int = 1
    measured: bool = True
    fail_fast: bool = False


class Together:
    """Drives trainings until each has ended or was returned.

    Args:
        opens: what begins each of them.
        tell: hears what happens to them, by their number.
        request: whether somebody asked to stop.
        how: the limits.
        around: a context in which a run, by its number, begins.
    """

    def __init__(
        self,
        opens: Sequence[Open],
        tell: Tell,
        request: StopRequest,
        how: How,
        around: Callable[[int], Any] = lambda number: nullcontext(),
    ) -> None:
        self.opens, self.tell, self.request, self.how, self.around = opens, tell, request, how, around
        self.waiting = deque(range(len(opens)))
        self.going: dict[int, Stepwise] = {}
        self.due: dict[int, Due] = {}
        self.looks: dict[int, Look] = {}  # of those that come to a validation instead of a step
        self.known: set[int] = set()  # that were tried together
        self.fused: Fused | None = None
        self.frozen: Hashable = None  # what of their networks is
        self.inside: list[int] = []  # who step together; or, where nothing is gained by that, one after another
        self.tried, self.pays = 0, False  # how many when that was measured last, and whether it was quicker
        self.validation = Validation(how.measured)
        self.failed = False

    def run(self) -> None:
        """Drive all.

        Raises:
            Interrupted: when asked to stop; all that ran are saved.
        """
        try:
            while self._enter():
                if self.request.number:
                    self._stop()
                else:
                    self._arrange()
                self._step()
        finally:
            self._dissolve()
            for going in self.going.values():
                going.close()
        if self.request.stop_requested() and not self.failed:
            raise Interrupted("stopped on request; everything is saved", hint="run the same command again to go on")

    def _enter(self) -> bool:
        """Begin runs while there is room; whether any is going."""
        while self.waiting and len(self.going) < self.how.width and not self.request.number:
            number = self.waiting.popleft()
            self.tell(number, "started", None)
            self.going[number] = self.opens[number](self._listener(number), self.request)
            with self.around(number):
                self._advance(number, None)
            self._validate()
        return bool(self.going)

    def _listener(self, number: int) -> Listener:
        def listen(progress: Progress) -> None:
            self.tell(number, "progress", progress)

        return listen

    def _advance(self, number: int, answer: Any) -> None:
        """Let a run go on to its next step or validation, or to its end.

        It is told what it asked for: whether its step was taken, or the figures of its validation; first nothing.
        """
        if isinstance(answer, bool):
            self.due[number].session.stopwatch.start()
        try:
            due = self.going[number].send(answer)
        except StopIteration:
            self._gone(number, "finished", None)
        except Paused:
            self._gone(number, "finished", None)
        except (Exception, KeyboardInterrupt) as error:
            self._gone(number, "ended", error)
        else:
            if isinstance(due, Look):
                self.looks[number] = due
                return
            due.session.stopwatch.pause()  # what others do in the meantime is not its time
            self.due[number] = due

    def _validate(self) -> None:
        """Bring those that come to a validation to what follows it: together, or each by itself."""
        while self.looks:
            looks, self.looks = self.looks, {}
            found: Sequence[Any] = [None] * len(looks)
            if self.fused is not None and not self.request.number and looks.keys() <= set(self.inside):
                found = self.validation.figures(list(looks.values())) or found
            for number, figures in zip(looks, found, strict=True):
                self._advance(number, figures)

    def _gone(self, number: int, kind: Kind, what: Any) -> None:
        """A run has ended here, and its place is free."""
        self.going.pop(number)
        self.due.pop(number, None)
        if number in self.inside:
            self._dissolve()
        self.tell(number, kind, what)
        if self.how.fail_fast and kind == "ended" and not self.request.number and _is_failure(what):
            self.failed, self.request.number, self.request.noticed = True, signal.SIGTERM, True

    def _dissolve(self) -> None:
        if self.fused is not None:
            self.fused.dissolve()
        self.fused, self.inside = None, []

    def _arrange(self) -> None:
        """Decide who steps: those at one place of their epochs, with the same layers frozen.

        Others wait until these come to theirs, which those do first that have fewer epochs behind them.
        """
        places = {number: (due.session.batches_done, frozen(due.session)) for number, due in self.due.items()}
        last = min(self.inside, key=lambda number: self.due[number].session.epoch, default=None)
        place = places[last] if last is not None else Counter(places.values()).most_common(1)[0][0]
        here = sorted(number for number, there in places.items() if there == place)
        thawed = bool(self.inside) and place[1] != self.frozen
        if here == self.inside and not thawed:
            return
        self.frozen = place[1]
        self._dissolve()
        strangers = [number for number in here if number not in self.known]
        here = self._judged(here, strangers)
        again = thawed or 2 * len(here) <= self.tried
        if len(here) > 1 and (strangers or again) and not self._try(here, strangers):
            return
        self.inside = here
        if len(here) > 1 and self.pays:
            self._fuse(here)

    def _judged(self, here: Sequence[int], strangers: Sequence[int]) -> list[int]:
        """Those that may step together; who may not is returned."""
        members = [number for number in here if number not in strangers]
        for number in strangers:
            due = self.due[number]
            left = due.time.steps - due.session.step
            why = why_alone(due) or (apart(self.due[members[0]], due) if members else "")
            if not why and self.how.measured and left < FEWEST_STEPS and not self.known:
                why = f"{left} steps are fewer than finding out is worth ({FEWEST_STEPS})"
            if why:
                self._return(number, why)
            else:
                members.append(number)
        if len(self.going) == 1 and not self.waiting and members and members[0] in strangers:
            self._return(members.pop(), "there is no other run to be trained with")
        return sorted(members)

    def _try(self, here: Sequence[int], strangers: Sequence[int]) -> bool:
        """Look whether these do together what they do alone, and how quickly; if not, those that are new are returned.

        Of others, what they have done since they were saved last would be lost.
        """
        new = [number for number in here if number in strangers] or here
        try:
            trial = attempt([self.due[number] for number in here])
        except Exception as error:  # of any layer that torch cannot run for several networks at once
            logger.debug("a common step failed", exc_info=True)
            self._return_all(new, _failed(error))
            return False
        why = ""
        if not trial.same:
            shares = f"{trial.error:.2g} of their norm, steps by {trial.moved:.2g}"
            why = f"a common step is not that of each alone: gradients differ by {shares}"
        elif self.how.measured and not self.known and not trial.pays(self.how.lanes):
            times = f"{1000 * trial.together:.3g} ms for a step of {len(here)}, {1000 * trial.alone:.3g} ms in turn"
            why = f"a common step is not quicker than runs in processes of their own ({times})"
        if why:
            self._return_all(new, why)
            return False
        self.known |= set(here)
        self.tried, self.pays = len(here), trial.pays(1) or not self.how.measured
        return True

    def _fuse(self, here: Sequence[int]) -> None:
        self.fused = Fused([self.due[number].session for number in here])
        for number in here:
            session = self.due[number].session
            most = max(session.execution.together, len(here))
            session.execution = replace(session.execution, together=most)

    def _step(self) -> None:
        """One step of all that are inside, together or in turn; behind a request to stop, of all that go on."""
        if self.fused is not None:
            try:
                self.fused.step([self.due[number] for number in self.inside])
            except Exception as error:  # memory, for instance: each goes on from what it has saved
                logger.debug("a common step failed", exc_info=True)
                self._return_all(self.inside, _failed(error))
                return
        taken = self.fused is not None
        for number in list(self.inside):
            if number in self.going:
                self._advance(number, taken)
        self._validate()

    def _stop(self) -> None:
        """Let those end that have not begun; the others save and stop when they look at the time, within a step."""
        for number in [number for number in self.going if number not in self.inside]:
            if not self.due[number].session.step:
                self._let_go(number)
                self._gone(number, "ended", Interrupted("stopped on request", hint="run the same command to go on"))
        if not self.inside:
            self.inside = list(self.going)

    def _let_go(self, number: int) -> None:
        """End a run where it is, as one that was interrupted."""
        with suppress(Interrupted):
            self.going[number].throw(Interrupted("it goes on elsewhere, or when the same command is run again"))

    def _return(self, number: int, why: str) -> None:
        """Let go of a run, which goes on elsewhere from where it was saved last."""
        self._let_go(number)
        self._gone(number, "returned", why)

    def _return_all(self, some: Sequence[int], why: str) -> None:
        """Let go of these, and of those that wait for them."""
        some = list(some)
        self._dissolve()
        for number in some:
            self._return(number, why)
        while self.waiting:
            self.tell(self.waiting.popleft(), "returned", why)


def _is_failure(error: BaseException) -> bool:
    return not isinstance(error, (Diverged, Interrupted, KeyboardInterrupt))


def _failed(error: BaseException) -> str:
    return f"a common step failed: {type(error).__name__}: {error}".splitlines()[0]

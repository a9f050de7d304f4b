"""The executor that trains runs of one graph together: many seeds, and arms that differ in numbers, in one step.

Runs that may be one graph are given to the workers of a pool as groups, each of which steps as one where a few measured
steps say that this is quicker. All others, and those that a worker returns, are trained by the same pool, one by one.
"""

from __future__ import annotations

import logging
from collections import defaultdict, deque
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import replace

from paribus.errors import StudyError
from paribus.records.recipe import Recipe
from paribus.studies.executors.job import Event, EventListener, Job, Waiting
from paribus.studies.executors.pool import LocalPool
from paribus.studies.executors.together import Together, Told
from paribus.training.fused.graph import family, why_never

logger = logging.getLogger(__name__)

WIDTH = 64  # the most runs that step together
BY_ITSELF = "no other run of the study is of the same graph"


class FusedPool:
    """Runs of one graph together, others one by one, on this machine.

    Args:
        workers: processes, as of :class:`.pool.LocalPool`. Each may hold many runs.
        device: where the runs will be computed.
        width: the most runs that step together; others wait until one of them ends.
        measured: whether runs step together only where that was measured to be quicker; else wherever it can be done.
        own: whether runs with a model, a task or an optimizer of your own may step together: a forward pass stands for
            all of them then, so it must do nothing but compute.
    """

    isolated = True

    def __init__(
        self,
        workers: int | None = None,
        device: str = "auto",
        *,
        width: int = WIDTH,
        measured: bool = True,
        own: bool = False,
    ) -> None:
        if width < 1:
            raise StudyError("at least one run steps at a time", got=f"width={width}", hint=f"leave it out for {WIDTH}")
        self.pool = LocalPool(workers, device)
        self.workers, self.width, self.measured, self.own = self.pool.workers, width, measured, own
        self.reasons: dict[tuple[str, int], str] = {}  # arm and seed → why it was trained by itself

    @property
    def forks(self) -> bool:
        """Whether workers are copies of this process."""
        return self.pool.forks

    def prepare(self, threads: int) -> None:
        """Decide for runs of this many threads how workers begin."""
        self.pool.prepare(threads)

    def run(self, jobs: Iterable[Job | None], listen: EventListener, fail_fast: bool = False) -> None:
        """Run all jobs.

        Jobs that an iterator gives, since others decide them, begin one by one, and are trained so.
        """
        self.reasons = {}
        going = _Going(self, jobs, listen, fail_fast)
        self.pool.run(going.jobs(), going.hear, fail_fast)
        told: dict[str, int] = defaultdict(int)
        for reason in self.reasons.values():
            told[reason] += 1
        for reason, count in told.items():
            logger.info("%d of the runs were trained one by one: %s", count, reason)


class _Going:
    """One call of the executor: what waits, what works together, and what has come back."""

    def __init__(self, fused: FusedPool, jobs: Iterable[Job | None], listen: EventListener, fail_fast: bool) -> None:
        self.fused, self.listen, self.fail_fast = fused, listen, fail_fast
        self.later = Waiting(jobs, 0)
        known: list[Job] = []
        while self.later.complete and (job := self.later.next()):
            known.append(job)
        self.ready: deque[Job] = deque(self._grouped(known))
        self.over: dict[int, set[int]] = {}  # identity of a group → places of its runs that ended or came back
        self.started: set[tuple[str, int]] = set()

    def jobs(self) -> Iterator[Job | None]:
        """What the pool is to run next; nothing for now while a group may still return some of its runs."""
        while True:
            job = self.ready.popleft() if self.ready else self.later.next()
            if isinstance(job, Together):
                self.over[id(job)] = set()
            yield job

    def hear(self, event: Event) -> None:
        """Pass on what the pool tells of single runs, and what a group tells of each of its own."""
        group = event.job
        if not isinstance(group, Together):
            self._pass_on(event)
        elif isinstance(told := event.progress, Told):
            member = group.members[told.place]
            if told.kind != "started" and told.kind != "progress":
                self.over[id(group)].add(told.place)
            if told.kind == "returned":
                self._alone(member, told.error)
            else:
                self._pass_on(Event(member, told.kind, told.progress, told.error, told.summary))
        elif event.kind == "failed":  # the whole process
            for place, member in enumerate(group.members):
                if place in self.over[id(group)]:
                    continue
                if not self.fail_fast:
                    self._alone(member, f"the process that trained it with others ended: {event.summary}")
                elif (member.arm, member.seed) in self.started:
                    self._pass_on(replace(event, job=member))

    def _alone(self, job: Job, why: str) -> None:
        self.fused.reasons[job.arm, job.seed] = why
        self.ready.append(job)

    def _pass_on(self, event: Event) -> None:
        key = event.job.arm, event.job.seed
        if event.kind == "started":
            if key in self.started:  # it had begun among others
                return
            self.started.add(key)
        self.listen(event)

    def _grouped(self, jobs: list[Job]) -> list[Job]:
        """Runs that may be one graph as groups, as many of each kind as there are workers; the others as they are."""
        kinds: dict[Hashable, list[Job]] = defaultdict(list)
        known: dict[Hashable, tuple[Hashable, str]] = {}  # one recipe serves many seeds
        for job in jobs:
            same = id(job.recipe), job.settings, type(job)
            if same not in known:
                known[same] = self._kind(job)
            kind, why = known[same]
            kinds[kind].append(job)
            if why:
                self.fused.reasons[job.arm, job.seed] = why
        groups: list[Job] = []
        alone: list[Job] = kinds.pop("", [])
        shares = 1 if self.fused.pool.on_gpu else self.fused.workers
        for members in kinds.values():
            for group in (members[start::shares] for start in range(shares)):
                groups += self._as_one(group)
        if alone:  # as they come, so that pairs complete early
            place = {id(job): number for number, job in enumerate(jobs)}
            groups = sorted([*groups, *alone], key=lambda job: place.get(id(job), 0))
        return groups

    def _as_one(self, group: list[Job]) -> list[Job]:
        if len(group) < 2:
            self.fused.reasons |= {(job.arm, job.seed): BY_ITSELF for job in group}
            return group
        lanes = self.fused.workers if self.fused.pool.on_gpu else 1  # on a GPU the group takes the place of all workers
        how = {"lanes": lanes, "measured": self.fused.measured, "fail_fast": self.fail_fast}
        return [Together.of(group, width=self.fused.width, **how)]

    def _kind(self, job: Job) -> tuple[Hashable, str]:
        """What runs of one graph share; nothing for one that is trained by itself, with the reason."""
        if type(job) is not Job or not isinstance(job.recipe, Recipe):
            return "", "it is no training of a recipe"
        try:
            why = why_never(job.recipe, self.fused.own)
            return ("", why) if why else ((family(job.recipe), job.settings), "")
        except Exception as error:  # the job itself says what is wrong with its recipe
            return "", f"its recipe cannot be read: {type(error).__name__}"

"""A study, as people meet it in Python: vary these fields over these seeds, tell me what the evidence says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import count, islice
from pathlib import Path
from typing import Any

from paribus import files
from paribus.errors import StudyError
from paribus.evidence import plan_looks
from paribus.progress import silent
from paribus.records import store
from paribus.records.parts import register_own
from paribus.records.recipe import Recipe
from paribus.records.result import StudyResult
from paribus.records.run import copy_run
from paribus.records.study import Layout, StudyDesign, slug
from paribus.studies import design
from paribus.studies.conclusions import analyse, find_metric, run_folder
from paribus.studies.executors.inprocess import InProcess
from paribus.studies.executors.job import Event, EventListener, Executor, Job
from paribus.studies.executors.pool import LocalPool
from paribus.training.execution import Settings


class Study:
    """A controlled comparison of variants of a recipe, over paired seeds.

    >>> study = Study("digits/cnn", vary={"model.norm": ["none", "batch"]}, seeds=5)  # doctest: +SKIP
    >>> study.run().effects  # doctest: +SKIP

    Args:
        recipe: a recipe, the name of a shipped one, or the path of a recipe file.
        vary: dotted field → values, the first being the reference.
        changes: dotted field → value, for all arms.
        seeds: how many seeds (0, 1, …), or which.
        layout: ``factorial`` (all combinations), ``one-at-a-time``, or ``noise`` (one stream of chance at a time).
        metric: the figure compared, for instance ``val/loss``; the task's first by default.
        delta: the smallest difference that matters, in units of the metric; the metric's own by default.
        most: add seeds until every comparison is decided, up to this many; looks are planned so that the rate of
            false alarms stays as stated.
        name: the name of the study's folder.
        runs: the folder below which studies lie.
    """

    def __init__(
        self,
        recipe: Recipe | str | Path,
        vary: Mapping[str, Sequence[Any]] | None = None,
        *,
        changes: Mapping[str, Any] | None = None,
        seeds: int | Sequence[int] = 5,
        layout: Layout = "factorial",
        metric: str | None = None,
        delta: float | None = None,
        confidence: float = 0.95,
        most: int | None = None,
        name: str | None = None,
        runs: str | Path = "runs",
        command: str = "",
    ) -> None:
        base = recipe if isinstance(recipe, Recipe) else Recipe.load(recipe)
        base = base.override(changes) if changes else base
        register_own(base.parts())
        factors = {path: design.values(base, path, values) for path, values in (vary or {}).items()}
        chosen = tuple(range(seeds)) if isinstance(seeds, int) else tuple(seeds)
        looks = plan_looks(len(chosen), most).sizes if most else ()
        varied = "noise" if layout == "noise" else "+".join(factors) or "repeat"
        self.design = StudyDesign.make(
            name=name or f"{base.name}--{varied}",
            recipe=base.plain(),
            factors=factors,
            layout=layout,
            seeds=chosen,
            metric=metric,
            delta=delta,
            confidence=confidence,
            looks=looks,
            command=command,
        )
        design.check(self.design)
        self.folder = Path(runs) / slug(name) if name else design.free_folder(self.design, Path(runs))

    @classmethod
    def open(cls, folder: str | Path) -> Study:
        """A study from its folder."""
        study = cls.__new__(cls)
        study.folder = Path(folder)
        study.design = StudyDesign.open(study.folder)
        return study

    def run(
        self,
        *,
        jobs: int | None = None,
        device: str = "auto",
        checkpoint_seconds: float = 10.0,
        fail_fast: bool = False,
        listen: EventListener | None = None,
        executor: Executor | None = None,
    ) -> StudyResult:
        """Train what is not trained yet, and say what the evidence says.

        Args:
            jobs: runs at the same time; by default one per core. 1 trains in this process.
            device: ``auto``, ``cpu`` or ``cuda``.
            checkpoint_seconds: least time between two checkpoints of a run.
            fail_fast: stop at the first run that fails.
            listen: told of everything that happens; a live table by default.
            executor: where runs are carried out, if not on this machine's cores.
        """
        self._agree()
        settings = Settings(device, checkpoint_seconds=checkpoint_seconds)
        with self._watcher(listen) as hear:
            design.preflight(self._jobs(settings), getattr(hear, "decoding", silent))
            while True:
                self.design.write(self.folder)
                if todo := _claim(self._jobs(settings), self.folder.parent, hear):
                    (executor or _executor(jobs, len(todo), device)).run(todo, hear, fail_fast)
                if not self._add_seeds():
                    break
        result = self.result
        files.write_json(self.folder / "analysis.json", result.plain())
        return result

    @property
    def result(self) -> StudyResult:
        """The evidence so far, rebuilt from the run folders."""
        return analyse(self.folder)

    def report(self) -> Path:
        """Write ``report.html`` and ``report.md`` into the study's folder; returns the former."""
        from paribus.reports import write

        return write(self.result, self.folder)

    def __repr__(self) -> str:
        arms, seeds = len(self.design.arms()), len(self.design.seeds)
        return f"Study({self.design.name!r}, {arms} arms × {seeds} seeds, {str(self.folder)!r})"

    def _watcher(self, listen: EventListener | None) -> AbstractContextManager[EventListener]:
        if listen is not None:
            return nullcontext(listen)
        from paribus.reports.live import watching

        metric = find_metric(self.design)
        return watching(self.design, self.design.metric or f"val/{metric.name}", metric)

    def _jobs(self, settings: Settings) -> list[Job]:
        """All runs, seed by seed so that pairs complete early."""
        arms = [(arm, self.design.recipe_of(arm)) for arm in self.design.arms()]
        return [
            Job(arm.name, seed, recipe, run_folder(self.folder, arm, seed).path, settings)
            for seed in self.design.seeds
            for arm, recipe in arms
        ]

    def _add_seeds(self) -> bool:
        """With planned looks: go on to the next one, unless everything is decided or a run is missing."""
        seeds = self.design.seeds
        later = [look for look in self.design.looks if look > len(seeds)]
        if not later:
            return False
        result = self.result
        if not result.complete or all(effect.verdict.word != "undecided" for effect in result.effects):
            return False
        fresh = (seed for seed in count() if seed not in seeds)
        more = (*seeds, *islice(fresh, later[0] - len(seeds)))
        self.design = self.design.model_copy(update={"seeds": more})
        return True

    def _agree(self) -> None:
        """A study of this name that is there already must be the same, but for its seeds; its history is taken over."""
        if (self.folder / "study.json").exists():
            known = StudyDesign.open(self.folder)
            if not design.same(known, self.design):
                raise StudyError(
                    "a study of this name has another recipe or other factors",
                    got=str(self.folder),
                    hint="choose another name with --name, or delete the folder",
                )
            self.design = design.merged(known, self.design)


def _claim(jobs: Sequence[Job], root: Path, hear: EventListener) -> list[Job]:
    """Those jobs that are not over yet, here or anywhere below ``root``; all get their run folders."""
    fresh = [job for job in jobs if job.folder.status.state == "new"]
    finished = store.finished(root) if fresh else {}
    for job in fresh:
        if twin := finished.get((job.recipe.identity, job.seed)):
            copy_run(twin, job.folder)
    todo = []
    for job in jobs:
        job.folder.create(job.recipe, job.seed)  # says so if the folder holds something else
        if job.folder.status.over:
            hear(Event(job, "known"))
        else:
            todo.append(job)
    return todo


def _executor(jobs: int | None, todo: int, device: str) -> Executor:
    if jobs == 1:
        return InProcess()
    pool = LocalPool(jobs, device)
    pool.workers = min(pool.workers, todo)
    return pool

"""A study, as people meet it in Python: vary these fields over these seeds, tell me what the evidence says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from paribus.chance import STREAMS, Seeds
from paribus.data.progress import Progress as DataProgress
from paribus.data.progress import silent
from paribus.errors import StudyError, nearest
from paribus.evidence import plan_looks
from paribus.records import files
from paribus.records.recipe import Recipe
from paribus.records.result import StudyResult
from paribus.records.run import find_finished
from paribus.records.study import Layout, StudyDesign, slug
from paribus.studies.analysis import analyse, find_metric, run_folder
from paribus.studies.inprocess import InProcess
from paribus.studies.job import Event, EventListener, Executor, Job
from paribus.studies.pool import LocalPool
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
        factors = {path: tuple(values) for path, values in (vary or {}).items()}
        chosen = tuple(range(seeds)) if isinstance(seeds, int) else tuple(seeds)
        looks = plan_looks(len(chosen), most).sizes if most else ()
        varied = "noise" if layout == "noise" else "+".join(factors) or "repeat"
        self.design = StudyDesign(
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
        self.folder = Path(runs) / slug(self.design.name)
        _check(self.design)

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
        self._write_design()
        settings = Settings(device, checkpoint_seconds=checkpoint_seconds)
        with self._watcher(listen) as hear:
            _preflight(self.design, getattr(hear, "decoding", silent))
            while True:
                if todo := self._todo(settings, hear):
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

    def _todo(self, settings: Settings, hear: EventListener) -> list[Job]:
        """Runs that are not over, seed by seed so that pairs complete early."""
        recipes = {arm.name: self.design.recipe_of(arm) for arm in self.design.arms()}
        jobs = []
        for seed in self.design.seeds:
            for arm in self.design.arms():
                folder, recipe = run_folder(self.folder, arm, seed), recipes[arm.name]
                if not folder.checkpoints.exists():
                    find_finished(self.folder.parent, recipe.identity, seed, copy_to=folder)
                folder.create(recipe, seed)  # says so if the folder holds something else
                job = Job(arm.name, seed, recipe, folder.path, settings)
                if folder.status.over:
                    hear(Event(job, "known"))
                else:
                    jobs.append(job)
        return jobs

    def _add_seeds(self) -> bool:
        """With planned looks: go on to the next one unless everything is decided."""
        later = [look for look in self.design.looks if look > len(self.design.seeds)]
        if not later or all(effect.verdict.word != "undecided" for effect in self.result.effects):
            return False
        self.design = self.design.model_copy(update={"seeds": tuple(range(later[0]))})
        self.design.write(self.folder)
        return True

    def _write_design(self) -> None:
        """Write ``study.json``; a study of this name that is there already must be the same, but for its seeds."""
        if (self.folder / "study.json").exists():
            known = StudyDesign.open(self.folder)
            free = {"seeds", "looks", "extended", "command", "metric", "delta", "confidence"}
            if known.model_dump(mode="json", exclude=free) != self.design.model_dump(mode="json", exclude=free):
                raise StudyError(
                    "a study of this name has another recipe or other factors",
                    got=str(self.folder),
                    hint="choose another name with --name, or delete the folder",
                )
            self.design = _merge(known, self.design)
        self.design.write(self.folder)


def _merge(known: StudyDesign, wished: StudyDesign) -> StudyDesign:
    """The wished design with the history of the known one."""
    seeds = tuple(dict.fromkeys((*wished.seeds, *known.seeds))) if known.looks else wished.seeds
    looked = known.extended
    if not wished.looks and len(wished.seeds) > len(known.seeds):
        looked = (*looked, len(known.seeds))
    return wished.model_copy(update={"extended": looked, "seeds": seeds})


def _check(design: StudyDesign) -> None:
    """Refuse a design that cannot answer anything, before anything is trained."""
    if design.layout == "noise":
        if unknown := set(design.factors.get("chance", ())) - set(STREAMS):
            raise StudyError("there is no such stream of chance", got=unknown.pop(), hint=nearest("", STREAMS))
    elif empty := [path for path, values in design.factors.items() if not values]:
        raise StudyError(f"{empty[0]} needs at least one value", hint=f"write --vary {empty[0]}=VALUE,VALUE")
    if len(set(design.seeds)) < len(design.seeds):
        raise StudyError("seeds must differ", got=list(design.seeds))
    seen: dict[str, str] = {}
    for arm in design.arms():
        identity = design.recipe_of(arm).identity
        if identity in seen:
            raise StudyError(
                "two arms are the same recipe",
                got=f"{seen[identity]} and {arm.name}",
                hint="vary something that differs",
            )
        seen[identity] = arm.name


def _preflight(design: StudyDesign, progress: DataProgress) -> None:
    """Open the data and build every arm's model once: what cannot work is said before anything is trained."""
    from paribus.data.material import prepare
    from paribus.models.network import assemble

    for arm in design.arms():
        recipe = design.recipe_of(arm)
        seeds = Seeds(design.seeds[0], recipe.chance.model_dump(exclude_none=True))
        assemble(recipe.model, prepare(recipe, seeds, progress).facts, seeds)


def _executor(jobs: int | None, todo: int, device: str) -> Executor:
    if jobs == 1:
        return InProcess()
    pool = LocalPool(jobs, device)
    pool.workers = min(pool.workers, todo)
    return pool

"""Running a study: finished runs are kept, the others are trained, and seeds are added if planned."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import count, islice
from pathlib import Path
from typing import Protocol

from paribus import files
from paribus.cache.lock import locked
from paribus.data.prepare.prepared import reads_by_seed, record_of, with_files
from paribus.errors import DamagedRecord, MissingData, StudyError
from paribus.progress import Announce, silent
from paribus.records import store
from paribus.records.claims import Claim
from paribus.records.environment import cores
from paribus.records.inputs import DataRecord, Inputs, OnChange
from paribus.records.recipe import Recipe
from paribus.records.result import StudyResult
from paribus.records.run import Status
from paribus.records.study import StudyDesign
from paribus.studies import changed, executors, figures, tuning
from paribus.studies import design as designs
from paribus.studies.conclusions import analyse, widest_claim
from paribus.studies.executors.job import Event, EventListener, Executor, Job, ending
from paribus.training.distributed import meeting
from paribus.training.execution import Settings, require
from paribus.training.interruption import interruptible
from paribus.training.keep import Keep
from paribus.training.resume import adopt


def run(
    design: StudyDesign,
    folder: Path,
    settings: Settings,
    executor: Executor,
    *,
    trainer: Trainer | None = None,
    fail_fast: bool = False,
    data_changed: OnChange = "refuse",
    listen: EventListener,
    progress: Announce = silent,
) -> StudyResult:
    """Train what is not trained yet, and draw the conclusions.

    Args:
        design: what is compared.
        folder: the study's folder.
        settings: how every run is executed.
        executor: where.
        trainer: what its runs are; those of its recipe by default.
        fail_fast: stop at the first run that fails.
        data_changed: what is done where data or code are others than those of the runs that are there.
        listen: told of everything that happens to a run.
        progress: told how far the data are.

    Raises:
        StudyError: where the folder holds another study.
        Interrupted: when asked to stop; everything is saved.
    """
    trainer = trainer or Recipes(progress)
    with interruptible() as request, request.at_once():
        design = check(design, folder, settings, data_changed, progress, trainer=trainer)
    for place in (folder, *(folder / arm.slug for arm in design.arms())):
        files.remove_old_leftovers(place)
    design.write(folder)
    of_arms = trainer.jobs(design, folder, settings) if design.tune else []
    design = tuning.tune(design, folder, of_arms, lambda jobs, root: execute(jobs, root, executor, listen, fail_fast))
    while True:
        design.write(folder)
        execute(trainer.jobs(design, folder, settings), folder.parent, executor, listen, fail_fast)
        if design.foreign and (known := figures.with_figure(design, folder)) != design:
            design = known
            design.write(folder)
        with locked(folder / "lock", lambda: None):  # of two commands, who writes last has seen all runs
            result = analyse(design, folder)
            files.write_json(folder / "analysis.json", result.plain())
        if not (more := _more_seeds(result)):
            break
        design = design.model_copy(update={"seeds": (*design.seeds, *more)})
    return result


def execute(jobs: Sequence[Job], root: Path, executor: Executor, listen: EventListener, fail_fast: bool) -> None:
    """Run those jobs that are not over yet; twins of theirs below ``root`` are taken over."""
    if outstanding := _outstanding(jobs, root, listen):
        executor.run(outstanding, listen, fail_fast)


def check(
    design: StudyDesign,
    folder: Path,
    settings: Settings,
    data_changed: OnChange = "refuse",
    progress: Announce = silent,
    dry: bool = False,
    trainer: Trainer | None = None,
) -> StudyDesign:
    """Refuse what :func:`run` would refuse before its first run.

    Args:
        design: what is wished.
        folder: of the study.
        settings: how its runs are executed.
        data_changed: what is done where the data have changed.
        progress: told how far the data are.
        dry: whether nothing is written; else a study whose data have changed is set aside where that is wished.
        trainer: what its runs are; those of its recipe by default.

    Returns:
        The design that would be run: with the history of one that is there already.
    """
    require(settings.device)
    Keep.of(settings.keep)
    wished, design = design, _with_history(design, folder)
    files.check_writable(folder)
    trainer = trainer or Recipes(progress)
    jobs = trainer.jobs(design, folder, settings)
    if changed.settle(folder, [*tuning.jobs(design, folder, jobs), *jobs], data_changed, dry):
        design = wished
        jobs = trainer.jobs(design, folder, settings)
    changed.refuse_other_device(jobs)
    trainer.preflight(jobs, design)
    return design


class Trainer(Protocol):
    """What the runs of a study are: those of a recipe, or of somebody's own function or command."""

    def jobs(self, design: StudyDesign, folder: Path, settings: Settings) -> list[Job]:
        """All runs, seed by seed so that pairs complete early."""
        ...

    def preflight(self, jobs: Sequence[Job], design: StudyDesign) -> None:
        """Refuse what could not run, before the first run."""
        ...


class Recipes:
    """The runs of a recipe and its variants.

    Args:
        progress: told how far the data are.
    """

    def __init__(self, progress: Announce) -> None:
        self.progress, self.read = progress, Reading(progress)

    def jobs(self, design: StudyDesign, folder: Path, settings: Settings) -> list[Job]:
        """All runs, seed by seed so that pairs complete early."""
        recipes = [(arm, design.recipe_of(arm)) for arm in design.arms()]
        arms = [(arm, recipe, self.read(recipe, design.seeds), folder / arm.slug) for arm, recipe in recipes]
        return [
            Job(arm.name, seed, recipe, place / f"seed-{seed}", settings, inputs[seed])
            for seed in design.seeds
            for arm, recipe, inputs, place in arms
        ]

    def preflight(self, jobs: Sequence[Job], design: StudyDesign) -> None:
        """Refuse every arm that could not take a step."""
        designs.preflight(jobs, self.progress, design)


def choose_executor(executor: Executor | str | None, jobs: int | None, settings: Settings) -> Executor:
    """The executor that was given or named; by default a pool of workers, or this process for one job at a time.

    Raises:
        StudyError: under torchrun, where each of its processes would train all runs.
    """
    if (here := meeting.place()) is not None:
        hint = "leave torchrun out, for runs train side by side by themselves; or give it one: -m paribus run RECIPE"
        raise StudyError("torchrun starts the processes of one run", got=f"{here.size} of them, and a study", hint=hint)
    if executors.is_local(executor) and jobs is None and (settings.threads or 1) > 1:
        jobs = max(1, cores() // (settings.threads or 1))
    if executor in (None, executors.AUTO):
        executor = "inprocess" if jobs == 1 else "pool"
    chosen = executors.make(executor, jobs, settings.device) if isinstance(executor, str) else executor
    assert chosen is not None
    if prepare := getattr(chosen, "prepare", None):
        prepare(settings.threads or 1)  # a cluster that does not answer is refused before data are read
    return chosen


def _with_history(wished: StudyDesign, folder: Path) -> StudyDesign:
    """A study that is there already must be the same, but for its seeds; its history is taken over."""
    if not (folder / "study.json").exists():
        return wished
    known = StudyDesign.open(folder)
    wished = figures.with_known_figure(wished, known)
    if not designs.same(known, wished):
        raise StudyError(
            "a study of this name has another recipe or other factors",
            got=str(folder),
            hint="choose another name with --name, or delete the folder",
        )
    return designs.merged(known, wished, widest_claim(known, folder))


def judge_anew(folder: Path, claim: Claim) -> StudyResult:
    """The evidence for another claim, without training. What a study was judged by before stays in its record.

    Args:
        folder: of the study.
        claim: what its verdicts shall be about.

    Raises:
        StudyError: where its runs say nothing about that; nothing is written then.
    """
    known = StudyDesign.open(folder)
    wished = known.model_copy(update={"claim": claim})
    design = designs.merged(known, wished, widest_claim(known, folder))
    with locked(folder / "lock", lambda: None):
        result = analyse(design, folder)
        if design != known:
            design.write(folder)
            files.write_json(folder / "analysis.json", result.plain())
    return result


class Reading:
    """What recipes read; data are looked at once for a whole study.

    Args:
        progress: told how far that is.
    """

    def __init__(self, progress: Announce) -> None:
        self.progress = progress
        self._known: dict[str, DataRecord | None] = {}

    def __call__(self, recipe: Recipe, seeds: Sequence[int]) -> dict[int, Inputs | None]:
        """Its inputs, by seed; ``None`` where something is not at hand: what is finished does without."""
        if not reads_by_seed(recipe):
            return dict.fromkeys(seeds, self._inputs(recipe, 0))
        return {seed: self._inputs(recipe, seed) for seed in seeds}

    def _inputs(self, recipe: Recipe, seed: int) -> Inputs | None:
        name = repr(recipe.data)
        if name not in self._known:
            self._known[name] = None
            with suppress(MissingData):
                self._known[name] = record_of(recipe.data, self.progress)
        data = self._known[name]
        with suppress(MissingData):
            return with_files(data, recipe, seed) if data is not None else None
        return None


def _outstanding(jobs: Sequence[Job], root: Path, listen: EventListener) -> list[Job]:
    """Those jobs that are not over yet, here or anywhere below ``root``; those that are damaged are told and left out.

    Folders are made by those who train in them: a study of thousands of runs begins at once.
    """
    todo, finished = [], None
    for job in jobs:
        status = job.folder.last_status() if job.path.exists() else Status()
        if status.state == "new":
            finished = store.finished(root) if finished is None else finished
            adopted = adopt(job.folder, finished.get((job.identity, job.seed), ()), job.settings)
            status = job.folder.last_status() if adopted else status
        try:
            if job.folder.exists:
                job.folder.create(job.recipe, job.seed, job.inputs)  # says so if the folder holds something else
        except DamagedRecord as error:
            kind, message, summary = ending(error)
            listen(Event(job, kind, error=message, summary=summary))
            continue
        if status.over:
            files.remove_old_leftovers(job.path)
            listen(Event(job, "known"))
        else:
            todo.append(job)
    return todo


def _more_seeds(result: StudyResult) -> tuple[int, ...]:
    """The seeds up to the next interim analysis; none if everything is decided, a run is missing, or none is left."""
    seeds = result.design.seeds
    later = [size for size in result.design.interim if size > len(seeds)]
    undecided = any(effect.verdict.word == "undecided" for effect in result.effects)
    if not later or not result.complete or not undecided:
        return ()
    unused = (seed for seed in count() if seed not in seeds)
    return tuple(islice(unused, later[0] - len(seeds)))

"""Running a study: finished runs are kept, the others are trained, and seeds are added if planned."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count, islice
from pathlib import Path

from paribus import files
from paribus.errors import DamagedRecord, StudyError
from paribus.progress import Announce, silent
from paribus.records import store
from paribus.records.result import StudyResult
from paribus.records.run import Status
from paribus.records.study import StudyDesign, run_folder
from paribus.studies import design as designs
from paribus.studies import executors
from paribus.studies.conclusions import analyse
from paribus.studies.executors.job import Event, EventListener, Executor, Job, ending
from paribus.training.execution import Settings
from paribus.training.resume import adopt


def run(
    design: StudyDesign,
    folder: Path,
    settings: Settings,
    executor: Executor,
    *,
    fail_fast: bool = False,
    listen: EventListener,
    progress: Announce = silent,
) -> StudyResult:
    """Train what is not trained yet, and draw the conclusions.

    Args:
        design: what is compared.
        folder: the study's folder.
        settings: how every run is executed.
        executor: where.
        fail_fast: stop at the first run that fails.
        listen: told of everything that happens to a run.
        progress: told how far the data are.

    Raises:
        StudyError: where the folder holds another study.
        Interrupted: when asked to stop; everything is saved.
    """
    design = _with_history(design, folder)
    for place in (folder, *(folder / arm.slug for arm in design.arms())):
        files.remove_old_leftovers(place)
    designs.preflight(_jobs(design, folder, settings), progress)
    while True:
        design.write(folder)
        if jobs := _outstanding(_jobs(design, folder, settings), folder.parent, listen):
            executor.run(jobs, listen, fail_fast)
        result = analyse(design, folder)
        if not (more := _more_seeds(result)):
            break
        design = design.model_copy(update={"seeds": (*design.seeds, *more)})
    files.write_json(folder / "analysis.json", result.plain())
    return result


def choose_executor(executor: Executor | str | None, jobs: int | None, device: str) -> Executor:
    """The executor that was given or named; by default a pool of workers, or this process for one job at a time."""
    if executor is None:
        executor = "inprocess" if jobs == 1 else "pool"
    return executors.make(executor, jobs, device) if isinstance(executor, str) else executor


def _with_history(wished: StudyDesign, folder: Path) -> StudyDesign:
    """A study that is there already must be the same, but for its seeds; its history is taken over."""
    if not (folder / "study.json").exists():
        return wished
    known = StudyDesign.open(folder)
    if not designs.same(known, wished):
        raise StudyError(
            "a study of this name has another recipe or other factors",
            got=str(folder),
            hint="choose another name with --name, or delete the folder",
        )
    return designs.merged(known, wished)


def _jobs(design: StudyDesign, folder: Path, settings: Settings) -> list[Job]:
    """All runs, seed by seed so that pairs complete early."""
    arms = [(arm, design.recipe_of(arm)) for arm in design.arms()]
    return [
        Job(arm.name, seed, recipe, run_folder(folder, arm, seed).path, settings)
        for seed in design.seeds
        for arm, recipe in arms
    ]


def _outstanding(jobs: Sequence[Job], root: Path, listen: EventListener) -> list[Job]:
    """Those jobs that are not over yet, here or anywhere below ``root``; those that are damaged are told and left out.

    Folders are made by those who train in them: a study of thousands of runs begins at once.
    """
    todo, finished = [], None
    for job in jobs:
        status = job.folder.last_status() if job.path.exists() else Status()
        if status.state == "new":
            finished = store.finished(root) if finished is None else finished
            adopted = adopt(job.folder, finished.get((job.recipe.identity, job.seed), ()))
            status = job.folder.last_status() if adopted else status
        try:
            if (job.path / "recipe.json").exists():
                job.folder.create(job.recipe, job.seed)  # says so if the folder holds something else
        except DamagedRecord as error:
            kind, message, summary = ending(error)
            listen(Event(job, kind, error=message, summary=summary))
            continue
        if status.over:
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

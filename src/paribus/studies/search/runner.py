"""Running a search: trials are chosen when they can begin, trained by the executors of studies, and compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from paribus import files
from paribus.cache.lock import locked
from paribus.errors import ParibusError, StudyError
from paribus.progress import Announce, Seldom, silent
from paribus.records import store
from paribus.records.inputs import OnChange
from paribus.records.run import RunFolder
from paribus.records.search import SEARCH, SearchDesign, SearchResult, Trial
from paribus.streams import say
from paribus.studies import changed
from paribus.studies.executors.job import Event, EventListener, Executor, Job
from paribus.studies.measure import find_figure, find_metric
from paribus.studies.runner import Reading
from paribus.studies.search import confirm
from paribus.studies.search.conclude import conclude
from paribus.studies.search.design import choosing, judged, same, steps
from paribus.studies.search.hyperband import Asha, Hyperband, Step
from paribus.studies.search.trials import read, stand, standing
from paribus.training.check import check_run
from paribus.training.execution import Settings, require
from paribus.training.interruption import interruptible
from paribus.training.resume import adopt

TrialListener = Callable[[Trial, Event | None], None]


def run(
    design: SearchDesign,
    folder: Path,
    settings: Settings,
    executor: Executor,
    *,
    data_changed: OnChange = "refuse",
    listen: TrialListener,
    progress: Announce = silent,
) -> SearchResult:
    """Train the trials that are not over yet, and say what was found.

    Args:
        design: what is searched.
        folder: of the search.
        settings: how every run is executed.
        executor: where.
        data_changed: what is done where data or code are others than those of the trials that are there.
        listen: told of every trial whenever something happens to it.
        progress: told how far the data are.

    Raises:
        StudyError: where the folder holds another search, or no trial came to a figure.
        Interrupted: when asked to stop; everything is saved.
    """
    with interruptible() as request, request.at_once():
        check(design, folder, settings, data_changed, progress, dry=False)
    for place in (folder, *sorted(folder.glob("trial-*"))):
        files.remove_old_leftovers(place)
    with locked(folder / "lock", _say_waiting()):  # two searches in one folder would choose the same numbers
        design.write(folder)
        search = Search(design, folder, settings, listen, Reading(progress))
        executor.run(search.jobs(), search.hear)
    found = conclude(design, folder, whole=not design.confirm)
    if found.best is None:
        first = next((trial.error for trial in found.trials if trial.error), "")
        hint = "correct the recipe or the ranges, and choose another name with --name"
        raise StudyError(f"none of {len(found.trials)} trials came to a figure: {first}", got=str(folder), hint=hint)
    return _written(found)


def confirmed(
    found: SearchResult, settings: Settings, executor: Executor, listen: EventListener, progress: Announce = silent
) -> SearchResult:
    """What a search found with its winner confirmed; where that is the recipe itself, there is nothing to confirm.

    Args:
        found: what was found.
        settings: how every run is executed.
        executor: where.
        listen: told of the runs.
        progress: told how far the data are.
    """
    confirm.run(found, settings, executor, listen, progress)
    return _written(conclude(found.design, found.folder))


def _written(found: SearchResult) -> SearchResult:
    files.write_json(found.folder / "analysis.json", found.plain())
    return found


def _say_waiting() -> Callable[[], None]:
    seldom = Seldom()
    return lambda: say("another command works on this search: waiting for it") if seldom.due() else None


def check(
    design: SearchDesign,
    folder: Path,
    settings: Settings,
    data_changed: OnChange = "refuse",
    progress: Announce = silent,
    dry: bool = True,
) -> None:
    """Refuse what :func:`run` would refuse before its first trial.

    Args:
        design: what is wished.
        folder: of the search.
        settings: how its runs are executed.
        data_changed: what is done where the data have changed.
        progress: told how far the data are.
        dry: whether nothing is written; else a search whose data have changed is set aside where that is wished.
    """
    require(settings.device)
    files.check_writable(folder)
    if (folder / SEARCH).exists():
        if not same(SearchDesign.open(folder), design):
            hint = "choose another name with --name, or delete the folder"
            raise StudyError("a search of this name has another recipe or another space", got=str(folder), hint=hint)
        search = Search(design, folder, settings, lambda trial, event: None, Reading(progress))
        jobs = [search.job(trial, None) for trial in search.trials if trial.run(folder, design.seed).exists]
        changed.settle(folder, jobs, data_changed, dry)
        changed.refuse_other_device(jobs)
    check_run(design.base, design.seed, settings, progress)


@dataclass
class Search:
    """A search in the middle of its work: what is known of its trials, and which is trained next.

    Args:
        design: what is searched.
        folder: of the search.
        settings: how every run is executed.
        listen: told of trials.
        reading: what recipes read.
    """

    design: SearchDesign
    folder: Path
    settings: Settings
    listen: TrialListener
    reading: Reading
    trials: list[Trial] = field(default_factory=list)

    def __post_init__(self) -> None:
        study = judged(self.design)
        self.figure, self.sign = find_figure(study), 1.0 if find_metric(study).higher_is_better else -1.0
        self.choose, self.plan = choosing(self.design), steps(self.design)
        known = read(self.design, self.folder, self.figure)
        self.trials = [replace(trial, state="paused") if trial.state == "running" else trial for trial in known]

    def jobs(self) -> Iterator[Job | None]:
        """The next job whenever one can begin; ``None`` where a trial must end before."""
        for trial in self.trials:
            self.listen(trial, None)
        while True:
            step = self.plan.next([standing(trial, self.rungs, self.sign) for trial in self.trials])
            if step is not None:
                if job := self._begin(step):
                    yield job
            elif any(trial.state == "running" for trial in self.trials):
                yield None
            else:
                return

    def hear(self, event: Event) -> None:
        """Take in what happened to a trial's run."""
        number = int(event.job.arm.removeprefix("trial-"))
        if event.kind in ("finished", "diverged", "failed", "interrupted"):
            self._look(number)
            trial = self.trials[number]
            if event.kind in ("diverged", "failed") and trial.state not in ("diverged", "failed"):
                self.trials[number] = replace(trial, state=event.kind, error=event.summary)
        self.listen(self.trials[number], event)

    @cached_property
    def rungs(self) -> tuple[int, ...]:
        """The epochs at which trials are compared."""
        if isinstance(self.plan, Asha):
            return self.plan.rungs
        if isinstance(self.plan, Hyperband):
            return tuple(rung.epochs for rung in self.plan.brackets[0])
        return (self.design.base.budget.epochs,)

    @cached_property
    def finished(self) -> dict[tuple[str, int], list[RunFolder]]:
        """Runs that were finished elsewhere before this search went on: none is trained twice."""
        return store.finished(self.folder.parent)

    def job(self, trial: Trial, until: int | None) -> Job:
        """The run of a trial."""
        recipe = self.design.base.override(trial.settings)
        path = trial.run(self.folder, self.design.seed).path
        settings = replace(self.settings, until=until)
        seed = self.design.seed
        return Job(trial.label, seed, recipe, path, settings, self.reading(recipe, (seed,))[seed])

    def _begin(self, step: Step) -> Job | None:
        """The job of a step; none where the trial is over before it begins."""
        if step.trial is None:
            self._choose(step)
        number = len(self.trials) - 1 if step.trial is None else step.trial
        trial = self.trials[number]
        try:
            job = self.job(trial, step.epochs)
            job.recipe.content  # noqa: B018 (all options, validated together)
        except ParibusError as error:
            self.trials[number] = replace(trial, state="failed", error=error.rule, refused=error.rule)
            self.trials[number].write(self.folder)
            self.listen(self.trials[number], None)
            return None
        if trial.state == "waiting" and adopt(
            job.folder, self.finished.get((job.identity, job.seed), ()), job.settings
        ):
            self._look(number)
            self.listen(self.trials[number], None)
            return None
        self.trials[number] = replace(trial, state="running")
        return job

    def _choose(self, step: Step) -> None:
        """Add a trial, and write it down before anything else happens to it."""
        beside = tuple(trial.number for trial in self.trials if trial.state == "running")
        settings = self.choose(len(self.trials), self.trials)
        trial = Trial(len(self.trials), settings, bracket=step.bracket, beside=beside)
        trial.write(self.folder)
        self.trials.append(trial)

    def _look(self, number: int) -> None:
        """Read again what the run folder of a trial says."""
        trial = self.trials[number]
        fresh = Trial(number, trial.settings, bracket=trial.bracket, beside=trial.beside, refused=trial.refused)
        found = stand(fresh, self.folder, self.design.seed, self.figure)
        self.trials[number] = replace(found, state="paused") if found.state in ("running", "waiting") else found
        if found.state == "finished":
            run = found.run(self.folder, self.design.seed)
            self.finished.setdefault(run.identity, []).append(run)

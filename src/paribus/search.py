"""The search in Python: which values of these fields do best, and is that true on fresh seeds?"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from paribus.progress import Announce, silent
from paribus.records.given import recipe_of
from paribus.records.inputs import OnChange
from paribus.records.parts import register_own
from paribus.records.recipe import Recipe
from paribus.records.search import Sampler, SearchDesign, SearchResult, Stop
from paribus.studies.executors.job import EventListener, Executor
from paribus.studies.runner import choose_executor
from paribus.studies.search import confirm, runner
from paribus.studies.search.conclude import conclude
from paribus.studies.search.design import folder_for, plan
from paribus.studies.search.runner import TrialListener
from paribus.training.execution import Settings


class Tune:
    """A search for the best values of some fields of a recipe; the winner is confirmed on fresh seeds.

    >>> search = Tune("digits/mlp", search={"optimizer.lr": "1e-3..1"}, trials=20)  # doctest: +SKIP
    >>> search.run().confirmed.effects  # doctest: +SKIP

    Args:
        recipe: a recipe, the name of a shipped one, or the path of a recipe file.
        changes: field → value, for the recipe and all trials; dotted, or its last word where that can mean one field
            only. Of a field that is searched it is the value of the recipe with which the winner is compared.
        search: field → what it may be: ``"1e-3..1"`` (on a logarithmic scale where the ends are a factor of 100 or more
            apart, or where it ends in ``:log``), ``"2..6"`` of whole numbers, ``"16..128..16"`` with a step, or a list
            of values.
        trials: how many; 20 by default, and as many as its brackets have with Hyperband.
        sampler: ``random``, ``grid``, ``tpe``, ``gp`` (Gaussian process), ``cmaes``, or ``reinforce``.
        stop: ``none``, or how bad trials are stopped early: ``hyperband`` or ``asha``.
        eta: with these, one trial in so many goes on.
        min_epochs: with these, the fewest epochs of a trial.
        confirm: over how many fresh seeds the winner is compared with the recipe as it is; 0 for none.
        seed: of every trial, and of the sampler's own chance.
        metric: the validation figure that is to become best; the task's first by default.
        name: the name of the search's folder.
        runs: the folder below which it lies.
        fields: further changes as keywords: ``epochs=3``.
    """

    def __init__(
        self,
        recipe: Recipe | str | Path,
        changes: Mapping[str, Any] | None = None,
        *,
        search: Mapping[str, Any],
        trials: int | None = None,
        sampler: Sampler = "tpe",
        stop: Stop = "none",
        eta: int = 3,
        min_epochs: int = 1,
        confirm: int = 5,
        seed: int = 0,
        metric: str | None = None,
        name: str | None = None,
        runs: str | Path = "runs",
        command: str = "",
        **fields: Any,
    ) -> None:
        base = recipe_of(recipe, changes, fields)
        register_own(base.parts())
        given: dict[str, Any] = {"trials": trials, "sampler": sampler, "stop": stop, "eta": eta, "seed": seed}
        given |= {"min_epochs": min_epochs, "confirm": confirm, "metric": metric, "name": name, "command": command}
        self.design = plan(base, search, **given)
        self.folder = folder_for(self.design, Path(runs), named=name is not None)

    @classmethod
    def open(cls, folder: str | Path) -> Tune:
        """A search from its folder."""
        search = cls.__new__(cls)
        search.folder, search.design = Path(folder), SearchDesign.open(Path(folder))
        return search

    def run(
        self,
        *,
        jobs: int | None = None,
        device: str = "auto",
        threads: int = 1,
        checkpoint_seconds: float = 10.0,
        data_changed: OnChange = "refuse",
        listen: TrialListener | None = None,
        confirming: EventListener | None = None,
        executor: Executor | str | None = None,
    ) -> SearchResult:
        """Train the trials that are not over yet, then the winner and the recipe on fresh seeds.

        Args:
            jobs: runs at the same time; by default as many as the cores have threads for. With 1, trials follow one
                another, and a search that was interrupted ends as if it had not been.
            device: ``auto``, ``cpu`` or ``cuda``.
            threads: processor threads of every run.
            checkpoint_seconds: least time between two checkpoints of a run.
            data_changed: what is done where data, files or code of your own are others than those of trials that are
                there: ``refuse``, or ``restart``, which sets the old search aside and begins it anew.
            listen: told of every trial whenever something happens to it; a live table by default.
            confirming: told of the runs on fresh seeds; a live table by default.
            executor: where runs are executed: ``pool``, ``inprocess``, ``ray:ADDRESS`` or ``slurm:OPTIONS`` (clusters),
                or one of your own.
        """
        from paribus.reports.live import tuning, watching

        settings = Settings(device, threads, checkpoint_seconds)
        chosen = choose_executor(executor, jobs, settings)
        with tuning(self.design) if listen is None else nullcontext((listen, silent)) as (listener, progress):
            found = runner.run(
                self.design,
                self.folder,
                settings,
                chosen,
                data_changed=data_changed,
                listen=listener,
                progress=progress,
            )
        if (study := confirm.place(found)) is None:
            return found if not self.design.confirm else self.result
        with watching(study[0]) if confirming is None else nullcontext((confirming, silent)) as (told, progress):
            return runner.confirmed(found, settings, chosen, told, progress)

    def check(self, *, device: str = "auto", data_changed: OnChange = "refuse", progress: Announce = silent) -> None:
        """Refuse what :meth:`run` would refuse before its first trial; the data are read, and nothing is written.

        Raises:
            ParibusError: as :meth:`run` would.
        """
        runner.check(self.design, self.folder, Settings(device), data_changed, progress)

    @property
    def result(self) -> SearchResult:
        """What is known so far, rebuilt from the run folders."""
        return conclude(SearchDesign.open(self.folder), self.folder)

    def report(self) -> Path:
        """Write ``report.html`` and ``report.md`` into the search's folder; returns the former."""
        from paribus.reports.files import write_search

        return write_search(self.result)

    def __repr__(self) -> str:
        return f"Tune({self.design.name!r}, {self.design.trials} trials, {self.design.sampler}, {str(self.folder)!r})"


def tune(recipe: Recipe | str | Path, changes: Mapping[str, Any] | None = None, **arguments: Any) -> SearchResult:
    """Search at once: :class:`Tune` and its :meth:`~Tune.run` in one, with the arguments of both.

    >>> tune("digits/mlp", search={"optimizer.lr": "1e-3..1"}, trials=20, jobs=2)  # doctest: +SKIP
    """
    import inspect

    running = inspect.signature(Tune.run).parameters.keys() - {"self"}
    how = {name: arguments.pop(name) for name in running & arguments.keys()}
    return Tune(recipe, changes, **arguments).run(**how)

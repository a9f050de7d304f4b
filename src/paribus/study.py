"""The study in Python: vary these fields over these seeds, and compare."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paribus.commands.command import Command
from paribus.errors import RecipeError, StudyError
from paribus.progress import Announce, silent
from paribus.records.claims import Claim
from paribus.records.given import recipe_of
from paribus.records.inputs import OnChange
from paribus.records.looks import Looking
from paribus.records.opened import HeldOut
from paribus.records.parts import register_own
from paribus.records.plan import Plan
from paribus.records.recipe import Recipe
from paribus.records.result import StudyResult
from paribus.records.shortcuts import expand
from paribus.records.study import Layout, StudyDesign
from paribus.studies import commands, figures, functions, runner
from paribus.studies.conclusions import analyse
from paribus.studies.contradictions import check_changes
from paribus.studies.design import folder_for, plan, rejudged, seeds_of
from paribus.studies.executors import is_local, make, shared
from paribus.studies.executors.job import EventListener, Executor
from paribus.studies.folds import OutOfFold, out_of_fold
from paribus.studies.held_out import test_arm
from paribus.training.execution import Settings

if TYPE_CHECKING:
    from paribus.analysis.averaging import Averaging

logger = logging.getLogger(__name__)


class Study:
    """A controlled comparison of variants of a recipe, or of a training of your own, over paired seeds.

    >>> study = Study("digits/cnn", vary={"model.norm": ["none", "batch"]}, seeds=5)  # doctest: +SKIP
    >>> study.run().effects  # doctest: +SKIP
    >>> Study(train, vary={"lr": [0.1, 0.01]}, seeds=5, metric="accuracy").run()  # doctest: +SKIP

    Args:
        recipe: a recipe, the name of a shipped one, or the path of a recipe file; or a function ``train(config, seed)``
            that returns figures (``{"accuracy": 0.93}``, or a number) or yields such a row for every epoch. It may take
            each setting as a parameter of its own instead. Or a :class:`Command`, which names its metric itself.
        changes: field → value, for all arms; dotted, or its last word where that can mean one field only.
        vary: field → values, the first being the reference.
        seeds: how many seeds (0, 1, …), or which; as a text like ``--seeds``.
        layout: ``factorial`` (all combinations), ``one-at-a-time``, or ``noise`` (one stream of chance at a time).
        metric: the figure compared, for instance ``val/loss``; the task's first by default, and of a function the
            first that it returns whose good direction is known by its name.
        delta: the smallest difference that matters: ``"1pt"`` or ``0.01`` for a percentage point of a share, else a
            number in the unit of the metric; the metric's own by default.
        claim: what verdicts are about: ``"these"`` data, or data ``"like-these"``; by default the latter wherever every
            seed draws its own validation split.
        confidence: of the intervals; the rate of false alarms is 1 − confidence.
        most: add seeds until every comparison is decided, up to this many; looks are planned so that the rate of
            false alarms stays as stated.
        looks: when results count: at the end and at looks that are ``"planned"``, or ``"anytime"``: then you may look
            and add seeds whenever you like, and intervals are about twice as wide.
        name: the name of the study's folder.
        runs: the folder below which studies lie.
        config: of a function, what all arms are given.
        higher_is_better: of a function or a command, the good direction of its metric where the name does not say.
        overlap: of a function or a command that draws a validation split with every seed, how many examples validate
            for each one that trains; so data like these can be spoken of.
        seeding: of a function, whether the global generators of Python, NumPy and torch are seeded before each call.
        tune: field → range or values, such as ``"1e-4..1"``: every arm gets its own best one before the seeds run, from
            as many trials as the others, judged on examples that no run of the study looks at (``split.tuning``).
        trials: how many values each arm tries; 8 by default.
        fields: further changes as keywords: ``epochs=3, lr=0.1, data=pb.Data(inputs, targets)``.
    """

    def __init__(
        self,
        recipe: Recipe | str | Path | Callable[..., Any] | Command,
        changes: Mapping[str, Any] | None = None,
        *,
        vary: Mapping[str, Sequence[Any]] | None = None,
        seeds: int | str | Sequence[int] = 5,
        layout: Layout = "factorial",
        metric: str | None = None,
        delta: float | str | None = None,
        claim: Claim | None = None,
        confidence: float = 0.95,
        most: int | None = None,
        looks: Looking = "planned",
        name: str | None = None,
        runs: str | Path = "runs",
        command: str = "",
        config: Mapping[str, Any] | None = None,
        higher_is_better: bool | None = None,
        overlap: float | None = None,
        seeding: bool = True,
        tune: Mapping[str, Any] | None = None,
        trials: int | None = None,
        **fields: Any,
    ) -> None:
        asked: dict[str, Any] = {
            "name": name,
            "layout": layout,
            "metric": metric,
            "delta": delta,
            "claim": claim,
            "confidence": confidence,
            "looks": looks,
            "command": command,
        }
        self._trainer: functions.Function | commands.Commands | None = None
        if callable(recipe) or isinstance(recipe, Command):
            _refuse_tuning(tune, trials)
        if isinstance(recipe, Command):
            _refuse_for_commands({"metric": metric, "seeding": None if seeding else False})
            asked["metric"] = figures.figure(recipe.source.name, higher_is_better)
            given = {**(config or {}), **(changes or {}), **fields}
            self.design = commands.plan(recipe, given, vary or {}, seeds_of(seeds), most, overlap=overlap, **asked)
            self._trainer = commands.Commands(recipe)
        elif callable(recipe):
            self.design, self._trainer = functions.plan(
                recipe,
                {**(config or {}), **(changes or {}), **fields},
                vary or {},
                seeds_of(seeds),
                most,
                higher_is_better=higher_is_better,
                overlap=overlap,
                seeding=seeding,
                **asked,
            )
        else:
            given = {"config": config, "higher_is_better": higher_is_better, "overlap": overlap}
            _refuse_for_recipes({**given, "seeding": None if seeding else False})
            base = _base(recipe, changes, fields)
            register_own(base.parts())
            self.design = plan(base, vary or {}, seeds_of(seeds), most, tune=tune, trials=trials, **asked)
            if layout != "noise":
                check_changes(expand({**(changes or {}), **fields}, dict(base))[0], self.design.factors)
        self.folder = folder_for(self.design, Path(runs), named=name is not None)
        self._result: StudyResult | None = None  # of the last run()

    @classmethod
    def open(cls, folder: str | Path) -> Study:
        """A study from its folder."""
        return cls._at(StudyDesign.open(Path(folder)), Path(folder))

    @classmethod
    def _at(
        cls, design: StudyDesign, folder: Path, trainer: functions.Function | commands.Commands | None = None
    ) -> Study:
        """A study of this design in this folder."""
        study = cls.__new__(cls)
        study.folder, study.design, study._trainer, study._result = folder, design, trainer, None
        return study

    def run(
        self,
        *,
        jobs: int | None = None,
        device: str = "auto",
        threads: int = 1,
        checkpoint_seconds: float = 10.0,
        keep: str = "none",
        signals: bool = True,
        fail_fast: bool = False,
        data_changed: OnChange = "refuse",
        listen: EventListener | None = None,
        executor: Executor | str | None = None,
    ) -> StudyResult:
        """Train what is not trained yet, and draw the conclusions.

        Args:
            jobs: runs at the same time; by default as many as the cores have threads for. 1 trains in this process.
            device: ``auto``, ``cpu`` or ``cuda``; a function computes where it wishes, and should do so there.
            threads: processor threads of every run. Sums of several threads differ in their last bits, so a study has
                its own number, whatever ``jobs`` and the machine: its figures depend on neither.
            checkpoint_seconds: least time between two checkpoints of a run.
            keep: the epochs whose weights stay: see :meth:`paribus.Run.train`.
            signals: whether runs record what they look like from inside: see :meth:`paribus.Run.train`.
            fail_fast: stop at the first run that fails.
            data_changed: what is done where data, files or code of your own are others than those of runs that are
                there: ``refuse``, or ``restart``, which sets the old study aside and begins it anew.
            listen: told of everything that happens; a live table by default.
            executor: where runs are executed: ``pool``, ``inprocess``, ``fused`` (many in one step), ``ray:ADDRESS`` (a
                cluster; see :class:`paribus.studies.executors.cluster.RayCluster` for what runs ask of it),
                ``slurm:OPTIONS`` (:class:`paribus.studies.executors.slurm.SlurmCluster`), or one of your own.
        """
        from paribus.reports.live import watching

        self._result = None  # an older one would hide that this run was interrupted
        if isinstance(self._trainer, commands.Commands):
            commands.check_device(device)
            device = "cpu"  # of the workers, which only wait
            jobs = jobs or (commands.workers(threads) if is_local(executor) else None)
        settings = Settings(device, threads, checkpoint_seconds, keep, signals)
        self._require_trainer()
        chosen = self._reaching(runner.choose_executor(executor, jobs, settings))
        with watching(self.design) if listen is None else nullcontext((listen, silent)) as (listener, progress):
            result = runner.run(
                self.design,
                self.folder,
                settings,
                chosen,
                trainer=self._trainer,
                fail_fast=fail_fast,
                data_changed=data_changed,
                listen=listener,
                progress=progress,
            )
        self.design, self._result = result.design, result
        return result

    def plan(
        self,
        *,
        delta: float | str | None = None,
        power: float = 0.8,
        metric: str | None = None,
        claim: Claim | None = None,
        pilot: int | None = None,
        jobs: int | None = None,
        device: str = "auto",
        threads: int = 1,
        price: float | None = None,
        listen: EventListener | None = None,
        executor: Executor | str | None = None,
    ) -> Plan:
        """How many seeds this study needs to find a difference of δ, what they cost, and what no seeds will show.

        That is planned from runs below the same folder which are like those of this study; its own ``seeds`` play no
        part. What is not known of their spread counts: see :mod:`paribus.evidence.planning`.

        Args:
            delta, metric, claim: by what it is to be judged, where that is not what the study says itself.
            power: probability with which a true difference of δ is to be found.
            pilot: where fewer seeds of these very arms are known, train so many, in a study of its own that is called
                NAME--pilot. No other study counts its seeds, which are those from 1000 on.
            jobs: runs at the same time, of the pilot and of the study; by default as for :meth:`run`.
            device: as for :meth:`run`.
            threads: as for :meth:`run`.
            price: of an hour of one run, of whatever money; then the plan says what seeds cost.
            listen: told of everything that happens in the pilot; a live table by default.
            executor: as for :meth:`run`.

        Raises:
            StudyError: where nothing is known and no pilot is wished, with what is needed.
        """
        from paribus.studies import alike, planning

        design, root = rejudged(self.design, metric, delta, claim), self.folder.parent
        planning.check(design, power)
        planning.check_price(price)
        if pilot is not None:
            trial = planning.pilot(design, pilot)
            if len(alike.look(design, root).here) < pilot:
                study = Study._at(trial, folder_for(trial, root), self._trainer)
                study.run(jobs=jobs, device=device, threads=threads, listen=listen, executor=executor)
                design = figures.with_known_figure(design, study.design)
                tuned = {"tuned": study.design.tuned, "tuned_by": study.design.tuned_by}
                design = design.model_copy(update=tuned)  # its arms are those that are planned
        workers = runner.choose_executor(executor, jobs, Settings(device, threads)).workers
        found = planning.plan(design, alike.look(design, root), root, power, workers)
        return replace(found, price=price)

    def check(
        self,
        *,
        device: str = "auto",
        keep: str = "none",
        data_changed: OnChange = "refuse",
        progress: Announce = silent,
    ) -> None:
        """Refuse what :meth:`run` would refuse before its first run; the data are read, and nothing is written.

        Raises:
            ParibusError: as :meth:`run` would.
        """
        self._require_trainer()
        if isinstance(self._trainer, commands.Commands):
            commands.check_device(device)
        settings = Settings(device, keep=keep)
        runner.check(self.design, self.folder, settings, data_changed, progress, dry=True, trainer=self._trainer)

    @property
    def result(self) -> StudyResult:
        """The evidence so far, rebuilt from the run folders."""
        return analyse(StudyDesign.open(self.folder), self.folder)

    def test(self, arm: str | None = None, because: str = "") -> dict[int, HeldOut]:
        """Open the held-out test of one arm: once for each run, written down with when and why.

        Choose on validation figures, then test: comparing arms on the test spends it.

        Args:
            arm: the one that was chosen, ``"norm=batch"``; may be left out where there is one only.
            because: why it is opened; it has to be said where another arm's test was opened before.

        Returns:
            seed → figures, number of examples, when and why.
        """
        self._result = None  # an older one would hide that the test is open
        return {run.seed: found for run, found in test_arm(self.folder, arm, because)}

    def out_of_fold(self) -> list[OutOfFold]:
        """Figures over all examples of every arm and whole round of ``split.folds``.

        Each example is predicted by the network of the fold in which it validates.

        Raises:
            StudyError: if the study has no folds, or no round of which all runs have finished.
        """
        return out_of_fold(self.folder)

    def ensemble(self, arm: str | None = None, because: str = "", **options: Any) -> Averaging:
        """What all finished seeds of an arm gain where they predict together, on examples that none was trained on.

        Args:
            arm: which one; may be left out where there is one only.
            because: why the test is opened, where ``split="test"`` asks for it: see :meth:`test`.
            options: ``split`` (``"val"`` by default) and ``confidence``.
        """
        from paribus.studies.ensemble import ensemble

        return ensemble(self.folder, arm, because, **options)

    def analyse(self, name: str, arm: str | None = None, because: str = "", **options: Any) -> Any:
        """The record of an analysis of all seeds of an arm, such as ``class-seeds``, or of all arms beside each other.

        Args:
            name: of the analysis; ``corruptions`` puts all arms together.
            arm: which one; may be left out where there is one only.
            because: why the test is opened, where ``split="test"`` asks for it: see :meth:`test`.
            options: of the analysis.
        """
        from paribus.analysis.table import find
        from paribus.studies.across import analyse_study
        from paribus.studies.ensemble import analyse_arm

        if find(name).across and arm is None:
            return analyse_study(self.folder, name, **options)
        return analyse_arm(self.folder, name, arm, because, **options)

    def report(self) -> Path:
        """Write ``report.html`` and ``report.md`` into the study's folder; returns the former.

        It is about what :meth:`run` returned; where nothing was run, about what the run folders say.
        """
        from paribus.reports.files import write

        return write(self._result or self.result, self.folder)

    def _require_trainer(self) -> None:
        """Refuse to run a study whose trainings are not here."""
        if self.design.foreign and self._trainer is None:
            rule = "this study was opened from its folder, where its trainings are not"
            hint = "make it from its function: pb.Study(train, ...), with the same name; its results are here as ever"
            raise StudyError(rule, got=self.design.name, hint=hint)

    def _reaching(self, executor: Executor) -> Executor:
        """The executor, or this process where a function cannot be sent to others that are not forked."""
        if not hasattr(executor, "prepare") or not isinstance(self._trainer, functions.Function):
            return executor
        if getattr(executor, "forks", True) or not (why := shared.why_not_sent(self._trainer)):
            return executor
        logger.warning("%s cannot be sent to other processes, so runs follow one another: %s", self._trainer.name, why)
        return make("inprocess")

    def __repr__(self) -> str:
        arms, seeds = len(self.design.arms()), len(self.design.seeds)
        return f"Study({self.design.name!r}, {arms} arms × {seeds} seeds, {str(self.folder)!r})"


def _refuse_tuning(tune: Mapping[str, Any] | None, trials: int | None) -> None:
    """Refuse to tune what has no examples that could be held out for it."""
    if tune or trials:
        hint = "tune it yourself on data of their own, with as many trials in every arm"
        raise StudyError("arms of a recipe are tuned, not those of a function or command", got="tune", hint=hint)


def _refuse_for_commands(given: Mapping[str, Any]) -> None:
    """Refuse what a command says itself, or paribus cannot do for it."""
    if strange := next((name for name, value in given.items() if value is not None), None):
        hint = "write pb.Command(LINE, metric=...)" if strange == "metric" else f"leave {strange} out"
        raise StudyError(f"{strange} is not for studies of a command", got=given[strange], hint=hint)


def _refuse_for_recipes(given: Mapping[str, Any]) -> None:
    """Refuse what is meant for functions."""
    if strange := next((name for name, value in given.items() if value is not None), None):
        raise StudyError(f"{strange} is for studies of a function", got="a recipe", hint=f"leave {strange} out")


def _base(recipe: Recipe | str | Path, changes: Mapping[str, Any] | None, fields: Mapping[str, Any]) -> Recipe:
    """The recipe that all arms share; a list of values among its changes was probably meant to be varied."""
    lists = [path for path, value in {**(changes or {}), **fields}.items() if isinstance(value, (list, tuple))]
    try:
        base = recipe_of(recipe, changes, fields)
        if lists:
            base.resolved()
    except RecipeError as error:
        wrong = [path for path in lists if path.rpartition(".")[2] in error.rule]
        if not wrong:
            raise
        hint = f"to compare values: vary={{'{wrong[0]}': [A, B]}}"
        raise RecipeError(error.rule, got=error.got, hint=hint) from None
    return base

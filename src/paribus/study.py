"""The study in Python: vary these fields over these seeds, and compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from paribus.errors import RecipeError
from paribus.progress import Announce, silent
from paribus.records.claims import Claim
from paribus.records.given import recipe_of
from paribus.records.inputs import OnChange
from paribus.records.looks import Looking
from paribus.records.opened import HeldOut
from paribus.records.parts import register_own
from paribus.records.recipe import Recipe
from paribus.records.result import StudyResult
from paribus.records.shortcuts import expand
from paribus.records.study import Layout, StudyDesign
from paribus.studies import runner
from paribus.studies.conclusions import analyse
from paribus.studies.contradictions import check_changes
from paribus.studies.design import folder_for, plan, seeds_of
from paribus.studies.executors.job import EventListener, Executor
from paribus.studies.held_out import test_arm
from paribus.training.execution import Settings


class Study:
    """A controlled comparison of variants of a recipe, over paired seeds.

    >>> study = Study("digits/cnn", vary={"model.norm": ["none", "batch"]}, seeds=5)  # doctest: +SKIP
    >>> study.run().effects  # doctest: +SKIP

    Args:
        recipe: a recipe, the name of a shipped one, or the path of a recipe file.
        changes: field → value, for all arms; dotted, or its last word where that can mean one field only.
        vary: field → values, the first being the reference.
        seeds: how many seeds (0, 1, …), or which; as a text like ``--seeds``.
        layout: ``factorial`` (all combinations), ``one-at-a-time``, or ``noise`` (one stream of chance at a time).
        metric: the figure compared, for instance ``val/loss``; the task's first by default.
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
        fields: further changes as keywords: ``epochs=3, lr=0.1, data=pb.Data(inputs, targets)``.
    """

    def __init__(
        self,
        recipe: Recipe | str | Path,
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
        **fields: Any,
    ) -> None:
        base = _base(recipe, changes, fields)
        register_own(base.parts())
        self.design = plan(
            base,
            vary or {},
            seeds_of(seeds),
            most,
            name=name,
            layout=layout,
            metric=metric,
            delta=delta,
            claim=claim,
            confidence=confidence,
            looks=looks,
            command=command,
        )
        if layout != "noise":
            check_changes(expand({**(changes or {}), **fields}, dict(base))[0], self.design.factors)
        self.folder = folder_for(self.design, Path(runs), named=name is not None)
        self._result: StudyResult | None = None  # of the last run()

    @classmethod
    def open(cls, folder: str | Path) -> Study:
        """A study from its folder."""
        study = cls.__new__(cls)
        study.folder = Path(folder)
        study.design = StudyDesign.open(study.folder)
        study._result = None
        return study

    def run(
        self,
        *,
        jobs: int | None = None,
        device: str = "auto",
        threads: int = 1,
        checkpoint_seconds: float = 10.0,
        keep: str = "none",
        fail_fast: bool = False,
        data_changed: OnChange = "refuse",
        listen: EventListener | None = None,
        executor: Executor | str | None = None,
    ) -> StudyResult:
        """Train what is not trained yet, and draw the conclusions.

        Args:
            jobs: runs at the same time; by default as many as the cores have threads for. 1 trains in this process.
            device: ``auto``, ``cpu`` or ``cuda``.
            threads: processor threads of every run. Sums of several threads differ in their last bits, so a study has
                its own number, whatever ``jobs`` and the machine: its figures depend on neither.
            checkpoint_seconds: least time between two checkpoints of a run.
            keep: the epochs whose weights stay: see :meth:`paribus.Run.train`.
            fail_fast: stop at the first run that fails.
            data_changed: what is done where data, files or code of your own are others than those of runs that are
                there: ``refuse``, or ``restart``, which sets the old study aside and begins it anew.
            listen: told of everything that happens; a live table by default.
            executor: where runs are executed: ``pool``, ``inprocess``, or one of your own.
        """
        from paribus.reports.live import watching

        self._result = None  # an older one would hide that this run was interrupted
        settings = Settings(device, threads, checkpoint_seconds, keep)
        chosen = runner.choose_executor(executor, jobs, settings)
        with watching(self.design) if listen is None else nullcontext((listen, silent)) as (listener, progress):
            result = runner.run(
                self.design,
                self.folder,
                settings,
                chosen,
                fail_fast=fail_fast,
                data_changed=data_changed,
                listen=listener,
                progress=progress,
            )
        self.design, self._result = result.design, result
        return result

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
        runner.check(self.design, self.folder, Settings(device, keep=keep), data_changed, progress, dry=True)

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

    def report(self) -> Path:
        """Write ``report.html`` and ``report.md`` into the study's folder; returns the former.

        It is about what :meth:`run` returned; where nothing was run, about what the run folders say.
        """
        from paribus.reports.files import write

        return write(self._result or self.result, self.folder)

    def __repr__(self) -> str:
        arms, seeds = len(self.design.arms()), len(self.design.seeds)
        return f"Study({self.design.name!r}, {arms} arms × {seeds} seeds, {str(self.folder)!r})"


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

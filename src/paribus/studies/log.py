"""A log from any loop: a run folder that everything else reads, written by a training that is not ours.

Whatever goes wrong in writing it is told once, and never stops or slows the loop that it is about.
"""

from __future__ import annotations

import atexit
import itertools
import logging
import math
import os
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from filelock import FileLock, Timeout

from paribus import files
from paribus.errors import Diverged, ParibusError, RunError, StudyError, message_of
from paribus.records.metric import Metric
from paribus.records.own import OwnTraining, numbers, plain
from paribus.records.recording import Recording
from paribus.records.run import COUNTERS, RunFolder, State
from paribus.records.study import ARM, Arm, StudyDesign, run_folder, slug
from paribus.studies import foreign
from paribus.studies.figures import BEST, LATER, checked, choose, figure, with_figure, with_known_figure

logger = logging.getLogger(__name__)

WRITE_SECONDS = 1.0  # between two writes of one row that is still added to
RANKS = ("RANK", "LOCAL_RANK", "NODE_RANK")  # of several processes of one training the first one writes
PATIENCE_SECONDS = 2.0  # that is waited for others who describe the same study at this moment
UNCONTROLLED = "nothing is known but what the loop wrote: which chance its seed fixes, on which data, is up to the loop"


class Log:
    """A run that is being logged: see :func:`log`. ``with`` ends it, or :meth:`finish`."""

    def __init__(
        self, study: Path, settings: dict[str, Any], seed: int, compared: Metric, overlap: float | None, resume: bool
    ) -> None:
        self.study, self.settings, self.seed, self.figure, self.overlap = study, settings, seed, compared, overlap
        self.path = run_folder(study, _arm(settings), seed).path
        self.silent = any(os.environ.get(rank, "0") != "0" for rank in RANKS)
        self._process = os.getpid()
        self._recording: Recording | None = None
        self._held = ExitStack()
        self._latest: dict[str, float | None] = {}
        self._row: dict[str, float | None] = {}
        self._epoch: int | None = None
        self._step: int | None = None
        self._written, self._new, self._due = True, True, 0.0
        self._told: set[str] = set()
        if not self.silent:
            _require_logs(study)
            with files.disk_errors(study):
                self._open(resume)
            self._carefully(self._describe)
            atexit.register(self.finish, RuntimeError("the program ended before this log was finished"))

    def log(
        self, figures: Mapping[str, Any] = {}, *, step: int | None = None, epoch: int | None = None, **named: Any
    ) -> None:
        """Write figures down, as a mapping or by name: ``run.log(epoch=3, loss=0.2)``.

        Args:
            figures: name → number; nested names are joined, ``val/loss``.
            step: of the training.
            epoch: what is logged in the same epoch stands in one row, the last value of each figure; without an epoch
                each call is a row.
            named: the same as ``figures``.
        """
        self._carefully(lambda: self._log({**figures, **named}, step, epoch))

    def summary(self, figures: Mapping[str, Any] = {}, **named: Any) -> None:
        """Say the final figures: ``run.summary(accuracy=0.93)``. Without it the last of each that was logged count."""
        self._carefully(lambda: self._latest.update(self._numbers({**figures, **named})))

    def finish(self, error: BaseException | None = None) -> None:
        """End the run: with its figures, or with the error that ended it."""
        if isinstance(error, SystemExit) and not error.code:
            error = None
        if (recording := self._recording) is None or os.getpid() != self._process:
            return
        atexit.unregister(self.finish)
        self._carefully(self._write)
        self._carefully(lambda: self._end(recording, error))
        self._recording = None
        self._carefully(self._describe)
        self._carefully(self._held.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.finish(error)

    def __repr__(self) -> str:
        return f"Log({str(self.path)!r})"

    def _open(self, resume: bool) -> None:
        """Make or take over the run folder, and hold it."""
        folder = RunFolder(self.path)
        folder.refuse_links()
        if folder.exists and folder.last_status().state == "running":
            raise RunError("another process logs this arm and seed", got=str(self.path), hint="wait for it, or stop it")
        if folder.exists and not resume:
            aside = files.aside(self.path)
            self.path.rename(aside)
            logger.warning("this arm and seed were logged before; what was there is kept in %s", aside)
        rows = folder.read_metrics()[0] if resume else []
        (self.path / "result.json").unlink(missing_ok=True)
        known = (self.figure,) if self.figure.name else ()
        folder.create(OwnTraining("log", self.study.name, self.settings, metrics=known), self.seed)
        self._held.enter_context(folder.lock())
        self._recording = Recording(folder)
        self._recording.begin(rows)
        for row in rows:
            self._latest |= self._best(row)

    def _log(self, found: Mapping[str, Any], step: int | None, epoch: int | None) -> None:
        figures = self._numbers(found)
        if epoch is None or epoch != self._epoch:
            self._write()
            self._row, self._epoch, self._new = {}, epoch, True
        self._row |= figures
        self._latest |= {**figures, **self._best(figures)}
        self._step, self._written = self._step if step is None else int(step), False
        if time.monotonic() >= self._due:
            self._write()

    def _best(self, figures: Mapping[str, float | None]) -> dict[str, float | None]:
        """The best value so far of the figure of which the best one is compared."""
        name = self.figure.name
        value, known = figures.get(name.removeprefix(BEST)), self._latest.get(name)
        if not name.startswith(BEST) or value is None or (known is not None and not math.isfinite(value)):
            return {}
        better = known is None or not math.isfinite(known) or (value > known) == self.figure.higher_is_better
        return {name: value if better else known}

    def _numbers(self, found: Mapping[str, Any]) -> dict[str, float | None]:
        figures = numbers({name: value for name, value in found.items() if name not in COUNTERS})
        lost = [name for name, value in found.items() if not isinstance(value, Mapping) and name not in figures]
        for name in lost:
            if name not in (*COUNTERS, *self._told):
                self._told.add(name)
                logger.warning("%s is no number, and is not logged: %r", name, found[name])
        return figures

    def _write(self) -> None:
        """Write the row that is added to, where there is news."""
        if self._recording is None or self._written:
            return
        self._due = time.monotonic() + WRITE_SECONDS
        self._written = True  # before it is tried: a full disk is not tried again and again for one row
        self._recording.row(self._row, self._step, again=not self._new)
        self._new = False

    def _end(self, recording: Recording, error: BaseException | None) -> None:
        """Write the result, or why there is none."""
        if error is None:
            try:
                recording.finish(checked(self._latest, self._compared(), self._latest))
                return
            except RunError as reason:  # there are no figures, or the one that counts is not finite
                error = reason
        state: State = "diverged" if isinstance(error, Diverged) else "failed"
        state = "interrupted" if isinstance(error, KeyboardInterrupt) else state
        recording.heartbeat(state, message_of(error))

    def _compared(self) -> str:
        """The figure that is compared; empty where nobody knows, which is said where the study is read."""
        if self.figure.name:
            return self.figure.name
        with suppress(StudyError):
            return choose(self._latest)[0]
        return ""

    def _describe(self) -> None:
        """Write ``study.json``: the arms and seeds of all runs that are there."""
        with suppress(Timeout), FileLock(self.study / "lock", timeout=PATIENCE_SECONDS):
            describe(self.study, self.figure, self.overlap).write(self.study)

    def _carefully(self, do: Callable[[], Any]) -> None:
        """Do something that must not stop the training; why it failed is told once. Forked processes do nothing."""
        if os.getpid() != self._process:
            return
        try:
            do()
        except Exception as error:
            said = error.rule if isinstance(error, ParibusError) else f"{type(error).__name__}: {error}"
            if said not in self._told:
                self._told.add(said)
                logger.warning("%s is not logged, and the training goes on: %s", self.path, said)


class _Logged(NamedTuple):
    """A run that is there."""

    started: float
    settings: dict[str, Any]
    seed: int


def log(
    arm: str | Mapping[str, Any] = "run",
    seed: int = 0,
    study: str = "log",
    runs: str | Path = "runs",
    *,
    metric: str | None = None,
    higher_is_better: bool | None = None,
    overlap: float | None = None,
    resume: bool = False,
) -> Log:
    """Log a training of your own: ``with pb.log(arm="adam", seed=0, study="mine") as run: run.log(epoch=1, loss=0.5)``.

    ``paribus report mine`` then compares its arms over seeds, ``list`` and ``show`` read its runs. An error in the
    block is written down and goes on its way. Where several processes train together, the one of rank 0 logs.

    Args:
        arm: the variant, by its name or by its settings: ``{"lr": 0.1, "norm": "batch"}``. The one that began first is
            the reference.
        seed: the seed of the run; runs of other arms with the same seed are its pairs.
        study: the name of the study's folder.
        runs: the folder below which studies lie.
        metric: the figure that is compared, its last value, or with ``best:val_accuracy`` its best one; by default the
            first one whose good direction is known by its name.
        higher_is_better: its good direction, where its name does not say.
        overlap: where every seed draws its own validation split, how many examples validate for each one that trains;
            so data like these can be spoken of.
        resume: go on with the rows of an earlier run of this arm and seed; without it, that is set aside.

    Raises:
        ParibusError: for names and seeds that are none and for a folder that cannot be written: before the training.
    """
    if type(seed) is not int or seed < 0:
        raise StudyError("a seed is a whole number from 0 on", got=seed, hint="write seed=0")
    if not isinstance(arm, (str, Mapping)) or not arm:
        raise StudyError("an arm is a name, or named settings", got=arm, hint="write arm='adam', or arm={'lr': 0.1}")
    named = {ARM: arm} if isinstance(arm, str) else arm
    settings = {str(name).replace(".", "_"): plain(value, str(name)) for name, value in sorted(named.items())}
    compared = LATER if metric is None else figure(metric, higher_is_better, best=True)
    if overlap is not None and not overlap > 0:
        raise StudyError("overlap is a positive number", got=overlap, hint="of 20 % validation data write 0.2 / 0.8")
    return Log(Path(runs) / slug(study), settings, seed, compared, overlap, resume)


def describe(folder: Path, metric: Metric = LATER, overlap: float | None = None) -> StudyDesign:
    """The design of a study of logs, from the runs that are there: arms in the order in which they began."""
    known = StudyDesign.open(folder) if (folder / "study.json").exists() else None
    found = sorted(_logged(folder), key=lambda run: run.started)
    arms = list({files.dumps(run.settings): run.settings for run in found}.values())
    names = sorted({name for settings in arms for name in settings})
    factors = {name: _distinct([settings[name] for settings in arms if name in settings]) for name in names}
    crossed = {files.dumps(dict(zip(names, values, strict=True))) for values in itertools.product(*factors.values())}
    whole = crossed == {files.dumps(settings) for settings in arms}
    design = foreign.plan(
        "log",
        metric,
        factors,
        sorted({run.seed for run in found}),
        name=folder.name,
        layout="factorial" if whole else "listed",
        listed=() if whole else tuple(arms),
        overlap=known.overlap if known and overlap is None else overlap,
        uncontrolled=UNCONTROLLED,
    )
    if known is not None:
        design = with_known_figure(design, known)
    try:
        return with_figure(design, folder)
    except StudyError as error:
        logger.warning("%s: %s; %s", folder, error.rule, error.hint)
        return design


def _require_logs(study: Path) -> None:
    """Refuse the folder of a study of another kind."""
    if (study / "study.json").exists() and (known := StudyDesign.open(study)).origin != "log":
        hint = "choose another study='NAME'"
        raise StudyError(
            "a study of this name is there already, and none of logs", got=f"{known.origin}: {study}", hint=hint
        )


def _logged(folder: Path) -> list[_Logged]:
    found = []
    for path in folder.glob("*/seed-*/recipe.json"):
        run = RunFolder(path.parent)
        with suppress(ParibusError):  # a damaged one is told where the study is read
            content = run.read()
            if content.get("origin") == "log" and path.parent.name == f"seed-{content['seed']}":
                found.append(_Logged(run.last_status().started, content["recipe"], content["seed"]))
    return found


def _distinct(values: list[Any]) -> list[Any]:
    return list({files.dumps(value): value for value in values}.values())


def _arm(settings: Mapping[str, Any]) -> Arm:
    """The arm of these settings, named as a study names it."""
    factors: dict[str, tuple[Any, ...]] = dict.fromkeys(settings, ())
    design = StudyDesign(name="", origin="log", factors=factors, layout="listed", listed=(dict(settings),))
    return design.arms()[0]

"""Studies of commands: trainings in whatever language, called once for each arm and seed."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from paribus import files
from paribus.commands.call import Called, Outcome, call, called_before, read
from paribus.commands.command import Command
from paribus.commands.devices import gpus
from paribus.commands.source import Row
from paribus.errors import StudyError
from paribus.records.environment import cores
from paribus.records.metric import Metric
from paribus.records.own import OwnTraining
from paribus.records.recording import Recording
from paribus.records.run import HEARTBEAT_SECONDS
from paribus.records.study import StudyDesign
from paribus.studies import foreign
from paribus.studies.executors.job import Job
from paribus.studies.own import OwnJob
from paribus.training.execution import Settings
from paribus.training.monitor import Listener, Progress

MOST_ROWS, MOST_COLUMNS = 2_000, 50  # that are kept of what a command wrote, for curves
TELL_SECONDS = 1.0  # between two signs of life; by them a worker also notices that its parent is gone
UNCONTROLLED = (
    "paribus gives the command its seed; which of its chance that decides (weights, order, augmentation, split), and "
    "whether arms share it, only the command knows"
)


def plan(
    command: Command,
    changes: Mapping[str, Any],
    vary: Mapping[str, Sequence[Any]],
    seeds: Sequence[int],
    most: int | None = None,
    /,
    *,
    metric: Metric,
    name: str | None = None,
    **fields: Any,
) -> StudyDesign:
    """The design of a study of a command, checked.

    Args:
        command: what is called.
        changes: field → value, for all arms.
        vary: field → values, the first being the reference.
        seeds: which seeds.
        most: with how many seeds to stop if still undecided.
        metric: what is known of its figure.
        name: of the study; by default after the first file that the command names, and what is varied.
        fields: other fields of the design.

    Raises:
        StudyError: naming what does not fit.
    """
    design = foreign.plan(
        "command",
        metric,
        vary,
        seeds,
        most,
        name=name or f"{name_of(command)}--{'+'.join(vary) or 'repeat'}",
        recipe={"name": name_of(command), **_described(command, changes)},
        uncontrolled=UNCONTROLLED,
        **fields,
    )
    arms = [{**changes, **arm.settings} for arm in design.arms()]
    for of_arm in arms:
        command.check(of_arm, len(design.seeds))
    lines = [command.line.arguments({**of_arm, "seed": 0, "folder": "FOLDER", "gpu": 0}) for of_arm in arms]
    for place, line in enumerate(lines):
        if line in lines[:place]:
            names = f"{design.arms()[lines.index(line)].name} and {design.arms()[place].name}"
            raise StudyError("two arms are the same command", got=names, hint="vary something that differs")
    return design


def workers(threads: int) -> int:
    """Commands that run at the same time by default: one for each GPU, else as many as the cores have threads for."""
    return len(gpus()) or max(1, cores() // threads)


def check_device(device: str) -> None:
    """Refuse a device for commands, which choose theirs.

    Raises:
        StudyError: with the way to tell them.
    """
    if device != "auto":
        hint = "write it into the command: --device cuda:{gpu}, where {gpu} is the one that a run has for itself"
        raise StudyError("a command chooses its device itself", got=f"--device {device}", hint=hint)


@dataclass(frozen=True)
class Commands:
    """The runs of a command, for the runner.

    Args:
        command: what is called.
    """

    command: Command

    @property
    def name(self) -> str:
        """What people call it."""
        return name_of(self.command)

    def jobs(self, design: StudyDesign, folder: Path, settings: Settings) -> list[Job]:
        """All runs, seed by seed so that pairs complete early."""
        figure, fixed = design.figure, design.recipe["fields"]
        assert figure is not None
        arms = [(arm, self._training({**fixed, **arm.settings}, figure)) for arm in design.arms()]
        return [
            CommandJob(
                arm.name,
                seed,
                training,
                folder / arm.slug / f"seed-{seed}",
                settings,
                metric=figure.name,
                command=self.command,
            )
            for seed in design.seeds
            for arm, training in arms
        ]

    def preflight(self, jobs: Sequence[Job], design: StudyDesign) -> None:
        """Nothing is tried: what can be known of a command was checked when the study was planned."""

    def _training(self, fields: Mapping[str, Any], figure: Metric) -> OwnTraining:
        """What decides an arm's outcome: the line, its values, and the files that it names."""
        command = self.command
        named = {file: files.sha256_of(command.place / file) for file in command.files(fields)}
        return OwnTraining("command", self.name, _described(command, fields), named, (figure,))


@dataclass(frozen=True, kw_only=True)
class CommandJob(OwnJob):
    """A run of a command.

    Args:
        command: what is called.
    """

    command: Command
    computes: ClassVar[bool] = False

    def limited(self) -> AbstractContextManager[None]:
        """This process computes nothing; the command is told how many threads it has."""
        return nullcontext()

    def work(self, recording: Recording, listen: Listener) -> Mapping[Any, Any]:
        """Call it, and write down what it left."""
        assert isinstance(self.recipe, OwnTraining)
        [figure] = self.recipe.metrics
        called, printed = called_before(self.path, self._key), None
        if called is None:
            called, printed = self._call(recording, listen)
        outcome = read(self.command, self.path, printed, figure.higher_is_better)
        recording.took, recording.peak_memory_mb = called.seconds, called.peak_memory_mb
        recording.execution |= {"exit_code": 0, "attempts": called.attempts}
        _write_rows(outcome, recording, self.metric)
        return {self.metric: outcome.figure}

    @property
    def _key(self) -> str:
        """What makes two calls the same, whatever is read of them."""
        content = {**self.recipe.content, "seed": self.seed, "threads": self.settings.threads}
        content["recipe"] = {name: value for name, value in content["recipe"].items() if name != "metric"}
        return hashlib.sha256(files.dumps(content).encode()).hexdigest()

    def _call(self, recording: Recording, listen: Listener) -> tuple[Called, list[Row]]:
        watch = _Watch(self.metric, recording, listen)
        return call(
            self.command,
            self.recipe.content["recipe"]["fields"],
            self.seed,
            self.path,
            key=self._key,
            threads=self.settings.threads or 1,
            hear=watch.hear,
            tick=watch.tick,
        )


class _Watch:
    """Signs of life of a command while it runs.

    Args:
        metric: the figure that is heard of.
        recording: its run folder.
        listen: told what is heard.
    """

    def __init__(self, metric: str, recording: Recording, listen: Listener) -> None:
        self.metric, self.recording, self.listen = metric, recording, listen
        self.seen, self.figures = 0, dict[str, float]()
        self.next_beat, self.next_word = time.monotonic() + HEARTBEAT_SECONDS, 0.0

    def hear(self, value: float) -> None:
        """Take in a figure that was printed."""
        self.seen, self.figures = self.seen + 1, {self.metric: value}

    def tick(self) -> None:
        """Say now and then that it runs."""
        now = time.monotonic()
        if now >= self.next_word:
            self.next_word = now + TELL_SECONDS
            self.listen(Progress(self.seen, 0, self.seen, 0, self.figures))
        if now >= self.next_beat:
            self.next_beat = now + HEARTBEAT_SECONDS
            self.recording.heartbeat("running")


def _write_rows(outcome: Outcome, recording: Recording, metric: str) -> None:
    """Write rows for curves: of very many every second, third, …, and always the one whose figure counts."""
    apart = max(1, math.ceil(len(outcome.rows) / MOST_ROWS))
    last = len(outcome.rows) - 1
    columns = dict.fromkeys([metric, *(name for row in outcome.rows for name in row)])
    kept = [*columns][:MOST_COLUMNS]
    for place, row in enumerate(outcome.rows):
        if place % apart == 0 or place in (outcome.row, last):
            step = row.get("step")
            finite = step is not None and math.isfinite(step)
            recording.row({name: row.get(name) for name in kept}, int(step or 0) if finite else place + 1)
            if place == outcome.row:
                recording.best = recording.rows


def _described(command: Command, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What decides a command's outcome beside its seed and its files, and how its figure is read."""
    return {"command": command.template, "shell": command.shell, "metric": command.metric, "fields": {**fields}}


def name_of(command: Command) -> str:
    """What people call a command: the first file that it names, else its program."""
    named = command.files({})
    return Path(named[0] if named else command.line.words[0].split()[0]).stem

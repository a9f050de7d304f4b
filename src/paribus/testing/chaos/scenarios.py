"""What chaos runs: the smallest trainings and studies there are, and what they leave when nothing disturbs them."""

from __future__ import annotations

import random
import shutil
import signal
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from paribus.testing.chaos import commands
from paribus.testing.chaos.commands import Command, Ended
from paribus.testing.chaos.judge import Outcome, outcome
from paribus.testing.chaos.watching import Trap

Stage = Literal["fresh", "interrupted", "finished"]
LIMIT = 90.0  # seconds after which a command hangs; undisturbed ones take a second or two

FP32 = "training.precision=fp32"
SMALL = ("budget.epochs=4", "split.limit=300", "training.batch_size=150", "model.widths=[16]", FP32)
ONE = ("--threads", "1", "--device", "cpu")
MLP = ("digits/mlp", *SMALL)
PICTURES = ("folder/cnn", "data.path=pictures", "data.size=8", "model.widths=[4]")
SHORTLY = ("budget.epochs=3", "training.batch_size=8", FP32)
ARMS = ("--vary", "optimizer.lr=0.05,0.1", "--seeds", "2", "--device", "cpu")


@dataclass(frozen=True)
class Scenario:
    """Commands of a user.

    Args:
        words: the command that is disturbed and repeated.
        before: commands that were finished in peace before.
        beside: another command that works on the same runs at the same time; by default the same once more.
        pictures: whether it reads a folder of pictures.
    """

    words: tuple[str, ...]
    before: tuple[tuple[str, ...], ...] = ()
    beside: tuple[str, ...] = ()
    pictures: bool = False

    @property
    def folder(self) -> str:
        """The folder below the runs in which the disturbed command works."""
        name = self.words[1].replace("/", "-")
        return f"{name}--optimizer.lr" if self.words[0] == "study" else name


SCENARIOS = {
    "run": Scenario(("run", *MLP, *ONE), beside=("study", *MLP, *ARMS, "--jobs", "2")),
    "pictures": Scenario(("run", *PICTURES, *SHORTLY, *ONE), pictures=True),
    "study": Scenario(("study", *MLP, *ARMS, "--jobs", "2"), beside=("run", *MLP, *ONE)),
    "in process": Scenario(("study", *MLP, *ARMS, "--jobs", "1")),
    "twin": Scenario(
        ("study", *MLP, *ARMS, "--jobs", "2"), before=(("run", *MLP, *ONE), ("run", *MLP, *ONE, "--seed", "1"))
    ),
    "copied": Scenario(("run", *MLP, *ONE), before=(("study", *MLP, *ARMS, "--jobs", "2"),)),
    "report": Scenario(("report", "digits-mlp--optimizer.lr"), before=(("study", *MLP, *ARMS, "--jobs", "2"),)),
    "gan": Scenario(("run", "digits/gan", "split.limit=200", "model.widths=[4,8]", "budget.epochs=2", FP32, *ONE)),
    "lstm": Scenario(("run", "seasons/lstm", "split.limit=200", "model.width=4", "budget.epochs=2", *ONE)),
}
OFTEN = {"gan": 1, "lstm": 1}  # of others three times as often: these are slow
READ_ONLY = {"report"}  # cannot mend what is damaged


@dataclass
class Reference:
    """What an undisturbed command does.

    Args:
        outcome: what it makes.
        trail: how often it does which file operation.
        seconds: how long it takes.
    """

    outcome: Outcome
    trail: Counter[str]
    seconds: float


@dataclass
class Workshop:
    """A folder in which the commands of one round after another are run, always in the same place.

    Args:
        root: everything is below it.
    """

    root: Path
    references: dict[str, Reference] = field(default_factory=dict)
    warm: bool = False

    @property
    def place(self) -> Path:
        """The user's current folder."""
        return self.root / "place"

    def start(self, words: Sequence[str], name: str = "said", **how: Any) -> Command:
        """Start ``paribus`` in the place."""
        return commands.start(words, self.place, self.root / name, first=hurry, **how)

    def run(self, words: Sequence[str], **how: Any) -> Ended:
        """Run ``paribus`` in the place to its end, and to that of all its processes."""
        command = self.start(words, **how)
        ended = command.end(LIMIT)
        command.settle(LIMIT)
        return ended

    def lay_out(self, scenario: str, stage: Stage) -> Reference:
        """Put the place into a stage of a scenario, made at its first use."""
        if scenario not in self.references:
            self.references[scenario] = self._prepare(scenario)
        self._restore(self._kept(scenario, stage))
        return self.references[scenario]

    def forget(self, scenario: str) -> None:
        """Take back what a finished command did, but for the decoded data."""
        shutil.rmtree(self.place / "runs")
        if (runs := self._kept(scenario, "fresh") / "runs").exists():
            shutil.copytree(runs, self.place / "runs", symlinks=True)

    def _prepare(self, name: str) -> Reference:
        scenario = SCENARIOS[name]
        shutil.rmtree(self.place, ignore_errors=True)
        (self.place / "tmp").mkdir(parents=True)
        if scenario.pictures:
            write_pictures(self.place / "pictures")
        for words in scenario.before:
            self._peacefully(words)
        for page in self.place.glob("runs/*/report.*"):
            page.unlink()  # so that each command has something to do
        self._keep(name, "fresh")
        there = outcome(self.place)
        if not self.warm:  # what the first command imports is here for the next ones
            self._peacefully(scenario.words, loaded=self.root / "modules.json")
            commands.load_modules(self.root / "modules.json")
            self.warm = True
            self._restore(self._kept(name, "fresh"))
        trail = self.root / "trail"
        trail.unlink(missing_ok=True)
        ended = self._peacefully(scenario.words, trail=trail)
        self._keep(name, "finished")
        made = {key: content for key, content in outcome(self.place).items() if content != there.get(key)}
        reference = Reference(made, Counter(trail.read_text().splitlines()), ended.seconds)
        self._interrupt(name, reference)
        return reference

    def _interrupt(self, name: str, reference: Reference) -> None:
        """Make the stage in which training was stopped in its middle, where it has one."""
        saved = [label for label in reference.trail if "/checkpoints/" in label and label.startswith("rename")]
        self._restore(self._kept(name, "fresh"))
        if saved:
            middle = max(1, reference.trail[saved[0]] // 2)
            self.run(SCENARIOS[name].words, trap=Trap(saved[0], middle, signal.SIGTERM, "main"))
        self._keep(name, "interrupted")

    def _peacefully(self, words: Sequence[str], **how: Any) -> Ended:
        ended = self.run(words, **how)
        if ended.code != 0:
            raise RuntimeError(f"undisturbed, paribus {' '.join(words)} ended with {ended.code}:\n{ended.said}")
        return ended

    def _kept(self, scenario: str, stage: Stage) -> Path:
        return self.root / "stages" / scenario / stage

    def _keep(self, scenario: str, stage: Stage) -> None:
        shutil.copytree(self.place, self._kept(scenario, stage), symlinks=True)

    def _restore(self, stage: Path) -> None:
        shutil.rmtree(self.place, ignore_errors=True)
        shutil.copytree(stage, self.place, symlinks=True)


def write_pictures(folder: Path) -> None:
    """24 pictures of two classes that a small network can tell apart."""
    from PIL import Image

    draw = random.Random(0)
    for label, low in (("bright", 150), ("dark", 0)):
        (folder / label).mkdir(parents=True)
        for number in range(12):
            pixels = bytes(draw.randrange(low, low + 100) for _ in range(8 * 8 * 3))
            Image.frombytes("RGB", (8, 8), pixels).save(folder / label / f"{number}.png")


def hurry() -> None:
    """In the process of a command: a checkpoint at every step, as trainings here take no second."""
    from paribus.training import monitor

    def begin(self: monitor.Monitor, *arguments: Any, **named: Any) -> None:
        usual(self, *arguments, **named)
        self.settings = replace(self.settings, checkpoint_seconds=0.0)

    usual = monitor.Monitor.__init__
    monitor.Monitor.__init__ = begin  # type: ignore[method-assign]
    monitor.TICK_SECONDS = 0.0

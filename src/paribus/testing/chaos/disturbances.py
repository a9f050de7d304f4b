"""What goes wrong: for every case a function that lays a place out, disturbs a command, and says what it did.

All that is drawn comes from the round's own numbers, so that a round can be repeated.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paribus import files
from paribus.testing.chaos import damage
from paribus.testing.chaos.commands import STREAMS, Command, Ended
from paribus.testing.chaos.scenarios import LIMIT, SCENARIOS, Reference, Stage, Workshop
from paribus.testing.chaos.watching import Target, Trap

KILLS = (signal.SIGKILL,)
STOPS = (signal.SIGTERM, signal.SIGINT)
TARGETS: tuple[Target, ...] = ("main", "self", "group")
PHASES = {  # what a file operation belongs to, by a part of its label
    "pictures": "reading",
    "cache/": "decoding",
    " tmp/": "starting",
    "copyfile": "copying",
    "checkpoints": "checkpointing",
    "result.json": "writing the result",
    "weights": "writing the result",
    "final": "writing the result",
    "report": "reporting",
    "figures": "reporting",
    "analysis": "reporting",
    "index": "listing",
    "study.json": "planning",
}


@dataclass
class Round:
    """What a case works with.

    Args:
        shop: where commands are run.
        scenario: the name of what is run.
        draw: where all chance comes from.
        disturbed: how the commands ended; the one that is repeated comes last.
        reference: what an undisturbed command does.
        phase: what the command was doing when it was disturbed.
        orphans: commands of which some processes may still be there.
        damaged: whether something was damaged after they had ended.
        outlived: whether such processes did not end by themselves.
    """

    shop: Workshop
    scenario: str
    draw: random.Random
    disturbed: list[Ended] = field(default_factory=list)
    reference: Reference | None = None
    phase: str = "at rest"
    orphans: list[Command] = field(default_factory=list)
    damaged: bool = False
    outlived: bool = False

    @property
    def place(self) -> Path:
        """The user's current folder."""
        return self.shop.place

    @property
    def words(self) -> Sequence[str]:
        """The command."""
        return SCENARIOS[self.scenario].words

    def lay_out(self, *stages: Stage) -> Stage:
        """Put the place into one of these stages."""
        stage = self.draw.choice(stages)
        self.reference = self.shop.lay_out(self.scenario, stage)
        return stage

    def trap(self, numbers: Sequence[signal.Signals], targets: Sequence[Target] = TARGETS) -> Trap:
        """A trap anywhere: rare operations as likely as frequent ones."""
        assert self.reference
        label = self.draw.choice(sorted(self.reference.trail))
        count = self.draw.randint(1, self.reference.trail[label])
        self.phase = phase_of(label)
        return Trap(label, count, self.draw.choice(numbers), self.draw.choice(targets))

    def run(self, *, patient: bool = True, **how: Any) -> None:
        """Run the command under a disturbance."""
        self.finish(self.shop.start(self.words, **how), patient)

    def finish(self, command: Command, patient: bool = True) -> None:
        """Wait for a disturbed command, and for its workers unless somebody is impatient."""
        self.disturbed.append(command.end(LIMIT))
        self.orphans.append(command)
        if patient:
            self.settle()

    def settle(self) -> None:
        """Wait until no process of a disturbed command is left."""
        while self.orphans:
            self.outlived |= not self.orphans.pop().settle(LIMIT)


def kill(one: Round) -> str:
    """SIGKILL before a file operation; whoever is impatient does not wait for the workers that it leaves."""
    stage = one.lay_out("fresh", "fresh", "interrupted")
    trap = one.trap(KILLS)
    impatient = one.draw.random() < 0.3
    one.run(trap=trap, patient=not impatient)
    return f"{stage}, {trap}{' (impatient)' * impatient}"


def stop(one: Round) -> str:
    """SIGTERM or SIGINT before a file operation."""
    stage = one.lay_out("fresh", "fresh", "interrupted")
    trap = one.trap(STOPS)
    one.run(trap=trap)
    return f"{stage}, {trap}"


def moment(one: Round) -> str:
    """Any signal at any time; sometimes to a command that was started from nothing."""
    stage = one.lay_out("fresh", "interrupted")
    assert one.reference
    cold = one.draw.random() < 0.25
    seconds = one.draw.uniform(0, 1.1 * one.reference.seconds + 4 * cold)
    numbers = [*KILLS, signal.SIGTERM, signal.SIGHUP]
    if not cold:  # while Python itself starts, its answer to Ctrl-C is a traceback
        numbers.append(signal.SIGINT)
    number, target = one.draw.choice(numbers), one.draw.choice(TARGETS)
    command = one.shop.start(one.words, cold=cold)
    command.wait(seconds)
    one.phase = phase_of(command.board.phase)
    command.send(number, target)
    one.finish(command)
    return f"{stage}, {number.name} to {target} after {seconds:.2f} s{' (cold)' * cold}"


def series(one: Round) -> str:
    """One kill after another, each while the damage of the one before is mended."""
    one.lay_out("fresh")
    traps = [one.trap([*KILLS, *STOPS]) for _ in range(3)]
    for trap in traps:
        one.run(trap=trap)
    return " then ".join(map(str, traps))


def damaged(one: Round) -> str:
    """Damage to any file of runs and studies."""
    stage = one.lay_out("interrupted", "finished")
    return f"{stage}, {_damage(one, one.place / 'runs')}"


def cache(one: Round) -> str:
    """Damage to any file of the decoded data."""
    stage = one.lay_out("interrupted", "finished")
    if stage == "finished":
        one.shop.forget(one.scenario)  # so that what is read is used
    kinds = [name for name in damage.DAMAGES if name != "neighbour"]  # this folder is written under another name
    return f"{stage}, {_damage(one, one.place / 'cache', kinds)}"


def killed_and_damaged(one: Round) -> str:
    """A kill, and damage to what it left."""
    one.lay_out("fresh")
    trap = one.trap(KILLS)
    one.run(trap=trap)
    return f"{trap}; {_damage(one, one.place / 'runs')}"


def disk(one: Round) -> str:
    """No file can become larger than so much, as on a full disk."""
    stage = one.lay_out("fresh", "interrupted")
    largest = int(10 ** one.draw.uniform(0, 5.3)) - 1
    one.run(largest=largest)
    return f"{stage}, files of {largest} bytes at most"


def streams(one: Round) -> str:
    """Output that is closed, full, or read by somebody who goes."""
    stage = one.lay_out("fresh", "interrupted", "finished")
    kind = one.draw.choice(STREAMS)
    cold = one.draw.random() < 0.25
    one.run(streams=kind, cold=cold)
    return f"{stage}, streams: {kind}{' (cold)' * cold}"


def twice(one: Round) -> str:
    """Two commands on the same runs at once; sometimes one of them is killed."""
    one.lay_out("fresh", "interrupted")
    beside = SCENARIOS[one.scenario].beside or one.words
    trap = one.trap([*KILLS, *STOPS]) if one.draw.random() < 0.5 else None
    first = one.shop.start(one.words, trap=trap)
    time.sleep(one.draw.uniform(0, 0.3))
    second = one.shop.start(beside, name="beside")
    one.finish(second)
    one.finish(first)
    return f"beside {beside[0]}" + (f", {trap}" if trap else "")


def locked(one: Round) -> str:
    """Somebody else holds a lock, and lets it go while the command waits for it or after it has ended."""
    one.lay_out("fresh", "interrupted")
    known = sorted(path.relative_to(one.place) for path in _locks(one.shop, one.scenario))
    lock = one.place / one.draw.choice(known)
    lock.parent.mkdir(parents=True, exist_ok=True)
    holder = _hold(lock)
    try:
        command = one.shop.start(one.words)
        command.wait(one.draw.uniform(0.5, 1.5))
    finally:
        os.kill(holder, signal.SIGKILL)
        os.waitpid(holder, 0)
    one.finish(command)
    return f"another process held {lock.relative_to(one.place)}"


def pid(one: Round) -> str:
    """A status that says running, of a process number that somebody else has now, or of another machine."""
    stage = one.lay_out("interrupted", "finished")
    found = sorted(one.place.glob("runs/**/status.json"))
    if not found:
        return "left out: no run was begun"
    path = one.draw.choice(found)
    now = time.time()
    change = {
        "state": "running",
        "pid": one.draw.choice([os.getpid(), 1, 0, -1, 2**31 - 1]),
        "heartbeat": one.draw.choice([now, now - 1e6, now + 1e6, 0.0]),
        **({"host": "elsewhere"} if one.draw.random() < 0.3 else {}),
    }
    files.write_json(path, {**files.read_json(path), **change})
    told = ", ".join(f"{key} {value}" for key, value in change.items())
    return f"{stage}, {path.relative_to(one.place)} says {told}"


CASES: dict[str, Callable[[Round], str]] = {
    "kill": kill,
    "stop": stop,
    "moment": moment,
    "series": series,
    "damage": damaged,
    "cache": cache,
    "kill+damage": killed_and_damaged,
    "disk": disk,
    "streams": streams,
    "twice": twice,
    "lock": locked,
    "pid": pid,
}


SIGNALS = {"kill", "stop", "moment", "series", "kill+damage", "twice"}  # of which a command may die
MENDING = {"damage", "cache", "kill+damage", "pid"}  # after which the command itself must make things good


def phase_of(label: str) -> str:
    """What a command was doing when this was its last file operation."""
    return next((phase for part, phase in PHASES.items() if part in label), "training" if label else "starting")


def _damage(one: Round, root: Path, kinds: Sequence[str] = tuple(damage.DAMAGES)) -> str:
    """Damage one file below ``root``, drawn so that rare kinds of files are as likely as frequent ones."""
    one.damaged = True
    found = damage.files_below(root)
    if not found:
        return "no file to damage"
    name = one.draw.choice(sorted({path.name for path in found}))
    path = one.draw.choice([path for path in found if path.name == name])
    kind = one.draw.choice(sorted(kinds))
    damage.DAMAGES[kind](path, one.draw)
    return f"{kind}: {path.relative_to(one.place)}"


def _locks(shop: Workshop, scenario: str) -> list[Path]:
    """The lock files of a command, as it leaves them behind when it is finished."""
    finished = shop.root / "stages" / scenario / "finished"
    locks = [path for path in finished.rglob("*") if path.name == "lock" or path.suffix == ".lock"]
    return [shop.place / path.relative_to(finished) for path in locks]


def _hold(lock: Path) -> int:
    """A process that holds this lock until it is killed."""
    from filelock import FileLock

    ready, told = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            FileLock(lock).acquire()
            os.write(told, b".")
            while True:
                signal.pause()
        finally:
            os._exit(1)
    os.close(told)
    os.read(ready, 1)
    os.close(ready)
    return pid

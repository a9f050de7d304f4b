"""Run by tests as a script: work in forked processes that are killed at random moments; prints a report as JSON.

killed.py save FOLDER           checkpoints in a tight loop; each survivor is examined
killed.py train RECIPE FOLDER   a training with frequent checkpoints, until it is finished
"""

import json
import os
import random
import re
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from paribus.files import TEMPORARY
from paribus.models.weights import hash_of
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.training import checkpoints, loop, monitor
from paribus.training.execution import Settings

LAST_SECOND = 60


def main(mode: str, *arguments: str) -> None:
    random.seed(1)
    report = {"save": saving, "train": training}[mode](*map(Path, arguments))
    print(json.dumps(report))


def killed_after(seconds: float, work: Callable[[], Any], enough: Callable[[], bool] = lambda: False) -> bool:
    """Do the work in a forked process, for so long or until it is enough; whether it had to be killed."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            os._exit(1)
    until = time.monotonic() + seconds
    while time.monotonic() < until and not enough():
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            assert status == 0, f"exit status {status}"
            return False
        time.sleep(0.001)
    time.sleep(random.uniform(0, 0.005))  # anywhere in a step
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return True


def saving(folder: Path) -> dict[str, Any]:
    """30 processes that save without a pause."""
    report = {"kills": 0, "loaded": 0, "leftovers": 0, "untidy": 0, "orphans": 0}
    tree = {"weights": torch.zeros(300_000), "step": 0}

    def save_for_ever(first: int) -> None:
        for step in range(first, first + 100_000):
            tree["weights"].fill_(step)
            checkpoints.save(folder, step, {**tree, "step": step})

    checkpoints.save(folder, 0, tree)
    first = 1
    for _ in range(30):
        report["kills"] += killed_after(random.uniform(0.03, 0.15), lambda first=first: save_for_ever(first))
        report["leftovers"] += len(list(folder.glob(TEMPORARY + "*")))
        report["orphans"] += sum(not path.with_suffix(".json").exists() for path in folder.glob("step-*.safetensors"))
        found, problems = checkpoints.newest(folder)
        assert not problems, problems
        if found is not None:
            assert hash_of({"": found["weights"]}) == hash_of({"": torch.full((300_000,), float(found["step"]))})
            report["loaded"] += 1
            first = found["step"] + 1
        checkpoints.tidy(folder)
        names = {path.name for path in folder.iterdir()}
        pairs = {path.stem for path in folder.iterdir()}
        report["untidy"] += len(names) != 2 * len(pairs) or any(name.startswith(TEMPORARY) for name in names)
    report["steps"] = first
    return report


def training(recipe: Path, folder: Path) -> dict[str, Any]:
    """One training, killed until it is finished."""
    monitor.TICK_SECONDS = 0.0
    monitor.HEARTBEAT_SECONDS = 0.0
    chosen, run = Recipe.read(json.loads(recipe.read_text())), RunFolder(folder)
    report = {"kills": 0, "resumed": 0, "states": []}
    settings = Settings("cpu", 1, checkpoint_seconds=0)
    rehearsal = chosen.override({"budget.epochs": 1})  # so that the processes start with all that torch loads late
    loop.train(RunFolder(folder.with_name("rehearsal")), rehearsal, 0, settings)
    while run.result is None and time.monotonic() < start + LAST_SECOND:
        goal = newest(run) + random.randint(5, 25)  # steps, so that a busy machine is given the time it needs
        report["kills"] += killed_after(
            LAST_SECOND, lambda: loop.train(run, chosen, 0, settings), lambda goal=goal: newest(run) >= goal
        )
        report["states"].append(run.status.state)
    report["resumed"] = run.status.resumed
    return report


def newest(run: RunFolder) -> int:
    """The step of the newest checkpoint."""
    try:
        kept = [path for path in run.checkpoints.iterdir() if re.fullmatch(r"step-\d+\.json", path.name)]
    except FileNotFoundError:  # not yet there, or swept away this moment by a run that has ended
        return 0
    return max((int(path.stem.split("-")[1]) for path in kept), default=0)


if __name__ == "__main__":
    start = time.monotonic()
    torch.set_num_threads(1)
    main(*sys.argv[1:])

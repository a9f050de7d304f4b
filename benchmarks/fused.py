"""Many seeds trained together: against the same runs in turn and in the pool, and how time grows with their number.

``python -m benchmarks.fused [--device cuda] [--picture FILE.svg]`` measures how a step grows from 1 to 64 runs and
draws it. On a GPU nobody has run this yet.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks.table import Row, ratios
from paribus.data.prepare.prepared import forget, prepare, share
from paribus.processes import peak_memory_mb
from paribus.records.recipe import Recipe
from paribus.records.time import Time
from paribus.studies.executors.fused import FusedPool
from paribus.studies.executors.inprocess import InProcess
from paribus.studies.executors.job import Executor, Job
from paribus.studies.executors.pool import LocalPool
from paribus.training.execution import Settings
from paribus.training.fused.step import Fused
from paribus.training.loop import Due, Loaders
from paribus.training.session import Session
from paribus.training.step import step

SEEDS = 8
EPOCHS = {"digits/mlp": 20, "digits/cnn": 10}
COUNTS = (1, 2, 4, 8, 16, 32, 64)
BEST_OF = 5  # steps of which the quickest counts


def rows(repeats: int, device: str = "cpu") -> list[Row]:
    """Eight seeds of two recipes; and one step of 8 and 64 runs against as many steps in turn."""
    found: list[Row] = []
    for name, epochs in EPOCHS.items():
        recipe = Recipe.load(name, {"budget.epochs": epochs})
        ways: dict[str, Callable[[], Executor]] = {
            "in turn": InProcess,
            "in the pool": lambda: LocalPool(None, device),
            "measured first": lambda: FusedPool(None, device),
        }
        always = lambda: FusedPool(None, device, measured=False)  # noqa: E731
        for way, other in ways.items():
            values = ratios(lambda: study(recipe, other, device), lambda: study(recipe, always, device), repeats)  # noqa: B023
            found.append(Row(f"{SEEDS} runs of {name}, {way} / always together", values, "≥ 1"))
        for count in (8, 64):
            values = [alone / together for alone, together in (steps(name, count, device) for _ in range(repeats))]
            found.append(Row(f"{count} steps of {name} in turn / one of all, one process", values, "≥ 1"))
    return found


def study(recipe: Recipe, executor: Callable[[], Executor], device: str) -> float:
    """Seconds of eight runs that differ in their seed."""
    with tempfile.TemporaryDirectory() as root:
        settings = Settings(device, 1)
        jobs = [Job("arm", seed, recipe, Path(root) / str(seed), settings) for seed in range(SEEDS)]
        began = time.perf_counter()
        executor().run(jobs, lambda event: None)
        seconds = time.perf_counter() - began
        assert all(job.folder.result for job in jobs)
    return seconds


def steps(name: str, count: int, device: str) -> tuple[float, float]:
    """Seconds of a step of so many runs in turn, and together."""
    dues = begun(name, count, device)
    alone = sum(_quickest(lambda due=due: step(due.session, due.batch, due.time), device) for due in dues)  # type: ignore[misc]
    fused = Fused([due.session for due in dues])
    return alone, _quickest(lambda: fused.step(dues), device)


def begun(name: str, count: int, device: str) -> list[Due]:
    """The first step of so many runs."""
    recipe, found = Recipe.load(name), []
    share(recipe.data)
    for seed in range(count):
        seeds = recipe.seeds(seed)
        prepared = prepare(recipe, seeds)
        session = Session(recipe, prepared, seeds, Settings(device, 1))
        loaders = Loaders.of(recipe, prepared, session.execution.device)
        session.begin_epoch()
        session.stopwatch.pause()
        found.append(Due(session, next(loaders.train.shuffled(seeds, 0)), Time(0, 1000, len(loaders.train))))
    forget()
    return found


def memory(name: str, device: str) -> float:
    """MB that each further run takes: the step of 64 against that of 8, everything of the runs included."""
    peaks = []
    for count in (8, 64):
        dues = begun(name, count, device)
        fused = Fused([due.session for due in dues])
        for _ in range(3):
            fused.step(dues)
        peaks.append(torch.cuda.max_memory_allocated() / 1e6 if device.startswith("cuda") else peak_memory_mb())
    return (peaks[1] - peaks[0]) / (64 - 8)


def growth(name: str, device: str) -> list[dict[str, Any]]:
    """How long a step is by the number of runs, in turn and together."""
    found = []
    for count in COUNTS:
        alone, together = steps(name, count, device)
        for arm, seconds in (("in turn", alone), ("together", together)):
            found.append({"recipe": name, "runs": count, "arm": arm, "milliseconds": 1000 * seconds})
    return found


def _quickest(run: Callable[[], Any], device: str) -> float:
    seconds, on_gpu = [], device.startswith("cuda")
    clock = time.perf_counter if on_gpu else time.process_time  # of one thread: neighbours do not count
    for _ in range(BEST_OF + 1):
        began = clock()
        run()
        if on_gpu:
            torch.cuda.synchronize()
        seconds.append(clock() - began)
    return min(seconds[1:])


def picture(found: Sequence[dict[str, Any]], path: Path) -> None:
    """Draw the growth, a panel for each recipe."""
    from paribus.plots import theme
    from paribus.plots.grammar import colours, finish, layer, number

    panels = []
    for name in dict.fromkeys(row["recipe"] for row in found):
        known = [row for row in found if row["recipe"] == name]
        x = number("runs", (1, 64), "runs", values=list(COUNTS), grid=False)
        y = number("milliseconds", None, "milliseconds for a step of all")
        for axis in (x, y):
            axis["scale"] = {"type": "log", "nice": False}
        colour = colours(("in turn", "together"), theme.ARMS)
        line = layer({"type": "line", "point": True, "strokeWidth": 2}, known, x=x, y=y, color=colour)
        panels.append({"title": name, "width": 260, "height": 220, **line})
    chart = finish({"hconcat": panels}, "A step of many runs", "Both axes are logarithmic. One thread.")
    chart.save(path, overwrite=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.fused", description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--picture", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    found = []
    for name in EPOCHS:
        print(f"{name}: {memory(name, arguments.device):.2f} MB for each further run", flush=True)
        found += growth(name, arguments.device)
        for count in COUNTS:
            alone, together = (row["milliseconds"] for row in found if (row["recipe"], row["runs"]) == (name, count))
            print(f"{name}, {count} runs: {alone:.2f} ms in turn, {together:.2f} together: {alone / together:.2f}")
    if arguments.picture:
        picture(found, arguments.picture)


if __name__ == "__main__":
    main()

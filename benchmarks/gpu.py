"""``python -m benchmarks.gpu``: all figures of a card in one go, as one Markdown table with its name and the versions.

It needs no network and no file beside the sources: pictures of CIFAR-10's shape are made up, for speed does not depend
on what they show. Where the real set is at hand (``PARIBUS_DATA``), what ``cifar10/fast94`` reaches is measured, too.
What fails is said in its row, and the others are measured; what there is no time left for is said as well. The
hand-written loops are in :mod:`benchmarks.gpu_loops`. ``--device cpu --tiny`` tries all of it within a minute.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import mean
from typing import Any

import torch

from benchmarks import gpu_loops, sources
from benchmarks.table import HEAD, Row
from paribus.chance import Seeds
from paribus.data.prepare.prepared import prepare
from paribus.errors import ParibusError
from paribus.records.environment import environment
from paribus.records.recipe import Recipe
from paribus.run import Run
from paribus.studies.executors import EXECUTORS
from paribus.study import Study
from paribus.training import compiling
from paribus.training.monitor import no_listener


@dataclass(frozen=True)
class Scale:
    """How much is measured.

    Args:
        device: where.
        precision: number format of both sides.
        examples: made-up pictures.
        epochs: of one training.
        fast_epochs: of ``fast94``.
        batch: of ``fast94``.
        widths: of ``fast94``.
        seeds: that are trained at once.
        runs: of the study.
        repeats: of each figure.
        limit: on the real pictures; by default all are taken.
        large: the largest network.
        backend: of the compiler.
    """

    device: str
    precision: str = "bf16"
    examples: int = 50_000
    epochs: int = 3
    fast_epochs: int = 8
    batch: int = 1024
    widths: tuple[int, ...] = (64, 256, 256)
    seeds: int = 8
    runs: int = 64
    repeats: int = 3
    limit: int | None = None
    large: str = "resnet20"
    backend: str = "inductor"


@dataclass(frozen=True)
class Said:
    """A row without a figure, and why."""

    name: str
    reach: str
    words: str

    def text(self) -> str:
        """As a row of a Markdown table."""
        return f"| {self.name} | {self.reach} | {self.words} | – | 0 |"


Rows = Iterator[Row | Said]


def against_raw(scale: Scale) -> Rows:
    """The loop by hand against one run, of three networks."""
    for name, model in {
        "MLP": {"use": "mlp", "widths": [256, 128]},
        "CNN": {"use": "cnn", "widths": [32, 64, 128], "norm": "batch"},
        "ResNet-20": {"use": scale.large},
    }.items():
        recipe = made_up(scale, model)
        loop = partial(gpu_loops.usual, recipe, scale.device, scale.precision)
        found = alternating(loop, partial(run_seconds, recipe, scale), scale.repeats)
        yield Row(f"raw loop / one run, {name}", [hand / ours for hand, ours in found], "≥ 0.95")


def compiled(scale: Scale) -> Rows:
    """What compiling saves in the steps of a ResNet-20, and costs before them."""
    recipe = made_up(scale, {"use": scale.large})
    compiling.BACKEND = scale.backend
    found = alternating(
        lambda: run_seconds(recipe, scale, compile="off"), lambda: run_seconds(recipe, scale, compile="on"), 1
    )
    yield Row("one run of a few epochs, as it is / compiled, its compiling counted", [a / b for a, b in found], "–")


def fast(scale: Scale) -> Rows:
    """``cifar10/fast94`` against a hand-written loop of the same network, in steps a second."""
    recipe = fast94(scale)
    loop = partial(gpu_loops.quick, recipe, scale.device, scale.precision)
    found = alternating(loop, partial(run_seconds, recipe, scale), scale.repeats)
    steps = scale.fast_epochs * -(-round(0.98 * scale.examples) // scale.batch)
    yield Row("fast94, steps by hand", [steps / hand for hand, _ in found], "–", " /s")
    yield Row("fast94, steps of one run", [steps / ours for _, ours in found], "–", " /s")
    yield Row("fast94, by hand / one run", [hand / ours for hand, ours in found], "≥ 0.83")


def accuracy(scale: Scale) -> Rows:
    """What ``cifar10/fast94`` reaches on the real pictures, where they are at hand."""
    name, reach = "cifar10/fast94 on the real pictures", "≥ 94 % of 50,000"
    sizes = {"model.widths": scale.widths, "budget.epochs": scale.fast_epochs, "split.limit": scale.limit}
    recipe = Recipe.load("cifar10/fast94", {**sizes, "training.batch_size": scale.batch})
    try:
        examples = len(prepare(recipe, Seeds(0)).rows["train"])
    except ParibusError as error:
        yield Said(name, reach, f"not at hand: {error.rule}")
        return
    if scale.limit is None and examples < 40_000:
        reach = "–"  # of a part of the pictures nobody knows what to expect
    found, seconds = [], []
    for seed in range(scale.repeats):
        with tempfile.TemporaryDirectory() as folder:
            run = Run(recipe, seed=seed, runs=folder)
            result = run.train(device=scale.device, signals=False, listen=no_listener)
            found.append(100 * (result.metrics["val/accuracy"] or 0.0))
            seconds.append(result.seconds)
    yield Row(f"{name}, {examples:,} of them", found, reach, " %")
    yield Row("the same, seconds of its steps", seconds, "–", " s")


def fused(scale: Scale) -> Rows:
    """Several seeds at once against one, and a study against its sequence."""
    for name, model in {"CNN": {"use": "cnn", "widths": [8, 16]}, "ResNet-20": {"use": scale.large}}.items():
        label, reach = f"{scale.seeds} seeds fused / one, {name}", "≤ 2"
        if "fused" not in EXECUTORS:
            yield Said(label, reach, "there is no fused executor")
            continue
        recipe = made_up(scale, model)
        found = [
            study_seconds(recipe, scale, scale.seeds, "fused", 1) / study_seconds(recipe, scale, 1, "inprocess", 1)
            for _ in range(scale.repeats)
        ]
        yield Row(label, found, reach)


def many(scale: Scale) -> Rows:
    """A study of many runs against its sequence, of which some runs are measured."""
    executor = "fused" if "fused" in EXECUTORS else "pool"
    recipe = made_up(scale, {"use": "cnn", "widths": [8, 16]})
    some = min(8, scale.runs)
    sequence = study_seconds(recipe, scale, some, "inprocess", 1) / some * scale.runs
    together = study_seconds(recipe, scale, scale.runs, executor, None)
    yield Row(f"sequence / {scale.runs} runs by the {executor} executor", [sequence / together], "≥ 8")


def started(scale: Scale) -> Rows:
    """From the command to the end of a training of one step, in a process of its own."""
    seconds = []
    changes = ["model.widths=[4]", "budget.steps=1", "budget.epochs=1", "split.limit=100"]
    for _ in range(scale.repeats):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "paribus", "run", "digits/mlp", *changes, "--runs", folder]
            began = time.perf_counter()
            subprocess.run([*command, "--device", scale.device], check=True, capture_output=True)
            seconds.append(time.perf_counter() - began)
    yield Row("a command that trains one step", seconds, "–", " s")


PARTS = (started, against_raw, fast, compiled, fused, many, accuracy)


def made_up(scale: Scale, model: dict[str, Any]) -> Recipe:
    """A recipe on pictures of CIFAR-10's shape."""
    batch = min(512, scale.examples // 4)
    changes = {"training.precision": scale.precision, "training.batch_size": batch}
    return sources.recipe(scale.examples, 3, 32, model, scale.epochs, {"split.val": 0.02, **changes})


def fast94(scale: Scale) -> Recipe:
    """The recipe on made-up pictures."""
    data = {"use": "noise", "count": scale.examples, "channels": 3, "size": 32}
    sizes = {"training.batch_size": scale.batch, "model.widths": scale.widths, "budget.epochs": scale.fast_epochs}
    changes = {"data": data, "split.val": 0.02, "split.test": 0.0, "training.precision": scale.precision, **sizes}
    return Recipe.load("cifar10/fast94", changes)


def run_seconds(recipe: Recipe, scale: Scale, **how: Any) -> float:
    """Seconds of one run from its first step to its result."""
    marks: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        run = Run(recipe, runs=folder)
        listen = partial(_first, marks)
        run.train(device=scale.device, threads=1 if scale.device == "cpu" else None, listen=listen, **how)
        return time.perf_counter() - marks[0]


def study_seconds(recipe: Recipe, scale: Scale, seeds: int, executor: str, jobs: int | None) -> float:
    """Seconds of a study with so many seeds of one arm, its report apart."""
    with tempfile.TemporaryDirectory() as folder:
        study = Study(recipe, seeds=seeds, runs=folder)
        began = time.perf_counter()
        how: dict[str, Any] = {"device": scale.device, "signals": False, "listen": lambda event: None}
        study.run(executor=executor, jobs=jobs, **how)
        return time.perf_counter() - began


def alternating(first: Callable[[], float], second: Callable[[], float], repeats: int) -> Sequence[tuple[float, float]]:
    """Seconds of both, one after the other; the first round warms up where there is more than one."""
    rounds = [(first(), second()) for _ in range(repeats + (repeats > 1))]
    return rounds[-repeats:]


def _first(marks: list[float], _: object) -> None:
    if not marks:
        marks.append(time.perf_counter())


def heading(device: str) -> str:
    """The card and the versions."""
    place = environment()
    card = torch.cuda.get_device_name() if device.startswith("cuda") else place["processor"]
    cuda = f", CUDA {torch.version.cuda}" if device.startswith("cuda") else ""
    return f"{card}, {place['cores']} cores, torch {torch.__version__}{cuda}, Python {sys.version.split()[0]}"


def measure(scale: Scale, seconds: float) -> int:
    """Print the table; returns how many parts failed."""
    print(f"{heading(scale.device)}\n\n{HEAD}", flush=True)
    until, failed, took = time.monotonic() + seconds, 0, [0.0]
    for part in PARTS:
        began = time.monotonic()
        if began + mean(took) > until:
            print(Said(part.__name__, "–", "left out: no time").text(), flush=True)
            continue
        try:
            for row in part(scale):
                print(row.text(), flush=True)
        except Exception as error:  # of one part: the others are worth having
            failed += 1
            words = str(error).partition("\n")[0].replace("|", "/")
            print(Said(part.__name__, "–", f"failed: {type(error).__name__}: {words}").text(), flush=True)
        took.append(time.monotonic() - began)
    return failed


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.gpu", description=__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--tiny", action="store_true", help="as little as shows that all of it works")
    parser.add_argument("--minutes", type=float, default=7.5, help="no further part is begun after them")
    arguments = parser.parse_args(words)
    if arguments.device.startswith("cuda") and not torch.cuda.is_available():
        parser.error("there is no CUDA device; --device cpu --tiny tries it without one")
    scale = Scale(arguments.device)
    if arguments.tiny:
        small: dict[str, Any] = {"examples": 1000, "epochs": 1, "fast_epochs": 1, "batch": 245, "widths": (4, 8, 8)}
        small |= {"limit": 500, "seeds": 2, "runs": 2, "repeats": 1, "large": "lenet", "backend": "eager"}
        scale = Scale(arguments.device, "fp32", **small)
    return measure(scale, 60 * arguments.minutes)


if __name__ == "__main__":
    raise SystemExit(main())

"""What is left of the speed when neighbours take cores, as they do on shared and virtual machines.

Every figure is taken from processes of their own, for OpenMP reads its settings once; they live as long as the
benchmark and work in turn, so that a noisy minute hits all of them. ``raw`` is the loop by hand with torch as it comes.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from statistics import median

from benchmarks.table import Row
from paribus import threads
from paribus.records.environment import cores

MODELS = ("mlp", "cnn", "lstm", "unet")


class Child:
    """A process that trains when it is asked to.

    Args:
        how: ``run``, ``raw`` or ``study``.
        model: one of :data:`MODELS`.
        count: its threads.
    """

    def __init__(self, how: str, model: str, count: int) -> None:
        kept = {name: value for name, value in os.environ.items() if name not in threads.CHOSEN}
        before = "import torch; " if how == "raw" else ""  # then torch never hears of paribus's settings
        code = f"{before}from benchmarks.busy import serve; serve({how!r}, {model!r}, {count})"
        command = [sys.executable, "-c", code]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=kept)
        self.speed()  # warm up

    def speed(self) -> float:
        """Trainings per second."""
        print("go", file=self.process.stdin, flush=True)
        return 1 / float(self.process.stdout.readline())  # type: ignore[union-attr]

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()


def rows(repeats: int) -> Iterator[Row]:
    """The worst of twice as many rounds against one thread, and the throughput beside one and two busy processes."""
    for model in MODELS:
        yield from steadiness(model, 2 * repeats)
    for how, model in (("run", "mlp"), ("raw", "mlp"), ("run", "cnn"), ("raw", "cnn"), ("study", "mlp")):
        yield from beside_neighbours(how, model, repeats)


def steadiness(model: str, rounds: int) -> Iterator[Row]:
    """Every round with all threads against the best with one; the row's range begins with the worst."""
    with Child("run", model, 1) as one, Child("run", model, cores()) as several, Child("raw", model, cores()) as raw:
        found = [(one.speed(), several.speed(), raw.speed()) for _ in range(rounds)]
    singles, manys, raws = zip(*found, strict=True)
    best = max(singles)
    yield Row(f"run with all threads / best of one thread, {model}", [each / best for each in manys], "worst ≥ 0.6")
    yield Row(f"raw loop with all threads / the same, {model}", [each / best for each in raws], "–")


def beside_neighbours(how: str, model: str, rounds: int) -> Iterator[Row]:
    """Throughput beside busy processes over that of a quiet moment, as a part of the fair share of the cores."""
    with Child(how, model, 1 if how == "study" else cores()) as child:
        for count in (1, 2):
            quiet, disturbed = [], []
            for _ in range(rounds):
                quiet.append(child.speed())
                with neighbours(count):
                    disturbed.append(child.speed())
            share = cores() / (cores() + count) * median(quiet)
            name = f"{how} beside {count} busy process{'es' * (count > 1)} / fair share, {model}"
            yield Row(name, [each / share for each in disturbed], "–" if how == "raw" else "≥ 0.5")


@contextmanager
def neighbours(count: int) -> Iterator[None]:
    """Processes that never rest, for ten minutes at most."""
    work = "import time\nuntil = time.time() + 600\nwhile time.time() < until: pass"
    with ExitStack() as stack:
        for _ in range(count):
            process = subprocess.Popen([sys.executable, "-c", work], start_new_session=True)
            stack.callback(process.wait)
            stack.callback(process.kill)
        yield


def serve(how: str, model: str, count: int) -> None:
    """What a child does: train whenever a line comes, and say the seconds."""
    train = training(how, model, count)
    for _ in sys.stdin:
        print(train(), flush=True)


def training(how: str, model: str, count: int) -> Callable[[], float]:
    """Seconds of one training, its preparation apart."""
    import torch

    from benchmarks import pixels, raw, sequences, single, sources, study

    if model == "lstm":
        by_hand, run = sequences.forecasting(1, count, steps=10_000)
    else:
        unet = model == "unet"
        recipe = pixels.recipe("fp32", count=40) if unet else {"mlp": sources.mlp, "cnn": sources.cnn}[model](1)
        data, train = (pixels.data, pixels.train) if unet else (raw.tensors, raw.train)
        given = data(recipe)
        by_hand, run = lambda: train(recipe, given, raw.model_of(recipe, unet)), lambda: single.paribus(recipe, count)
    if how == "study":
        return lambda: study.in_parallel(sources.mlp(1))
    torch.set_num_threads(count)
    return {"raw": by_hand, "run": run}[how]

"""One training on two processes, against one process with two threads; and what it costs to start the others."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from typing import Any

from benchmarks import sources
from benchmarks.table import Row, ratios
from paribus.records.recipe import Recipe
from paribus.training.monitor import no_listener
from paribus.training.run import Run

PROCESSES = 2


def rows(repeats: int) -> Iterator[Row]:
    """CNNs with batch norm, whose figures are exchanged, by parts, and without; then the start."""
    for name, changes, reach in (
        ("batch norm by parts", {"training.norm_parts": PROCESSES}, "≥ 0.9"),
        ("batch norm over all processes", {}, "≥ 0.9"),
        ("without batch norm", {"model.norm": "none"}, "≥ 0.9"),
    ):
        recipe = sources.cnn(2, **changes)
        values = ratios(lambda: train(recipe, 1), lambda: train(recipe, PROCESSES), repeats)  # noqa: B023
        yield Row(f"one process with {PROCESSES} threads / {PROCESSES} with one, CNN, {name}", values, reach)
    tiny = sources.cnn(1, 1_000)
    yield Row("to start and to end two processes", [beside(tiny, PROCESSES) for _ in range(repeats)], "–", " s")
    yield Row("one", [beside(tiny, 1) for _ in range(repeats)], "–", " s")


def train(recipe: Recipe, processes: int) -> float:
    """Seconds of training steps alone."""
    with tempfile.TemporaryDirectory() as runs:
        return Run(recipe, runs=runs).train(**_ways(processes)).seconds


def beside(recipe: Recipe, processes: int) -> float:
    """Seconds from the call to its end that are no training steps."""
    with tempfile.TemporaryDirectory() as runs:
        run, started = Run(recipe, runs=runs), time.perf_counter()
        result = run.train(**_ways(processes))
        return time.perf_counter() - started - result.seconds


def _ways(processes: int) -> dict[str, Any]:
    """As many threads in all, however many processes there are."""
    threads = PROCESSES // processes
    return {"processes": processes, "threads": threads, "signals": False, "listen": no_listener, "device": "cpu"}

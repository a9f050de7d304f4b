"""What recording signals costs: the same run with looks inside and without, in turn."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks import sources
from benchmarks.table import Row, ratios
from paribus.records.recipe import Recipe
from paribus.training.monitor import no_listener
from paribus.training.run import Run

TINY = 10  # runs of a fifth of a second that are timed at once


def rows(repeats: int) -> list[Row]:
    """An MLP and a CNN of ordinary size, and runs that are over in a fifth of a second."""
    chosen = (
        ("MLP", sources.mlp(2), 1, "≤ 1.02"),
        ("CNN", sources.cnn(3, 12_000), 1, "≤ 1.02"),
        ("digits/mlp, 0.2 s", Recipe.load("digits/mlp"), TINY, "≤ 1.03"),
    )
    return [
        Row(
            f"run with signals / without, {name}",
            ratios(lambda: seconds(recipe, count, True), lambda: seconds(recipe, count, False), repeats),  # noqa: B023
            reach,
        )
        for name, recipe, count, reach in chosen
    ]


def seconds(recipe: Recipe, count: int, signals: bool) -> float:
    """Seconds of so many runs, each from its start to its result."""
    with tempfile.TemporaryDirectory() as runs:
        began = time.perf_counter()
        for seed in range(count):
            Run(recipe, seed=seed, runs=Path(runs)).train(threads=1, signals=signals, listen=no_listener)
        return time.perf_counter() - began

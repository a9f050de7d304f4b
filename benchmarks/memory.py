"""Memory that one more worker adds, and the time that one more run adds (Linux)."""

from __future__ import annotations

import os
import re
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks import sources
from benchmarks.table import Row
from paribus.records.recipe import Recipe
from paribus.studies.executors.job import Event
from paribus.studies.executors.pool import LocalPool
from paribus.study import Study


def rows(repeats: int) -> list[Row]:
    """Workers of a pool on Fashion-MNIST's shape, and many tiny runs."""
    found = []
    for name, recipe in (("digits", Recipe.load("digits/mlp")), ("60,000 × 28 × 28", sources.mlp(2))):
        values = [added_megabytes(recipe) for _ in range(repeats)]
        found.append(Row(f"memory per worker beyond the first, {name}", values, "≤ 150", " MB"))
    values = [seconds_per_run() for _ in range(repeats)]
    found.append(Row("starting one more run in the pool", values, "≤ 0.15", " s"))
    return found


def added_megabytes(recipe: Recipe) -> float:
    """Proportional memory (PSS) of four busy workers, less that of one, over three."""
    return (peak_megabytes(recipe, 4) - peak_megabytes(recipe, 1)) / 3


def peak_megabytes(recipe: Recipe, workers: int) -> float:
    """Largest sum of the proportional memory of this process and its children while a study runs."""
    peak = 0.0

    def look(event: Event) -> None:
        nonlocal peak
        if event.kind == "progress":
            peak = max(peak, sum(map(proportional, [os.getpid(), *children()])))

    with tempfile.TemporaryDirectory() as runs:
        study = Study(recipe, vary={"optimizer.lr": [0.01, 0.02]}, seeds=4, runs=Path(runs))
        study.run(executor=LocalPool(workers, device="cpu"), listen=look)
    return peak


def children() -> list[int]:
    """Processes started by this one."""
    path = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    return [int(word) for word in path.read_text().split()]


def proportional(pid: int) -> float:
    """Memory of a process in MB, shared pages divided among those who share them."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:  # it has ended meanwhile
        return 0.0
    match = re.search(r"^Pss:\s+(\d+) kB", text, flags=re.MULTILINE)
    return int(match[1]) / 1e3 if match else 0.0


def seconds_per_run() -> float:
    """Time of a study of 24 one-step runs less one of 8, over the 16 more, on one worker."""
    short, long = (median(_tiny(seeds) for _ in range(3)) for seeds in (4, 12))
    return (long - short) / 16


def _tiny(seeds: int) -> float:
    recipe = Recipe.load("digits/mlp", {"budget.epochs": 1, "budget.steps": 1})
    with tempfile.TemporaryDirectory() as runs:
        study = Study(recipe, vary={"optimizer.lr": [0.01, 0.02]}, seeds=seeds, runs=Path(runs))
        started = time.perf_counter()
        study.run(executor=LocalPool(1, device="cpu"), listen=lambda event: None)
        return time.perf_counter() - started

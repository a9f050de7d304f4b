"""One run, with metrics, records and checkpoints on, against the raw loop that does the same work."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

from benchmarks import raw, sources
from benchmarks.table import Row, ratios
from paribus.records.environment import cores
from paribus.records.recipe import Recipe
from paribus.run import Run


def rows(repeats: int) -> list[Row]:
    """MLP and CNN with the same settings; CNN as paribus would choose them."""
    same, auto = {"training.precision": "fp32"}, {"training.precision": "auto"}
    return [
        Row("one run / raw loop, MLP", against_raw(sources.mlp(4, **same), repeats), "≥ 0.95"),
        Row("one run / raw loop in the same layout, CNN", against_raw(sources.cnn(1, **same), repeats, True), "≥ 0.98"),
        Row("one run / raw loop in the usual layout, CNN", against_raw(sources.cnn(1, **same), repeats), "–"),
        Row("one run as chosen / raw loop, CNN", against_raw(sources.cnn(1, **auto), repeats), "≥ 1.8"),
    ]


def against_raw(recipe: Recipe, repeats: int, channels_last: bool = False) -> list[float]:
    """Raw seconds over paribus seconds, once per repetition; what is done once (data, imports) is done before."""
    torch.set_num_threads(cores())
    data = raw.tensors(recipe, channels_last)

    def by_hand() -> float:
        return raw.train(recipe, data, raw.model_of(recipe, channels_last))

    return ratios(by_hand, lambda: paribus(recipe), repeats)


def paribus(recipe: Recipe, threads: int | None = None, signals: bool = True) -> float:
    """Seconds of one run from the first step to the written result, its preparation apart; with all threads."""
    with tempfile.TemporaryDirectory() as folder:
        marks: list[float] = []
        run = Run(recipe, runs=Path(folder))
        run.train(listen=_first(marks), threads=threads or cores(), signals=signals)
        return time.perf_counter() - marks[0]


def _first(marks: list[float]) -> Callable[[object], None]:
    def listen(_: object) -> None:
        if not marks:
            marks.append(time.perf_counter())

    return listen

"""Recurrent networks on windows and on text, one thread each, against the raw loops that do the same work."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.table import Row, ratios
from paribus.chance import Seeds
from paribus.data.prepare.prepared import prepare
from paribus.models.network import assemble
from paribus.records.parts import build
from paribus.records.recipe import Recipe
from paribus.run import Run
from paribus.tasks.task import Task

Work = Callable[[], float]
Pair = tuple[Tensor, Tensor]  # inputs and targets


def rows(repeats: int) -> list[Row]:
    """One LSTM on windows that are already in memory, scaled; one on a text, with its state carried on."""
    torch.set_num_threads(1)  # small steps one after the other: more threads only wait for each other
    return [
        Row("one run / raw loop, LSTM on windows", ratios(*forecasting(), repeats), "≥ 0.95"),
        Row("one run / raw loop, LSTM on text", ratios(*language(), repeats), "≥ 0.95"),
    ]


def forecasting(epochs: int = 2) -> tuple[Work, Work]:
    """Raw loop and run for a series of 40,000 hours."""
    options = {"data.steps": 40_000, "schedule": "constant", "training.clip_norm": None}
    recipe = Recipe.load("seasons/lstm", {**options, "budget.epochs": epochs})
    prepared = prepare(recipe, Seeds(0))
    task: Task = build("task", recipe.task, info=prepared.info)
    mean, deviation = torch.tensor(prepared.info.mean[0]), torch.tensor(prepared.info.deviation[0])
    data: dict[str, Pair] = {}
    for part, some in prepared.rows.items():
        inputs, targets = prepared.examples.take(some)
        data[part] = (inputs - mean) / deviation, (targets - mean) / deviation

    def by_hand() -> float:
        model = assemble(recipe.model, task, Seeds(0)).model
        return train_windows(recipe, model, data["train"], data["val"])

    return by_hand, lambda: paribus(recipe)


def language(epochs: int = 2) -> tuple[Work, Work]:
    """Raw loop and run for a text of 1,000,000 letters."""
    options = {"data.tokens": 1_000_000, "model.use": "lstm", "model.width": 64, "training.clip_norm": None}
    recipe = Recipe.load("markov/rnn", {**options, "budget.epochs": epochs})
    prepared = prepare(recipe, Seeds(0))
    task: Task = build("task", recipe.task, info=prepared.info)
    data = {part: streams(prepared.examples.take(rows), 32) for part, rows in prepared.rows.items()}

    def by_hand() -> float:
        model = assemble(recipe.model, task, Seeds(0)).model
        return train_text(recipe, model, data["train"], data["val"])

    return by_hand, lambda: paribus(recipe)


def paribus(recipe: Recipe) -> float:
    """Seconds of one run from the first step to the written result, its preparation apart."""
    with tempfile.TemporaryDirectory() as folder:
        marks: list[float] = []
        Run(recipe, runs=Path(folder)).train(listen=lambda _: marks.append(time.perf_counter()), threads=1)
        return time.perf_counter() - marks[0]


def train_windows(recipe: Recipe, model: nn.Module, train: Pair, validation: Pair) -> float:
    """Train and evaluate like the recipe says, and give the seconds that it took."""
    inputs, targets = train
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.optimizer.options["lr"])
    started = time.perf_counter()
    for _ in range(recipe.budget.epochs):
        model.train()
        for rows in torch.randperm(len(inputs)).split(recipe.training.batch_size):
            optimizer.zero_grad()
            F.mse_loss(model(inputs[rows]), targets[rows].flatten(1)).backward()
            optimizer.step()
        model.eval()
        with torch.inference_mode():
            for x, y in zip(*(tensor.split(256) for tensor in validation), strict=True):
                errors = model(x) - y.flatten(1)
                float((errors**2).mean()), float(errors.abs().mean())
    return time.perf_counter() - started


def train_text(recipe: Recipe, model: nn.Module, train: list[Pair], validation: list[Pair]) -> float:
    """The same for a text that is read in many places at once."""
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.optimizer.options["lr"])
    started = time.perf_counter()
    for _ in range(recipe.budget.epochs):
        model.train()
        state = None
        for x, y in train:
            optimizer.zero_grad()
            outputs, state = model.advance(x, state)  # type: ignore[operator]
            state = tuple(part.detach() for part in state)
            F.cross_entropy(outputs.flatten(0, 1), y.flatten()).backward()
            optimizer.step()
        model.eval()
        state = None
        with torch.inference_mode():
            for x, y in validation:
                outputs, state = model.advance(x, state)  # type: ignore[operator]
                float(F.cross_entropy(outputs.flatten(0, 1), y.flatten()))
    return time.perf_counter() - started


def streams(passages: Pair, places: int) -> list[Pair]:
    """Passages as batches that read in some places at once; the last that do not fill a place are left out."""
    steps = len(passages[0]) // places
    inputs, targets = (part[: steps * places].view(places, steps, -1) for part in passages)
    return [(inputs[:, step].contiguous(), targets[:, step].contiguous()) for step in range(steps)]

"""Networks on windows, text, pairs and words, one thread each, against the raw loops that do the same work."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.single import paribus
from benchmarks.table import Row, ratios
from paribus.chance import Seeds
from paribus.data.prepare.prepared import prepare
from paribus.models.network import assemble
from paribus.records.parts import build
from paribus.records.recipe import Recipe
from paribus.tasks.task import Task

Work = Callable[[], float]
Pair = tuple[Tensor, Tensor]  # inputs and targets


def rows(repeats: int) -> list[Row]:
    """LSTMs on windows in memory and on a text; a transformer that copies letters; skip-gram on a text of letters."""
    torch.set_num_threads(1)  # small steps one after the other: more threads only wait for each other
    return [
        Row("one run / raw loop, LSTM on windows", ratios(*forecasting(), repeats), "≥ 0.95"),
        Row("one run / raw loop, LSTM on text", ratios(*language(), repeats), "≥ 0.95"),
        Row("one run / raw loop, transformer on pairs", ratios(*pairs(), repeats), "≥ 0.95"),
        Row("one run / raw loop, skip-gram", ratios(*skipgram(), repeats), "≥ 0.95"),
    ]


def forecasting(epochs: int = 2, threads: int = 1, steps: int = 40_000) -> tuple[Work, Work]:
    """Raw loop and run for a series of so many hours."""
    options = {"data.steps": steps, "schedule": "constant", "training.clip_norm": None}
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

    return by_hand, lambda: paribus(recipe, threads)


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

    return by_hand, lambda: paribus(recipe, threads=1)


def pairs(epochs: int = 2) -> tuple[Work, Work]:
    """Raw loop and run for letters that are copied, with greedy decoding of the validation split after each epoch."""
    recipe = Recipe.load("copy/transformer", {"training.clip_norm": None, "budget.epochs": epochs})
    prepared = prepare(recipe, Seeds(0))
    task = build("task", recipe.task, info=prepared.info)
    data = {part: prepared.examples.take(rows) for part, rows in prepared.rows.items()}

    def by_hand() -> float:
        model = assemble(recipe.model, task, Seeds(0)).model
        return train_pairs(recipe, model, data["train"], data["val"])

    return by_hand, lambda: paribus(recipe, threads=1)


def skipgram(epochs: int = 2) -> tuple[Work, Work]:
    """Raw loop and run for a text of 200,000 words out of 2,000."""
    folder = Path(tempfile.mkdtemp())
    generator = np.random.default_rng(0)
    ranks = 1 / np.arange(1, 2001)
    letters = ["".join(chr(97 + int(digit)) for digit in str(number)) for number in range(2000)]
    drawn = generator.choice(2000, 200_000, p=ranks / ranks.sum())
    (folder / "text.txt").write_text(" ".join(letters[word] for word in drawn), encoding="utf-8")
    recipe = Recipe.load("text/words", {"data.path": str(folder / "text.txt"), "budget.epochs": epochs})
    prepared = prepare(recipe, Seeds(0))
    task = build("task", recipe.task, info=prepared.info)
    words, rows = prepared.examples.tokens.long(), prepared.rows  # type: ignore[attr-defined]

    def by_hand() -> float:
        model = assemble(recipe.model, task, Seeds(0)).model
        return train_words(recipe, model, words, rows["train"], rows["val"])

    return by_hand, lambda: paribus(recipe, threads=1)


def train_pairs(recipe: Recipe, model: nn.Module, train: Any, validation: Any) -> float:
    """Train, evaluate and write like the recipe says, and give the seconds that it took."""
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.optimizer.options["lr"])
    started = time.perf_counter()
    for _ in range(recipe.budget.epochs):
        model.train()
        for rows in torch.randperm(len(train[1])).split(recipe.training.batch_size):
            optimizer.zero_grad()
            _pair_loss(model, train, rows).backward()
            optimizer.step()
        model.eval()
        with torch.inference_mode():
            for rows in torch.arange(len(validation[1])).split(256):
                float(_pair_loss(model, validation, rows))
                _greedy(model, validation[0]["source"][rows], validation[1].shape[1])
    return time.perf_counter() - started


def _pair_loss(model: nn.Module, data: Any, rows: Tensor) -> Tensor:
    source, before, targets = data[0]["source"][rows], data[0]["before"][rows], data[1][rows]
    reads, writes = int((source > 0).sum(1).max()), int((targets > 0).sum(1).max())
    logits = model({"source": source[:, :reads], "before": before[:, :writes]})
    return F.cross_entropy(logits.flatten(0, 1), targets[:, :writes].flatten(), ignore_index=0)


def _greedy(model: Any, source: Tensor, longest: int) -> Tensor:
    memory = model.read(source)
    written, ended = torch.ones(len(source), 1, dtype=torch.int64), torch.zeros(len(source), dtype=torch.bool)
    for _ in range(longest):
        following = model.say(memory, written, last=True)[:, -1].argmax(-1).masked_fill(ended, 0)
        written, ended = torch.cat([written, following[:, None]], 1), ended | (following == 2)
        if bool(ended.all()):
            break
    return written


def train_words(recipe: Recipe, model: Any, words: Tensor, train: Tensor, validation: Tensor) -> float:
    """Skip-gram with negative sampling, dynamic windows and subsampling; seconds."""
    window, negatives, size = 5, 5, recipe.training.batch_size
    counts = words[train].bincount(minlength=model.inner.num_embeddings).clamp(min=1).float()
    bounds = (counts**0.75 / (counts**0.75).sum()).cumsum(0)
    kept = (1e-3 / (counts / counts.sum())).sqrt().clamp(max=1)
    offsets = torch.tensor([*range(-window, 0), *range(1, window + 1)])
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.optimizer.options["lr"])

    def loss(rows: Tensor, training: bool) -> Tensor:
        places = rows[:, None] + offsets
        there = (places >= 0) & (places < len(words))
        around, centre = words[places.clamp(0, len(words) - 1)], words[rows]
        if training:
            there &= offsets.abs() <= torch.randint(1, window + 1, (len(rows), 1))
            there &= torch.rand(around.shape) < kept[around]
            there &= (torch.rand(len(rows)) < kept[centre])[:, None]
        of, place = there.nonzero(as_tuple=True)
        asked, others = model.inner(centre), torch.searchsorted(bounds, torch.rand(len(rows), negatives))
        against = F.softplus(torch.einsum("bw,bkw->bk", asked, model.outer(others.clamp(max=len(bounds) - 1)))).sum(1)
        return (F.softplus(-(asked[of] * model.outer(around[of, place])).sum(1)) + against[of]).mean()

    started = time.perf_counter()
    for _ in range(recipe.budget.epochs):
        for rows in train[torch.randperm(len(train))].split(size):
            optimizer.zero_grad()
            loss(rows, training=True).backward()
            optimizer.step()
        with torch.inference_mode():
            for rows in validation.split(size):
                float(loss(rows, training=False))
    return time.perf_counter() - started


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

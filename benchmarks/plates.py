"""A detector and a CTC reader against the raw loops that do the same work; suppression and average precision alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.single import paribus
from benchmarks.table import Row, Work, beside
from paribus.chance import Seeds
from paribus.data.columns import Column
from paribus.data.deliver.loader import Batch
from paribus.data.prepare.prepared import PreparedData, prepare
from paribus.models.network import Network, assemble
from paribus.records.parts import build, register
from paribus.records.recipe import Recipe
from paribus.tasks.boxes import centres
from paribus.tasks.boxes.geometry import suppressed
from paribus.tasks.boxes.precision import Found, mean_average_precision
from paribus.tasks.task import Task

SIZE = (48, 64)
EPOCHS = 10  # 900 steps: what a training costs once (looks inside a network) is not what a step costs
MEASURED = 20  # times that single functions are called, of which the quickest counts


class NoiseBoxes:
    """Random pictures with up to three random boxes each.

    Args:
        count: number of pictures.
    """

    def __init__(self, count: int = 800) -> None:
        self.count = count

    def key(self) -> Mapping[str, Any]:
        return vars(self)

    def write(self, cache: Any) -> None:
        draw = np.random.default_rng(0)
        columns = {
            "boxes": Column("float32", (4,), ragged=True, kind="boxes"),
            "labels": Column("int64", ragged=True, kind="class", of="boxes"),
        }
        cache.start(classes=("object",), shape=(3, *SIZE), targets=columns)
        lows = [draw.uniform(0, 30, (draw.integers(1, 4), 2)) for _ in range(self.count)]
        boxes = [np.concatenate([low, low + draw.uniform(4, 18, low.shape)], 1).astype(np.float32) for low in lows]
        labels = [np.zeros(len(one), np.int64) for one in boxes]
        pictures = draw.integers(0, 256, (self.count, 3, *SIZE), dtype=np.uint8)
        cache.add(pictures, {"boxes": boxes, "labels": labels})


register("data", NoiseBoxes, name="noise_boxes")


def rows(repeats: int) -> Iterator[Row]:
    """Both trainings with one thread; then single functions, as parts of the time that they may take."""
    torch.set_num_threads(1)
    for name, make in (("detector", detector), ("CTC reader", reader)):
        by_hand, *runs = make()
        watched, quiet = beside(by_hand, runs, repeats, make(1)[:2])
        yield Row(f"one run / raw loop, {name}", watched, "≥ 0.95")
        yield Row("the same without signals", quiet, "–")
    yield Row("milliseconds, suppression of 1,000 boxes", [suppression() for _ in range(repeats)], "≤ 10")
    yield Row("seconds, average precision of 5,000 boxes", [precision() for _ in range(repeats)], "≤ 1")


def detector(epochs: int = EPOCHS) -> tuple[Work, Work, Work]:
    """Raw loop and runs of a small detector: 90 batches of 8 an epoch."""
    shipped = Recipe.load("plates/detector").plain()
    recipe = Recipe.read(
        {
            "name": "benchmark/detector",
            "data": "noise_boxes",
            "split": {"val": 0.1, "test": 0.0},
            "model": {"use": "detector", "width": 32},
            "task": shipped["task"],
            "optimizer": {"use": "adam", "lr": 0.001},
            "training": {"batch_size": 8, "precision": "fp32"},
            "budget": {"epochs": epochs},
        }
    )

    def loss(network: Network, batch: Batch) -> tuple[Tensor, Tensor]:
        outputs = network(batch.inputs)
        targets = batch.targets
        maps, sides = centres.losses(outputs, targets["boxes"], targets["labels"].values, 4, "giou")
        return maps + 2 * sides, outputs

    return trainings(recipe, loss)


def reader(epochs: int = EPOCHS) -> tuple[Work, Work, Work]:
    """Raw loop and runs of the reader of plates: 95 batches of 8 an epoch."""
    changes = {"data.plates": 800, "data.size": [32, 64], "training.batch_size": 8, "split.test": 0.0}
    recipe = Recipe.load("plates/made", {**changes, "schedule": "constant", "budget.epochs": epochs})

    def loss(network: Network, batch: Batch) -> tuple[Tensor, Tensor]:
        logp = network(batch.inputs).log_softmax(2)
        lengths = (batch.targets != logp.shape[2] - 1).sum(1)
        columns = torch.full_like(lengths, logp.shape[1])
        found = F.ctc_loss(logp.transpose(0, 1), batch.targets, columns, lengths, logp.shape[2] - 1, "none")
        return found.mean(), logp

    return trainings(recipe, loss)


def trainings(recipe: Recipe, loss: Callable[[Network, Batch], tuple[Tensor, Tensor]]) -> tuple[Work, Work, Work]:
    """The loop by hand, the run, and the run without signals; all from tensors that are in memory."""
    prepared = prepare(recipe, Seeds(0))
    task: Task = build("task", recipe.task, info=prepared.info)

    def by_hand() -> float:
        network = assemble(recipe.model, task, Seeds(0)).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return train(recipe, prepared, task, network, loss)

    return by_hand, lambda: paribus(recipe, 1), lambda: paribus(recipe, 1, signals=False)


def train(
    recipe: Recipe,
    prepared: PreparedData,
    task: Task,
    network: Network,
    loss: Callable[[Network, Batch], tuple[Tensor, Tensor]],
) -> float:
    """Train, and evaluate with the same figures, as the recipe says; the seconds that it took."""
    optimizer = torch.optim.Adam(network.parameters(), lr=recipe.optimizer.options["lr"])
    take = prepared.loader("train", recipe.training.batch_size, "cpu").take
    started = time.perf_counter()
    for _ in range(recipe.budget.epochs):
        network.train()
        rows = prepared.rows["train"]
        for some in rows[torch.randperm(len(rows))].split(recipe.training.batch_size):
            optimizer.zero_grad()
            value, _ = loss(network, take(some))
            value.backward()
            optimizer.step()
        evaluate(prepared, task, network, loss)
    return time.perf_counter() - started


@torch.inference_mode()
def evaluate(
    prepared: PreparedData, task: Task, network: nn.Module, loss: Callable[[Any, Batch], tuple[Tensor, Tensor]]
) -> dict[str, float]:
    """All figures of the validation examples."""
    network.eval()
    meter = task.meter("val")
    for batch in prepared.loader("val", 64, "cpu").in_order():
        value, outputs = loss(network, batch)
        meter.update("model", value, outputs, batch)
    return meter.figures()


def suppression() -> float:
    """Milliseconds for 1,000 boxes of which many overlap."""
    draw = torch.Generator().manual_seed(0)
    low = torch.rand(1000, 2, generator=draw) * 500
    boxes, scores = (
        torch.cat([low, low + 10 + torch.rand(1000, 2, generator=draw) * 90], 1),
        torch.rand(1000, generator=draw),
    )
    return 1000 * quickest(lambda: suppressed(boxes, scores, 0.5))


def precision() -> float:
    """Seconds for 5,000 found boxes in 500 pictures at ten thresholds."""
    draw = np.random.default_rng(0)

    def boxes(count: int) -> Any:
        low = draw.uniform(0, 400, (count, 2))
        return np.concatenate([low, low + draw.uniform(10, 80, (count, 2))], 1)

    true = [Found(boxes(5), np.zeros(5, np.int64)) for _ in range(500)]
    found = [
        Found(
            np.concatenate([one.boxes + draw.normal(0, 4, (5, 4)), boxes(5)]), np.zeros(10, np.int64), draw.random(10)
        )
        for one in true
    ]
    return quickest(lambda: mean_average_precision(found, true, 1), 3)


def quickest(work: Callable[[], object], times: int = MEASURED) -> float:
    """Seconds of a core for the quickest of some calls: of the process, so that neighbours do not count."""
    found = []
    for _ in range(times):
        started = time.process_time()
        work()
        found.append(time.process_time() - started)
    return min(found)

"""Pretexts and metric learning against the loops that people write by hand for them, on pictures in memory."""

from __future__ import annotations

import time

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks import raw, single, sources
from benchmarks.table import Row, Work, beside
from paribus.chance import Seeds
from paribus.data.augmentation.colour import Colour
from paribus.data.augmentation.compose import Compose
from paribus.data.augmentation.flip import Flip
from paribus.data.augmentation.resized_crop import ResizedCrop
from paribus.data.prepare.prepared import prepare
from paribus.records.environment import cores
from paribus.records.recipe import Recipe

CNN = {"use": "cnn", "widths": [16, 32], "norm": "batch", "head": "global_average"}
COUNT, SIZE, EPOCHS = 12_000, 24, 3  # 276 steps: looks inside a network cost the same in a training of any length
TASKS = {
    "SimCLR": {"use": "pretext", "kind": "simclr"},
    "rotation": {"use": "pretext"},
    "triplet": {"use": "embedding", "loss": "triplet", "mining": "hard", "dimension": 64, "ways": 2},
}


def rows(repeats: int) -> list[Row]:
    """SimCLR, turns and triplets on small pictures in colour, with few examples for validation."""
    found = []
    for name, by_hand in (("SimCLR", _simclr), ("rotation", _rotation), ("triplet", _triplet)):
        first, *others = trainings(by_hand, recipe(TASKS[name]))
        watched, quiet = beside(first, others, repeats, trainings(by_hand, recipe(TASKS[name], 1))[:2])
        found += [
            Row(f"one {name} run / raw loop", watched, "≥ 0.95"),
            Row("the same without signals", quiet, "–"),
        ]
    return found


def recipe(task: dict, epochs: int = EPOCHS) -> Recipe:
    """Some epochs of SGD."""
    return sources.recipe(COUNT, 3, SIZE, CNN, epochs, {"task": task, "split.val": 0.02})


def trainings(by_hand, chosen: Recipe) -> tuple[Work, Work, Work]:
    """The loop by hand in the layout that paribus uses, the run, and the run without signals."""
    torch.set_num_threads(cores())
    prepared = prepare(chosen, Seeds(0))
    inputs, labels = prepared.examples.take(prepared.rows["train"])
    mean, deviation = (torch.tensor(one).view(-1, 1, 1) for one in (prepared.info.mean, prepared.info.deviation))

    def scaled(pictures: Tensor) -> Tensor:
        return ((pictures.float() - mean) / deviation).contiguous(memory_format=torch.channels_last)

    def once() -> float:
        model = raw.model_of(chosen, channels_last=True)
        return by_hand(chosen, inputs, labels, model, scaled)

    return once, lambda: single.paribus(chosen), lambda: single.paribus(chosen, signals=False)


def _stepped(chosen: Recipe, inputs: Tensor, parameters: list[nn.Parameter], loss_of) -> float:
    """Seconds of SGD on a loss of some rows."""
    optimizer = torch.optim.SGD(parameters, lr=0.01, momentum=0.9)
    started = time.perf_counter()
    for _ in range(chosen.budget.epochs):
        for some in torch.randperm(len(inputs)).split(chosen.training.batch_size):
            optimizer.zero_grad()
            loss_of(some).backward()
            optimizer.step()
    return time.perf_counter() - started


def _simclr(chosen: Recipe, inputs: Tensor, labels: Tensor, model: nn.Module, scaled) -> float:
    """The same changes to pictures, which are tensors already: what is measured is all around them."""
    changes = Compose({"crop": ResizedCrop(0.3), "flip": Flip(), "colour": Colour(0.5, 0.5, 0.5)})
    projection = nn.Sequential(nn.ReLU(), nn.Linear(256, 64))

    def loss(some: Tensor) -> Tensor:
        views = torch.cat([changes(inputs[some], key, some)[0] for key in (1, 2)])
        z = F.normalize(projection(model(scaled(views))), dim=1)
        logits = z @ z.T / 0.2
        logits.fill_diagonal_(-torch.inf)
        return F.cross_entropy(logits, torch.arange(len(z)).roll(len(some)))

    return _stepped(chosen, inputs, [*model.parameters(), *projection.parameters()], loss)


def _rotation(chosen: Recipe, inputs: Tensor, labels: Tensor, model: nn.Module, scaled) -> float:
    def loss(some: Tensor) -> Tensor:
        turns, pictures = torch.randint(4, (len(some),)), inputs[some]
        turned = torch.stack([torch.rot90(one, int(turn), (1, 2)) for one, turn in zip(pictures, turns, strict=True)])
        return F.cross_entropy(model(scaled(turned)), turns)

    return _stepped(chosen, inputs, [*model.parameters()], loss)


def _triplet(chosen: Recipe, inputs: Tensor, labels: Tensor, model: nn.Module, scaled) -> float:
    """The hardest positive and negative of each example."""

    def loss(some: Tensor) -> Tensor:
        z, own = F.normalize(model(scaled(inputs[some])), dim=1), labels[some]
        d, same = torch.cdist(z, z), own[:, None] == own
        return F.relu((d - 9.0 * ~same).amax(1) - (d + 9.0 * same).amin(1) + 0.2).mean()

    return _stepped(chosen, inputs, [*model.parameters()], loss)

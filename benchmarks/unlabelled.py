"""Pretexts and metric learning against the loops that people write by hand for them, on pictures in memory."""

from __future__ import annotations

import time

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks import raw, single, sources
from benchmarks.table import Row, ratios
from paribus.chance import Seeds
from paribus.data.augmentation.colour import Colour
from paribus.data.augmentation.compose import Compose
from paribus.data.augmentation.flip import Flip
from paribus.data.augmentation.resized_crop import ResizedCrop
from paribus.data.prepare.prepared import prepare
from paribus.records.environment import cores
from paribus.records.recipe import Recipe

CNN = {"use": "cnn", "widths": [32, 64], "norm": "batch", "head": "global_average"}
COUNT, EPOCHS = 12_000, 3


def rows(repeats: int) -> list[Row]:
    """SimCLR, turns and triplets on pictures of CIFAR-10's shape, with few examples for validation."""
    triplet = {"use": "embedding", "loss": "triplet", "mining": "hard", "dimension": 64, "ways": 2}
    chosen = {
        "SimCLR": (_simclr, recipe({"use": "pretext", "kind": "simclr"})),
        "rotation": (_rotation, recipe({"use": "pretext"})),
        "triplet": (_triplet, recipe(triplet)),
    }
    return [
        Row(f"one {name} run{without} / raw loop", against(*pair, repeats, not without), "–" if without else "≥ 0.95")
        for name, pair in chosen.items()
        for without in ("", " without signals")
    ]


def recipe(task: dict) -> Recipe:
    """Three epochs of SGD."""
    return sources.recipe(COUNT, 3, 32, CNN, EPOCHS, {"task": task, "split.val": 0.02})


def against(by_hand, chosen: Recipe, repeats: int, signals: bool) -> list[float]:
    """Raw seconds over paribus seconds, once per repetition, in the layout that paribus uses."""
    torch.set_num_threads(cores())
    prepared = prepare(chosen, Seeds(0))
    inputs, labels = prepared.examples.take(prepared.rows["train"])
    mean, deviation = (torch.tensor(one).view(-1, 1, 1) for one in (prepared.info.mean, prepared.info.deviation))

    def scaled(pictures: Tensor) -> Tensor:
        return ((pictures.float() - mean) / deviation).contiguous(memory_format=torch.channels_last)

    def once() -> float:
        model = raw.model_of(chosen, channels_last=True)
        return by_hand(chosen, inputs, labels, model, scaled)

    return ratios(once, lambda: single.paribus(chosen, signals=signals), repeats)


def _stepped(chosen: Recipe, inputs: Tensor, parameters: list[nn.Parameter], loss_of) -> float:
    """Seconds of SGD on a loss of some rows."""
    optimizer = torch.optim.SGD(parameters, lr=0.01, momentum=0.9)
    started = time.perf_counter()
    for _ in range(EPOCHS):
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

"""A U-Net at 160 × 120, as CamVid has it, against the raw loop that does the same work."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks import raw
from benchmarks.single import paribus
from benchmarks.table import Row, ratios
from paribus.data.metadata import MaskInfo, Metadata
from paribus.records.environment import cores
from paribus.records.parts import register
from paribus.records.recipe import Recipe

CLASSES, IGNORE = 11, 255


class NoiseMasks:
    """Random pictures with random masks.

    Args:
        count: number of pictures.
    """

    def __init__(self, count: int = 120) -> None:
        self.count = count

    def key(self) -> Mapping[str, Any]:
        return vars(self)

    def write(self, cache: Any) -> None:
        draw, size = np.random.default_rng(0), (120, 160)
        names = tuple(map(str, range(CLASSES)))
        known = Metadata(masks=MaskInfo(IGNORE))
        cache.start(classes=names, shape=(3, *size), target_shape=size, target_dtype="uint8", metadata=known)
        masks = draw.integers(0, CLASSES + 1, (self.count, *size), dtype=np.uint8)
        masks[masks == CLASSES] = IGNORE
        cache.add(draw.integers(0, 256, (self.count, 3, *size), dtype=np.uint8), masks)


register("data", NoiseMasks, name="noise_masks")


def rows(repeats: int) -> list[Row]:
    """The same settings, and as paribus would choose them."""
    same, auto = recipe(precision="fp32"), recipe(precision="auto")
    return [
        Row("one run / raw loop in the same layout, U-Net", against_raw(same, repeats), "≥ 0.95"),
        Row("one run as chosen / raw loop, U-Net", against_raw(auto, repeats), "–"),
    ]


def recipe(precision: str, epochs: int = 1, count: int = 120) -> Recipe:
    """The network of camvid/unet without augmentation, batches of 8."""
    shipped = Recipe.load("camvid/unet").plain()
    return Recipe.read(
        {
            "name": "benchmark/unet",
            "data": {"use": "noise_masks", "count": count},
            "split": {"val": 0.1, "test": 0.0},
            "model": shipped["model"],
            "task": "segmentation",
            "optimizer": {"use": "adam", "lr": 0.001},
            "training": {"batch_size": 8, "precision": precision},
            "budget": {"epochs": epochs},
        }
    )


def against_raw(recipe: Recipe, repeats: int) -> list[float]:
    """Raw seconds over paribus seconds, once per repetition; what is done once (data, imports) is done before."""
    torch.set_num_threads(cores())
    given = data(recipe)
    return ratios(lambda: train(recipe, given, raw.model_of(recipe, True)), lambda: paribus(recipe), repeats)


def data(recipe: Recipe) -> dict[str, tuple[Tensor, Tensor]]:
    """Training and validation part, in the layout that convolutions like."""
    return {part: (inputs, masks.long()) for part, (inputs, masks) in raw.tensors(recipe, True).items()}


def train(recipe: Recipe, data: Mapping[str, tuple[Tensor, Tensor]], model: nn.Module) -> float:
    """Train and evaluate like the recipe says, and give the seconds that it took."""
    (inputs, masks), batch = data["train"], recipe.training.batch_size
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.optimizer.options["lr"])
    started = time.perf_counter()
    for _ in range(recipe.budget.epochs):
        model.train()
        seen = torch.zeros(CLASSES**2)
        for rows in torch.randperm(len(inputs)).split(batch):
            optimizer.zero_grad()
            outputs = model(inputs[rows])
            loss = F.cross_entropy(outputs, masks[rows], ignore_index=IGNORE)
            loss.backward()
            optimizer.step()
            seen += confusion(outputs.detach(), masks[rows])
        evaluate(model, *data["val"])
    return time.perf_counter() - started


@torch.inference_mode()
def evaluate(model: nn.Module, inputs: Tensor, masks: Tensor) -> tuple[float, Tensor]:
    """Loss and confusion matrix."""
    model.eval()
    loss, seen = 0.0, torch.zeros(CLASSES**2)
    for x, y in zip(inputs.split(16), masks.split(16), strict=True):
        outputs = model(x)
        loss += float(F.cross_entropy(outputs, y, ignore_index=IGNORE)) * len(x)
        seen += confusion(outputs, y)
    return loss / len(inputs), seen


def confusion(outputs: Tensor, masks: Tensor) -> Tensor:
    """How often each class was said to be each class, flat."""
    known = masks != IGNORE
    return (masks[known] * CLASSES + outputs.argmax(1)[known]).bincount(minlength=CLASSES**2)

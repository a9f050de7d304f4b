"""The same network on the same data: paribus, Keras 3 (on torch) and Lightning, each against the raw loop.

All train the very same torch module from the same weights with SGD on the same float32 pictures, report loss and
accuracy of training and validation after every epoch, and run with all threads. The raw loop and both libraries keep
torch's usual memory layout; paribus chooses its own. A library that is not installed is left out, and said to be:
``pip install keras lightning``.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks import raw, sources
from benchmarks.single import paribus
from benchmarks.table import Row
from paribus.records.environment import cores
from paribus.records.parts import register
from paribus.records.recipe import Recipe

Data = Mapping[str, tuple[Tensor, Tensor]]


class Residual(nn.Module):
    """A ResNet in miniature: a stem and two blocks of 3×3 convolutions in each of three stages, with batch norm.

    Args:
        in_channels: of a picture.
        num_classes: how many there are.
        width: channels of the first stage.
    """

    def __init__(self, in_channels: int, num_classes: int, width: int = 16) -> None:
        super().__init__()
        widths = [width, width, 2 * width, 4 * width]
        self.stem = nn.Sequential(nn.Conv2d(in_channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))
        stages = [[Block(i, o, 1 if i == o else 2), Block(o, o, 1)] for i, o in pairwise(widths)]
        self.stages = nn.Sequential(*(block for stage in stages for block in stage))
        self.head = nn.Linear(4 * width, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.stages(self.stem(x).relu()).mean((2, 3)))
        return logits


class Block(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return (self.body(x) + self.shortcut(x)).relu()


register("model", Residual, name="benchmark_residual")


def rows(repeats: int) -> list[Row]:
    """Each library over the raw loop, for three networks."""
    if missing := [name for name in LIBRARIES if not importlib.util.find_spec(name)]:
        print(f"left out, for not installed: {', '.join(missing)}", file=sys.stderr)
    recipes = {
        "MLP": sources.mlp(2),
        "CNN": sources.cnn(1, 3_000),
        "ResNet": sources.recipe(1_500, 3, 32, {"use": "benchmark_residual"}, 1, {}),
    }
    return [row for name, recipe in recipes.items() for row in against_raw(name, recipe, repeats)]


def against_raw(net: str, recipe: Recipe, repeats: int) -> list[Row]:
    """Raw seconds over those of each library, all in turn in each repetition, so that a slow minute hits all."""
    torch.set_num_threads(cores())
    data = raw.tensors(recipe)
    there = {name: train for name, train in LIBRARIES.items() if importlib.util.find_spec(name)}
    sides: dict[str, Callable[[], float]] = {
        "raw": lambda: raw.train(recipe, data, raw.model_of(recipe)),
        "paribus": lambda: paribus(recipe),
        **{name: partial(train, recipe, data) for name, train in there.items()},
    }
    for side in sides.values():
        side()  # warm up all
    seconds: list[dict[str, float]] = []
    for turn in range(repeats):
        order = [*sides][turn % len(sides) :] + [*sides][: turn % len(sides)]
        seconds.append({name: sides[name]() for name in order})
    return [
        Row(f"raw loop / {name}, {net}", [turn["raw"] / turn[name] for turn in seconds], REACH.get(name, "–"))
        for name in sides
        if name != "raw"
    ]


def keras(recipe: Recipe, data: Data) -> float:
    """Seconds of ``fit`` of Keras 3 on torch."""
    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    assert keras.backend.backend() == "torch", "Keras was imported before with another backend"
    (inputs, targets), options = data["train"], recipe.optimizer.options
    net = keras.Sequential(
        [keras.Input(tuple(inputs.shape[1:])), keras.layers.TorchModuleWrapper(raw.model_of(recipe))]
    )
    net.compile(
        keras.optimizers.SGD(options["lr"], momentum=options["momentum"]),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    size, epochs = recipe.training.batch_size, recipe.budget.epochs
    started = time.perf_counter()
    with torch.device("cpu"):
        net.fit(inputs, targets, batch_size=size, epochs=epochs, validation_data=data["val"], verbose=0)
    return time.perf_counter() - started


def lightning(recipe: Recipe, data: Data) -> float:
    """Seconds of ``fit`` of a Lightning trainer, without its logger, checkpoints and bar."""
    import lightning as L
    from torch.utils.data import DataLoader, TensorDataset

    class Module(L.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net = raw.model_of(recipe)

        def training_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
            return self._seen("train", *batch)

        def validation_step(self, batch: tuple[Tensor, Tensor]) -> None:
            self._seen("val", *batch)

        def _seen(self, split: str, inputs: Tensor, targets: Tensor) -> Tensor:
            outputs = self.net(inputs)
            loss = F.cross_entropy(outputs, targets)
            hits = (outputs.argmax(1) == targets).float().mean()
            self.log_dict({f"{split}/loss": loss, f"{split}/accuracy": hits}, on_step=False, on_epoch=True)
            return loss

        def configure_optimizers(self) -> torch.optim.Optimizer:
            options = recipe.optimizer.options
            return torch.optim.SGD(self.parameters(), lr=options["lr"], momentum=options["momentum"])

    quiet: dict[str, Any] = dict.fromkeys(
        ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False
    )
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    loaders = [
        DataLoader(TensorDataset(*data[split]), size, shuffle=split == "train")
        for split, size in (("train", recipe.training.batch_size), ("val", 256))
    ]
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        trainer = L.Trainer(
            max_epochs=recipe.budget.epochs, accelerator="cpu", num_sanity_val_steps=0, default_root_dir=folder, **quiet
        )
        module = Module()
        started = time.perf_counter()
        trainer.fit(module, *loaders)
        return time.perf_counter() - started


LIBRARIES: Mapping[str, Callable[[Recipe, Data], float]] = {"keras": keras, "lightning": lightning}
REACH = {"paribus": "≥ 0.97"}

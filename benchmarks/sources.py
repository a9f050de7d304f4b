"""Data of the usual shapes, made up: speed does not depend on what the pictures show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from paribus.records.parts import register
from paribus.records.recipe import Recipe


class Noise:
    """Random pictures with random labels.

    Args:
        count: number of examples.
        channels: number of channels.
        size: height and width in pixels.
    """

    def __init__(self, count: int = 10_000, channels: int = 3, size: int = 32) -> None:
        self.count, self.channels, self.size = count, channels, size

    def key(self) -> Mapping[str, Any]:
        return vars(self)

    def write(self, cache: Any) -> None:
        draw = np.random.default_rng(0)
        shape = (self.channels, self.size, self.size)
        cache.start(classes=tuple("0123456789"), shape=shape, count=self.count)
        for _ in range(0, self.count, 1000):
            pictures = draw.integers(0, 256, (1000, *shape), dtype=np.uint8)
            cache.add(pictures, draw.integers(0, 10, 1000), "train")


register("data", Noise, name="noise")


def mlp(epochs: int, **changes: Any) -> Recipe:
    """The 784-256-128-10 network on 60,000 pictures of Fashion-MNIST's shape, batches of 128."""
    return recipe(60_000, 1, 28, {"use": "mlp", "widths": [256, 128]}, epochs, changes)


def cnn(epochs: int, count: int = 6_000, **changes: Any) -> Recipe:
    """The 32-64-128 network with batch norm on pictures of CIFAR-10's shape, batches of 128."""
    model = {"use": "cnn", "widths": [32, 64, 128], "norm": "batch"}
    return recipe(count, 3, 32, model, epochs, changes)


def recipe(count: int, channels: int, size: int, model: dict[str, Any], epochs: int, changes: Any) -> Recipe:
    plain = {
        "name": f"benchmark/{model['use']}",
        "data": {"use": "noise", "count": count, "channels": channels, "size": size},
        "split": {"val": 0.1, "test": 0.0},
        "model": model,
        "optimizer": {"use": "sgd", "lr": 0.01, "momentum": 0.9},
        "training": {"batch_size": 128, "precision": "fp32"},
        "budget": {"epochs": epochs},
    }
    return Recipe.read(plain).override(changes)

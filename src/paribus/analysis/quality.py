"""Losses of a generator beside the quality of what it generates, which they often say nothing about."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from paribus.errors import DataError
from paribus.records.run import RunFolder

DISTANCE = "Fréchet distance"
FIGURES = {
    "generator loss": "val/generator_loss",
    "discriminator loss": "val/discriminator_loss",
    DISTANCE: "val/frechet",
}


@dataclass(frozen=True)
class Quality:
    """Losses and distance over the epochs.

    Args:
        epochs: name → the epochs in which it is known.
        values: name → its values in these epochs; losses may be negative.
    """

    epochs: Mapping[str, tuple[int, ...]]
    values: Mapping[str, tuple[float, ...]]


def quality(folder: RunFolder) -> Quality:
    """Losses and Fréchet distance of a run, from its records.

    Args:
        folder: the run.

    Raises:
        DataError: if no Fréchet distance has been recorded.
    """
    rows = folder.history
    known = {
        name: [(row["epoch"], row[figure]) for row in rows if _finite(row.get(figure))]
        for name, figure in FIGURES.items()
    }
    if not known[DISTANCE]:
        raise DataError("this run has recorded no Fréchet distance", got=str(folder.path), hint="train with task=gan")
    return Quality(
        {name: tuple(epoch for epoch, _ in points) for name, points in known.items() if points},
        {name: tuple(value for _, value in points) for name, points in known.items() if points},
    )


def _finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)

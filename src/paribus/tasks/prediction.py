"""What a trained network predicts for one file or one example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from torch import Tensor

SHOWN = 4  # numbers of a point that a line shows


@dataclass(frozen=True)
class Prediction:
    """A prediction for one file or one example.

    Args:
        file: the path as given, or the number of the example, from 0.
        label: the prediction in a word or two: the most probable class, the share of pixels of the largest classes.
        figures: numbers that belong to it, by name: class → probability.
        picture: (C, H, W) uint8, C = 1 or 3, where the prediction is a picture: an overlay, a cleaned photograph.
        table: column → values, where the prediction is a table: a forecast.
        text: where the prediction is a text.
        problem: why there is no prediction.
        agreement: where several networks predicted together, the share of them that says the label on its own; where
            one looked at several views of a picture, the share of the views; else ``None``.
    """

    file: str
    label: str = ""
    figures: Mapping[str, float] | None = None
    picture: Tensor | None = field(default=None, repr=False)
    table: Mapping[str, list[float | str]] | None = field(default=None, repr=False)
    text: str = ""
    problem: str = ""
    agreement: float | None = None


def of_point(point: Sequence[float]) -> Prediction:
    """Where an example lies, in a space in which no single number means anything: z0, z1, …"""
    first = ", ".join(f"{value:.2f}" for value in point[:SHOWN])
    numbers = {f"z{place}": value for place, value in enumerate(point)}
    return Prediction("", f"{first}, … ({len(point)} numbers)", numbers)

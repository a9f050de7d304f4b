"""Numbers that are still on the device: fetched all at once, since each fetch waits for the device."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import torch
from torch import Tensor

DIGITS = 5  # that are kept: more would only fill the disk


class Readings:
    """Figures by field and name, each the mean of what was noted of it."""

    def __init__(self) -> None:
        self._names: list[tuple[str, str]] = []
        self._values: list[Tensor] = []

    def note(self, name: str, **figures: Tensor) -> None:
        """Note scalars for a name (a layer, a stage), each under its field."""
        for field, value in figures.items():
            self._names.append((field, name))
            self._values.append(value)

    def fetch(self) -> dict[str, dict[str, float]]:
        """Field → name → mean, rounded; names in the order in which they were first noted."""
        found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        for (field, name), value in zip(self._names, fetched(self._values), strict=True):
            found[field][name].append(value)
        return {
            field: {name: rounded(sum(values) / len(values)) for name, values in by_name.items()}
            for field, by_name in found.items()
        }


def fetched(scalars: Iterable[Tensor]) -> list[float]:
    """The values of scalars, in one go."""
    scalars = [scalar.detach().float() for scalar in scalars]
    return torch.stack(scalars).tolist() if scalars else []


def rounded(value: float) -> float:
    """To so many digits as are written down."""
    return float(f"{value:.{DIGITS}g}")

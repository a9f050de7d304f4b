"""What a run left behind, read once for all checks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from paribus.errors import DamagedRecord
from paribus.records.run import RunFolder, Status
from paribus.records.signals import Look

RATED = ("val/accuracy", "val/pixel_accuracy")  # figures that guessing the most frequent class can be compared with
STAGE = "model"  # the only stage of most tasks
UNRECORDED = "this run recorded no signals"


@dataclass(frozen=True)
class Record:
    """What a run left behind.

    Args:
        status: where it stands.
        rows: one for each epoch.
        figures: of the final weights, or of the last epoch.
        info: what the data were like.
        recipe: every option, as nested plain data.
        weights: the file of the final weights.
        looks: what was seen inside of it, look by look; none where that was not recorded.
        steps: how many were made.
        stopped: whether a stopping rule ended it.
    """

    status: Status
    rows: Sequence[Mapping[str, Any]]
    figures: Mapping[str, Any]
    info: Mapping[str, Any]
    recipe: Mapping[str, Any]
    weights: Path
    looks: Sequence[Look] = ()
    steps: int = 0
    stopped: bool = False

    @classmethod
    def read(cls, folder: RunFolder) -> Record:
        """All files that the checks look at, once."""
        rows, result = folder.history, folder.result
        figures = result.metrics if result else rows[-1] if rows else {}
        return cls(
            status=folder.status,
            rows=rows,
            figures=figures,
            info=folder.info(),
            recipe=folder.read().get("recipe", {}),
            weights=folder.weights,
            looks=_looks(folder),
            steps=int(rows[-1].get("step") or 0) if rows else 0,
            stopped=bool(result and result.stopped_early),
        )

    def option(self, field: str, default: Any = None) -> Any:
        """The value of a dotted field of the recipe: ``optimizer.lr``."""
        value: Any = self.recipe
        for name in field.split("."):
            if not isinstance(value, Mapping) or name not in value:
                return default
            value = value[name]
        return value

    @cached_property
    def lr(self) -> float | None:
        """The learning rate of its optimizer, where it has one."""
        lr = self.option("optimizer.lr")
        return float(lr) if isinstance(lr, (int, float)) else None

    @cached_property
    def shares(self) -> list[float]:
        """How often each class is among the training targets; empty where targets are no classes."""
        counts = self.info.get("class_counts") or ()
        return [count / sum(counts) for count in counts if count] if len(counts) > 1 and sum(counts) else []

    @property
    def classes(self) -> int:
        """How many there are among the training targets."""
        return len(self.shares)

    @cached_property
    def rated(self) -> str:
        """The share of right answers, as it is called here; empty where answers are no classes."""
        return next((name for name in RATED if self.figures.get(name) is not None), "") if self.shares else ""

    @cached_property
    def classifies(self) -> bool:
        """Whether single answers are one of several classes, and the loss is of them."""
        return self.rated == "val/accuracy"

    @cached_property
    def diverged(self) -> bool:
        """Whether the loss became infinite or no number."""
        broken = (name for row in self.rows for name in row.get("non_finite", ()) if "loss" in name)
        return self.status.state == "diverged" or next(broken, None) is not None

    @cached_property
    def probed(self) -> list[Look]:
        """The looks at which the probe was shown to the network."""
        return [look for look in self.looks if look.probed]

    @property
    def start(self) -> Look | None:
        """The look before the first step."""
        return next((look for look in self.probed if look.step == 0), None)

    @property
    def end(self) -> Look | None:
        """The last look behind a step."""
        return next((look for look in reversed(self.probed) if look.step > 0), None)

    def curve(self, name: str) -> list[tuple[float, float]]:
        """A figure over epochs, without gaps."""
        return [(float(row["epoch"]), float(row[name])) for row in self.rows if row.get(name) is not None]

    def values(self, name: str) -> list[float]:
        """A figure of every epoch that has one."""
        return [value for _, value in self.curve(name)]

    def why_unseen(self, field: str) -> str:
        """Why a field of the looks is missing."""
        said = (look.unrecorded[field] for look in self.looks if field in look.unrecorded)
        return next(said, "it was not recorded here") if self.looks else UNRECORDED

    @cached_property
    def matrices(self) -> dict[str, tuple[int, ...]]:
        """Name → shape of all weights of two dimensions or more in the final weights."""
        return dict(_shapes(self.weights)) if self.weights.exists() else {}


def _looks(folder: RunFolder) -> tuple[Look, ...]:
    try:
        return folder.signals
    except DamagedRecord:
        return ()


def _shapes(path: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            for name in file.keys():  # noqa: SIM118
                shape = tuple(file.get_slice(name).get_shape())
                if len(shape) > 1:
                    yield name, shape
    except (SafetensorError, OSError):
        return


def finite(values: Sequence[float]) -> list[float]:
    """Those that are numbers."""
    return [value for value in values if math.isfinite(value)]

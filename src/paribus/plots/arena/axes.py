"""What the arena's pictures share: which steps are drawn, on which axis, in which colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from paribus.plots import theme
from paribus.plots.grammar import Spec, number
from paribus.theory.arena import Race, Trajectory

POINTS = 400  # of a path at most: more could not be told apart


def named(race: Race) -> list[tuple[str, Trajectory]]:
    """The trajectories under the names they have in a picture."""
    return [(trajectory.optimizer.label, trajectory) for trajectory in race.trajectories]


def step_axis(steps: int) -> Spec:
    """Steps on a scale that gives room to the early ones, where most happens."""
    ticks = [0, *(m * 10**k for k in range(7) for m in (1, 3) if m * 10**k <= steps)]
    x = number("step", (0, steps), title="step", grid=False, values=ticks)
    x["scale"]["type"] = "symlog"
    return x


def thin(length: int, most: int = POINTS) -> list[int]:
    """Some of the steps, the first and the last among them; early ones, where most happens, are all kept."""
    early = range(min(length, most // 2))
    late = np.linspace(0, length - 1, most).round().astype(int).tolist()
    return sorted({*early, *late} if length > most else range(length))


def palette(number_of: int) -> list[str]:
    """A colour for each; from the eighth on they come again, and lines are dashed."""
    return [theme.ARMS[i % len(theme.ARMS)] for i in range(number_of)]


def dashes(names: Sequence[str]) -> Spec:
    """Solid lines while the colours last, dashed ones after them."""
    strokes = [[1, 0] if i < len(theme.ARMS) else [5, 3] for i in range(len(names))]
    return {"field": "arm", "type": "nominal", "scale": {"domain": list(names), "range": strokes}}


def point(x: Any) -> str:
    """A point as it is written."""
    return ("(" + ", ".join(f"{v:.4g}" for v in x) + ")").replace("-", "−")

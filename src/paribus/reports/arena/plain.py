"""The arena's records as JSON: numbers under plain names; what is not finite is null."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from functools import singledispatch
from typing import Any

import numpy as np

from paribus.files import finite
from paribus.theory.arena import Online, Problem, Race, Trajectory
from paribus.theory.arena.optimizers import Optimizer
from paribus.theory.arena.outcome import Summary

LONGEST = 1000  # points of one path that are written


def as_json(record: Any) -> str:
    """A record as JSON text."""
    return json.dumps(finite(plain(record)), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


@singledispatch
def plain(record: Any) -> Any:
    """Plain data."""
    if isinstance(record, np.ndarray):
        return record.tolist()
    if isinstance(record, Mapping):
        return {key: plain(value) for key, value in record.items()}
    if hasattr(record, "_asdict"):
        return {key: plain(value) for key, value in record._asdict().items()}
    if isinstance(record, list | tuple):
        return [plain(value) for value in record]
    if is_dataclass(record):
        return {key: plain(getattr(record, key)) for key in record.__dataclass_fields__}
    return record


@plain.register
def _problem(problem: Problem) -> Any:
    fields = ("name", "dimensions", "low", "high", "minima", "lowest", "boxed", "derivatives")
    return {"formula": problem.surface.formula, **{key: plain(getattr(problem, key)) for key in fields}}


@plain.register
def _race(race: Race) -> Any:
    content = {key: plain(getattr(race, key)) for key in ("problem", "starts", "steps", "seed", "checked")}
    return {**content, "optimizers": [plain(trajectory) for trajectory in race.trajectories]}


@plain.register
def _trajectory(trajectory: Trajectory) -> Any:
    """The first path is written whole, the others by their ends."""
    return {
        **plain(trajectory.optimizer),
        "tuned_over": list(trajectory.tuned),
        "asked": asdict(trajectory.asked),
        **plain(trajectory.summary),
        "last_points": trajectory.points[-1].tolist(),
        "last_values": trajectory.values[-1].tolist(),
        "first_path": trajectory.points[: LONGEST + 1, 0].tolist(),
    }


@plain.register
def _optimizer(optimizer: Optimizer) -> Any:
    return {"optimizer": optimizer.name, "label": optimizer.label, "settings": dict(optimizer.settings)}


@plain.register
def _summary(summary: Summary) -> Any:
    return {
        "reached": {**asdict(summary.reached), "value": summary.reached.value},
        "steps_10_50_90": summary.steps,
        "median_last_value": summary.last,
        "ended": summary.kinds,
        "ends": [asdict(end) for end in summary.ends],
    }


@plain.register
def _online(walk: Online) -> Any:
    walks = [{"optimizer": one.name, "last_x": float(one.x[-1]), "regret": float(one.regret[-1])} for one in walk.walks]
    return {"c": walk.c, "steps": walk.steps, "lr": walk.lr, "best": walk.best, "walks": walks}

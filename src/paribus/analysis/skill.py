"""Skill: how much better a trained network is than baselines that need no model, on the same examples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import torch
from pydantic import Field

from paribus.evidence.bootstrap import skill_interval
from paribus.evidence.estimate import Estimate
from paribus.inference.trained import SplitName, Trained, batches


@dataclass(frozen=True)
class Skill:
    """Errors of one run and of the baselines on one split of its data.

    Args:
        split: of the data.
        errors: mean error of the network and of each baseline.
        against: baseline → 1 − error / error of the baseline, with its interval over the examples.
        examples: how many.
    """

    split: str
    errors: Mapping[str, float]
    against: Mapping[str, Estimate]
    examples: int


def skill(
    trained: Trained, *, split: SplitName = "val", confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95
) -> Skill:
    """Compare a network with the baselines of its task.

    The interval says how sure the skill of this network is in view of the examples it was measured on; what another
    seed would give is a question for a study.

    Args:
        trained: the network.
        split: which examples are asked.
        confidence: of the intervals.

    Raises:
        DataError: if the task has no baselines, or the data have no such split.
    """
    errors = errors_of(trained, split)
    own, *baselines = errors
    return Skill(
        split,
        {name: float(values.mean()) for name, values in errors.items()},
        {name: skill_interval(errors[own].numpy(), errors[name].numpy(), confidence) for name in baselines},
        len(errors[own]),
    )


@torch.inference_mode()
def errors_of(trained: Trained, split: str) -> dict[str, torch.Tensor]:
    """The error of every example (n,), in order: of the network first, then of each baseline."""
    pieces = [trained.task.errors(trained.network, batch) for batch in batches(trained, split)]
    return {name: torch.cat([piece[name] for piece in pieces]).double() for name in pieces[0]}

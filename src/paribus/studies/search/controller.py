"""A controller that learns by reinforcement which values to try: REINFORCE (Williams 1992; Zoph & Le 2017).

The policy is a table of logits for each field: trial by trial, values are drawn from its softmax, and the figure that
the trial reaches is the reward. After each trial every logit goes along the policy gradient,

    θ ← θ + rate · (r − b) / s · ∇ log π(choices),

by :mod:`paribus.tasks.policy`, where b and s are mean and standard deviation of the ten rewards before, which do
not depend on the choices; so the step is, on average, along the gradient of the expected reward. Ranges are cut into
levels. Fields are drawn independently of each other: what only works together is found, but learned field by field.

The policy is a pure function of the trials so far, so a search that was interrupted goes on with the same one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from paribus.chance import key
from paribus.studies.search.space import Dimension, Space, encoded
from paribus.tasks.policy import against_before, score

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

LEVELS = 8  # into which a range is cut
RATE = 0.3  # of learning
BEFORE = 10  # rewards that make the baseline: that of all would lag behind a policy that improves
MOST = 3.0  # standard deviations that a reward counts: one surprise among the first trials decides nothing


def learned(choices: Sequence[int | None], rewards: Sequence[float], size: int, rate: float = RATE) -> Tensor:
    """The logits of one field after some trials, of shape (size,).

    Args:
        choices: of each trial the position of its value, ``None`` where it had no such field.
        rewards: of each trial, larger is better.
        size: how many values there are.
        rate: of learning.
    """
    logits = torch.zeros(size, dtype=torch.float64)
    gains = rate * against_before(rewards, BEFORE).clamp(-MOST, MOST)
    for choice, gain in zip(choices, gains, strict=True):
        if choice is not None:
            logits += gain * score(logits, torch.tensor(choice))
    return logits


def draw(probabilities: Tensor, *names: str | int) -> int:
    """A position, drawn as a pure function of names."""
    u = key(*names) / 2**63
    return min(int(torch.searchsorted(probabilities.cumsum(0), u, right=True)), len(probabilities) - 1)


class Controller:
    """The controller as a sampler of optuna, for any study whose fields are those of a space.

    Args:
        space: the fields, and into which levels their ranges are cut.
        seed: of its chance, which is a pure function of seed, trial and field.
        rate: of learning.
    """

    def __init__(self, space: Space, seed: int, rate: float = RATE) -> None:
        self.space, self.seed, self.rate = space, seed, rate

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, Any]:
        """No field is drawn together with another."""
        return {}

    def sample_relative(self, study: Study, trial: FrozenTrial, search_space: dict[str, Any]) -> dict[str, Any]:
        """Nothing, therefore."""
        return {}

    def sample_independent(self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: Any) -> Any:
        """The value of one field, as optuna knows it."""
        dimension = self.space[param_name]
        values = [encoded(dimension, value) for value in levels(dimension)]
        rewarded = rewards(study)
        chosen = [values.index(known) if (known := one.get(param_name)) in values else None for one, _ in rewarded]
        logits = learned(chosen, [reward for _, reward in rewarded], len(values), self.rate)
        return values[draw(logits.softmax(0), self.seed, "reinforce", trial.number, param_name)]

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Nothing is to be prepared."""

    def after_trial(self, study: Study, trial: FrozenTrial, state: Any, values: Any) -> None:
        """Nothing is to be kept: what was learned follows from the trials."""

    def reseed_rng(self) -> None:
        """Its chance has no state."""


def rewards(study: Study) -> list[tuple[dict[str, Any], float]]:
    """The parameters and the reward, larger is better, of every trial of a study that has a figure, by number."""
    sign = 1.0 if study.direction.name == "MAXIMIZE" else -1.0
    found = []
    for trial in study.get_trials(deepcopy=False):
        value = trial.value
        if trial.state.name == "PRUNED" and trial.intermediate_values:
            value = trial.intermediate_values[max(trial.intermediate_values)]
        if value is not None:
            found.append((trial.params, sign * value))
    return found


def levels(dimension: Dimension) -> tuple[Any, ...]:
    """What a field is chosen from: all values of a list, or some of a range."""
    return dimension.values or dimension.grid(LEVELS)

"""A controller that learns by reinforcement which values to try: REINFORCE (Williams 1992; Zoph & Le 2017).

The policy is a table of logits for each field: trial by trial, values are drawn from its softmax, and the figure that
the trial reaches is the reward. After each trial every logit goes along the policy gradient,

    θ ← θ + rate · (r − b) / s · ∇ log π(choices),       ∇ log π(k) = eₖ − π,

where b and s are the mean and the standard deviation of the ten rewards before, which do not depend on the choices; so
the step is, on average, along the gradient of the expected reward. Ranges are cut into levels. Fields are drawn
independently of each other: what only works together is found, but learned field by field.

The policy is a pure function of the trials so far, so a search that was interrupted goes on with the same one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from paribus.chance import key
from paribus.studies.search.space import Dimension, Space, encoded

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

LEVELS = 8  # into which a range is cut
RATE = 0.3  # of learning
BEFORE = 10  # rewards that make the baseline: that of all would lag behind a policy that improves
MOST = 3.0  # standard deviations that a reward counts: one surprise among the first trials decides nothing

Floats = NDArray[np.float64]


def softmax(logits: Floats) -> Floats:
    """π of shape (K,)."""
    shifted = np.exp(logits - logits.max())
    return np.asarray(shifted / shifted.sum())


def score(logits: Floats, choice: int) -> Floats:
    """∇ log π(choice) with respect to the logits: eₖ − π, of shape (K,)."""
    found = -softmax(logits)
    found[choice] += 1.0
    return found


def advantages(rewards: Sequence[float]) -> Floats:
    """(r − b) / s of every reward, by the mean and the spread of the ten before it; 0 of the first."""
    values = np.asarray(rewards, np.float64)
    found = np.zeros(len(values))
    for i in range(1, len(values)):
        before = values[max(0, i - BEFORE) : i]
        spread, gain = float(before.std()), values[i] - before.mean()
        found[i] = gain / spread if spread > 0 else np.sign(gain)
    return found


def learned(choices: Sequence[int | None], rewards: Sequence[float], size: int, rate: float = RATE) -> Floats:
    """The logits of one field after some trials, of shape (size,).

    Args:
        choices: of each trial the position of its value, ``None`` where it had no such field.
        rewards: of each trial, larger is better.
        size: how many values there are.
        rate: of learning.
    """
    logits = np.zeros(size)
    for choice, advantage in zip(choices, advantages(rewards), strict=True):
        if choice is not None:
            logits += rate * min(max(advantage, -MOST), MOST) * score(logits, choice)
    return logits


def draw(probabilities: Floats, *names: str | int) -> int:
    """A position, drawn as a pure function of names."""
    u = key(*names) / 2**63
    return min(int(np.searchsorted(np.cumsum(probabilities), u, side="right")), len(probabilities) - 1)


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
        return values[draw(softmax(logits), self.seed, "reinforce", trial.number, param_name)]

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

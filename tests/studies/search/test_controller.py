"""The controller: that it steps along the policy gradient, and finds the best entry of a table."""

from __future__ import annotations

import numpy as np
import optuna
import pytest
import torch

from paribus.chance import key
from paribus.records.recipe import Recipe
from paribus.records.search import Trial
from paribus.studies.search.controller import BEFORE, Controller, draw, learned
from paribus.studies.search.samplers import Choosing
from paribus.studies.search.space import Space
from paribus.tasks.policy import against_before


def test_T24_learning_steps_along_that_gradient():
    """The second of two trials, averaged over all its choices: rate · ∂J/∂θ / spread."""
    rewards, choices = [0.2, 0.6], [0, 1]  # what is known: mean .4, standard deviation .2
    before = learned(choices, rewards, 2, rate=0.4)
    mean = np.zeros(2)
    for i, reward in enumerate((0.1, 0.8)):
        after = learned([*choices, i], [*rewards, reward], 2, rate=0.4)
        mean += (before.softmax(0)[i] * (after - before)).numpy()
    values, probabilities = np.array([0.1, 0.8]), before.softmax(0).numpy()
    gradient = probabilities * (values - probabilities @ values)
    assert mean == pytest.approx(0.4 * gradient / 0.2, abs=1e-12)


def test_the_baseline_is_made_of_what_came_before():
    assert against_before([0.5], BEFORE).tolist() == [0.0]
    assert against_before([0.2, 0.6, 0.8], BEFORE).tolist() == pytest.approx([0.0, 1.0, (0.8 - 0.4) / 0.2])
    assert learned([0, None], [0.1, 0.9], 3).tolist() == pytest.approx([0, 0, 0])  # it had no such field


def test_draws_follow_the_policy():
    probabilities = torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64)
    found = [draw(probabilities, 1, number) for number in range(3000)]
    for place, probability in enumerate(probabilities.tolist()):
        sd = (probability * (1 - probability) / 3000) ** 0.5
        assert abs(found.count(place) / 3000 - probability) < 4 * sd


def test_T24_the_policy_finds_the_best_entry_of_a_table():
    """5 depths × 4 input sizes with noise: for 5 of 6 seeds the entry that 100 trials end with most often."""
    table = -(((np.arange(5) - 3) / 2) ** 2)[:, None] - ((np.arange(4) - 1) / 2) ** 2
    found = 0
    for seed in range(6):
        chosen, rewards = [[], []], []
        for number in range(100):
            at = [
                draw(learned(chosen[field], rewards, table.shape[field]).softmax(0), seed, number, field)
                for field in range(2)
            ]
            for field in range(2):
                chosen[field].append(at[field])
            rewards.append(float(table[*at]) + 0.1 * ((key(seed, number) % 1000) / 500 - 1))
        ends = list(zip(*chosen, strict=True))[-20:]
        found += max(set(ends), key=ends.count) == (3, 1)
    assert found >= 5  # of 60 others, 57 were found


def test_T24_the_controller_chooses_depth_and_input_size_as_a_sampler_of_optuna():
    space = Space.of(
        Recipe.load("digits/mlp"), {"model.widths": [[8], [8, 8], [8, 8, 8]], "split.limit": "100..900..400"}
    )
    best = {"model.widths": [8, 8], "split.limit": 900}
    sampler = Controller(space, seed=1)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for _ in range(50):
        trial = study.ask()
        settings = {
            "model.widths": space["model.widths"].values[trial.suggest_categorical("model.widths", range(3))],
            "split.limit": trial.suggest_int("split.limit", 100, 900, step=400),
        }
        study.tell(trial, sum(settings[field] == value for field, value in best.items()))
    ends = [trial.value for trial in study.trials[-15:]]
    assert sum(ends) / len(ends) > 1.5  # by chance 2/3
    choose = Choosing(space, "reinforce", 1, True, 50)
    known = [Trial(0, best, "finished", 2.0, 1, (2.0,))]
    assert choose(1, known).keys() == best.keys()

"""Samplers: what they choose follows from the seed, the number, and the trials before."""

from __future__ import annotations

import importlib.util
import math
from dataclasses import replace
from statistics import fmean

import pytest

from paribus.errors import StudyError
from paribus.records.recipe import Recipe
from paribus.records.search import Trial
from paribus.studies.search import samplers
from paribus.studies.search.samplers import SAMPLERS, Choosing, laid_out, require
from paribus.studies.search.space import Space

RECIPE = Recipe.load("digits/cnn")
SPACE = Space.of(
    RECIPE, {"lr": "1e-4..1", "optimizer.use": "sgd,adam", "beta1": "0.5..0.99", "batch_size": "16..64..16"}
)
HERE = [name for name in SAMPLERS if name != "cmaes" or importlib.util.find_spec("cmaes")]


def figure(settings) -> float:
    """Best at a rate of 0.01, with adam."""
    return -((math.log10(settings["optimizer.lr"]) + 2) ** 2) - 0.5 * (settings["optimizer.use"] == "sgd")


def told(trial: Trial) -> Trial:
    value = figure(trial.settings)
    return replace(trial, state="finished", value=value, epochs=1, figures=(value,))


def search(name: str, trials: int, seed: int = 0, space: Space = SPACE) -> list[Trial]:
    choose, known = Choosing(space, name, seed, True, trials), []
    for number in range(len(choose.grid) if name == "grid" else trials):
        known.append(told(Trial(number, choose(number, known))))
    return known


@pytest.mark.parametrize("name", HERE)
def test_a_sampler_that_begins_anew_chooses_what_it_would_have_chosen(name):
    """S14: a killed search goes on as if nothing had happened: no sampler remembers anything."""
    whole = search(name, 13)
    for moment in (1, len(whole) // 2, len(whole) - 1):
        assert Choosing(SPACE, name, 0, True, 13)(moment, whole[:moment]) == whole[moment].settings


@pytest.mark.parametrize("name", HERE)
def test_every_sampler_chooses_what_belongs_to_the_space(name):
    for trial in search(name, 13):
        adam = trial.settings["optimizer.use"] == "adam"
        assert list(trial.settings) == [one.field for one in SPACE if one.field != "optimizer.beta1" or adam]
        assert all(SPACE[path].holds(value) for path, value in trial.settings.items())
        RECIPE.override(trial.settings).resolved()


@pytest.mark.parametrize("name", [name for name in HERE if name != "grid"])
def test_another_seed_is_another_search(name):
    assert [one.settings for one in search(name, 3)] != [one.settings for one in search(name, 3, seed=1)]


@pytest.mark.parametrize("name", ["tpe", "reinforce"])
def test_samplers_that_learn_look_where_it_is_good(name):
    """The second half of 40 trials is better than that of a random search, by the median over three seeds."""
    gains = []
    for seed in range(3):
        ours, chance = (fmean(trial.value for trial in search(one, 40, seed)[20:]) for one in (name, "random"))
        gains.append(ours - chance)
    assert sorted(gains)[1] > 0.3


def test_a_grid_crosses_lists_with_as_many_levels_as_there_is_room_for():
    space = Space.of(RECIPE, {"model.norm": "none,batch,layer", "lr": "1e-3..1"})
    assert len(Choosing(space, "grid", 0, True, 14).grid) == 12
    assert {point["optimizer.lr"] for point in Choosing(space, "grid", 0, True, 14).grid} == {0.001, 0.01, 0.1, 1.0}
    with pytest.raises(StudyError, match="6 points") as caught:
        _ = Choosing(space, "grid", 0, True, 5).grid
    assert "--trials 6" in str(caught.value)
    conditional = Space.of(RECIPE, {"optimizer.use": "sgd,adam", "momentum": [0.0, 0.5, 0.9]})
    assert len(Choosing(conditional, "grid", 0, True, 9).grid) == 3 + 1


def test_a_trial_without_a_figure_counts_as_the_worst_so_far():
    known = search("random", 3)
    lost = Trial(3, known[0].settings, "diverged")
    study = laid_out(SPACE, [*known, lost, Trial(4, known[1].settings, "running")], higher_is_better=True)
    values = [trial.value for trial in study.trials]
    assert values[3] == min(values[:3])
    assert [trial.state.name for trial in study.trials] == [*["COMPLETE"] * 4, "RUNNING"]
    assert laid_out(SPACE, [lost], higher_is_better=True).trials[0].state.name == "FAIL"


def test_a_sampler_whose_package_is_missing_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(samplers.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(StudyError) as caught:
        require("cmaes")
    assert "pip install cmaes" in str(caught.value)
    require("tpe")

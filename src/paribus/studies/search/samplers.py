"""Samplers: which values the next trial of a search gets.

What is chosen is a pure function of the search's seed, the trial's number, and what is known of the trials before: no
sampler keeps anything in memory. The study of optuna is laid out anew from these trials whenever it is asked, with the
generators seeded for the one trial; so a search that was killed chooses what it would have chosen.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from paribus.chance import key
from paribus.errors import StudyError
from paribus.records.search import Sampler, Trial
from paribus.studies.search.space import Dimension, Space, decoded, encoded

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial

SAMPLERS: Mapping[Sampler, str] = {
    "random": "every value by chance, of a range by its scale",
    "grid": "all values of lists crossed with evenly spread ones of ranges",
    "tpe": "tree-structured Parzen estimator: where good trials lie more densely than bad ones",
    "gp": "Gaussian process: where the figure is expected to improve most",
    "cmaes": "covariance matrix adaptation: a cloud of trials that moves and changes its shape",
    "reinforce": "a controller that learns by policy gradient which values pay",
}
PACKAGES = {"cmaes": "cmaes"}  # sampler → the package that it needs beside optuna
STARTED = datetime(2000, 1, 1)  # of all trials, as optuna wants to know it


@dataclass
class Choosing:
    """Chooses the values of trials.

    Args:
        space: what they are chosen from.
        sampler: how.
        seed: of its chance.
        higher_is_better: which figures are good.
        trials: how many there will be: the size of a grid.
    """

    space: Space
    sampler: Sampler
    seed: int
    higher_is_better: bool
    trials: int
    _attributes: dict[int, dict[str, Any]] = field(default_factory=dict)  # what CMA-ES noted of a trial

    def __call__(self, number: int, known: Sequence[Trial]) -> dict[str, Any]:
        """The values of a trial: field → value.

        Args:
            number: of the trial.
            known: the trials with lower numbers, as they stand.
        """
        if self.sampler == "grid":
            return dict(self.grid[number])
        if self.sampler == "random":
            return dict(self._random(number))
        return self._asked(number, known)

    @cached_property
    def grid(self) -> list[dict[str, Any]]:
        """All points of the grid: as many levels of every range as the number of trials has room for."""
        levels = 1
        while levels <= self.trials and len(finer := [*_points(self.space, levels + 1)]) <= self.trials:
            levels += 1
        if levels == 1:
            hint = f"write --trials {len(finer)}, or another sampler"
            raise StudyError(f"this grid has {len(finer)} points", got=f"--trials {self.trials}", hint=hint)
        return [*_points(self.space, levels)]

    def _random(self, number: int) -> Iterator[tuple[str, Any]]:
        chosen: dict[str, Any] = {}
        for dimension in self.space:
            if self.space.exists(dimension, chosen):
                chosen[dimension.field] = dimension.at(key(self.seed, "random", number, dimension.field) / 2**63)
        yield from chosen.items()

    def _asked(self, number: int, known: Sequence[Trial]) -> dict[str, Any]:
        """What optuna says."""
        if self.sampler == "cmaes":
            for trial in known:  # in order: what it noted of the earlier ones counts
                if trial.number not in self._attributes:
                    before = [one for one in known if one.number < trial.number]
                    self._asked(trial.number, [_running(one) if one.number in trial.beside else one for one in before])
        study = laid_out(self.space, known, self.higher_is_better, self._attributes)
        study.sampler = _SAMPLERS[self.sampler](self.space, key(self.seed, self.sampler, number) % 2**32)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is experimental in optuna
            asked = study.ask()
            chosen: dict[str, Any] = {}
            for dimension in self.space:
                if self.space.exists(dimension, chosen):
                    chosen[dimension.field] = decoded(dimension, _suggested(asked, dimension))
        self._attributes[number] = dict(study.get_trials(deepcopy=False)[-1].system_attrs)
        return chosen


def require(sampler: Sampler) -> None:
    """Refuse a sampler whose package is not here.

    Raises:
        StudyError: with the line that installs it.
    """
    package = PACKAGES.get(sampler)
    if package and importlib.util.find_spec(package) is None:
        hint = f"pip install {package}, or choose another sampler: {', '.join(SAMPLERS.keys() - PACKAGES.keys())}"
        raise StudyError(f"the sampler {sampler} needs the package {package}, which is not installed", hint=hint)


def laid_out(
    space: Space, known: Sequence[Trial], higher_is_better: bool, attributes: Mapping[int, Mapping[str, Any]] = {}
) -> Study:
    """A study of optuna in memory that knows these trials.

    A trial without a figure counts as the worst so far: whatever diverges or fails shall not be tried again and again.

    Args:
        space: of the search.
        known: its trials by number.
        higher_is_better: which figures are good.
        attributes: what samplers noted of the trials.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="maximize" if higher_is_better else "minimize")
    study.add_trials(
        _frozen(trial, space, known, higher_is_better, attributes.get(trial.number, {})) for trial in known
    )
    return study


def _frozen(
    trial: Trial, space: Space, known: Sequence[Trial], higher_is_better: bool, attributes: Mapping[str, Any]
) -> FrozenTrial:
    from optuna.trial import TrialState, create_trial

    there = [dimension for dimension in space if dimension.field in trial.settings]
    about: dict[str, Any] = {
        "params": {dimension.field: encoded(dimension, trial.settings[dimension.field]) for dimension in there},
        "distributions": {dimension.field: distribution(dimension) for dimension in there},
        "system_attrs": dict(attributes),
    }
    if trial.state == "finished" and trial.value is not None:
        return create_trial(state=TrialState.COMPLETE, value=trial.value, **about)
    if trial.state == "paused" and trial.value is not None:
        steps = {epoch: value for epoch, value in enumerate(trial.figures, 1) if value is not None}
        return create_trial(state=TrialState.PRUNED, intermediate_values=steps, **about)
    if not trial.over:
        return create_trial(state=TrialState.RUNNING, **about)
    worst = (min if higher_is_better else max)((one.value for one in known if one.value is not None), default=None)
    return create_trial(state=TrialState.FAIL if worst is None else TrialState.COMPLETE, value=worst, **about)


def distribution(dimension: Dimension) -> BaseDistribution:
    """One field as optuna knows it."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if dimension.values:
        return CategoricalDistribution(range(len(dimension.values)))
    log = dimension.scale == "log"
    if dimension.whole:
        return IntDistribution(int(dimension.low), int(dimension.high), log=log, step=int(dimension.step or 1))
    return FloatDistribution(dimension.low, dimension.high, log=log, step=dimension.step)


def _suggested(trial: Any, dimension: Dimension) -> Any:
    if dimension.values:
        return trial.suggest_categorical(dimension.field, range(len(dimension.values)))
    suggest = trial.suggest_int if dimension.whole else trial.suggest_float
    step = {"step": dimension.step} if dimension.scale == "linear" and dimension.step else {}
    return suggest(dimension.field, dimension.low, dimension.high, log=dimension.scale == "log", **step)


def _running(trial: Trial) -> Trial:
    return Trial(trial.number, trial.settings, "running", beside=trial.beside)


def _points(
    space: Space, levels: int, chosen: Mapping[str, Any] | None = None, at: int = 0
) -> Iterator[dict[str, Any]]:
    """All points of a grid, fields that do not exist left out."""
    chosen = dict(chosen or {})
    if at == len(space.dimensions):
        yield chosen
        return
    dimension = space.dimensions[at]
    if not space.exists(dimension, chosen):
        yield from _points(space, levels, chosen, at + 1)
        return
    for value in dimension.values or dimension.grid(levels):
        yield from _points(space, levels, {**chosen, dimension.field: value}, at + 1)


def _tpe(space: Space, seed: int) -> BaseSampler:
    from optuna.samplers import TPESampler

    return TPESampler(seed=seed)


def _gp(space: Space, seed: int) -> BaseSampler:
    from optuna.samplers import GPSampler

    return GPSampler(seed=seed, warn_independent_sampling=False)


def _cmaes(space: Space, seed: int) -> BaseSampler:
    from optuna.samplers import CmaEsSampler

    return CmaEsSampler(seed=seed, warn_independent_sampling=False)


def _reinforce(space: Space, seed: int) -> Any:
    from paribus.studies.search.controller import Controller

    return Controller(space, seed)


_SAMPLERS: Mapping[Sampler, Callable[[Space, int], Any]] = {
    "tpe": _tpe,
    "gp": _gp,
    "cmaes": _cmaes,
    "reinforce": _reinforce,
}

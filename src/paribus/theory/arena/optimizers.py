"""The optimizers of a race: the rules of :mod:`paribus.scratch.optim`, made for a problem and set as people ask."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from paribus.errors import TheoryError, nearest
from paribus.scratch.graph import Array
from paribus.scratch.optim import RULES, Rule
from paribus.theory.arena.problems import Problem

LABELS = {
    "sgd": "SGD",
    "momentum": "momentum",
    "nesterov": "Nesterov",
    "adagrad": "Adagrad",
    "rmsprop": "RMSprop",
    "adam": "Adam",
    "adamw": "AdamW",
    "adamax": "AdaMax",
    "nadam": "Nadam",
    "amsgrad": "AMSGrad",
    "linesearch": "line search",
    "newton": "Newton",
    "lbfgs": "L-BFGS",
}
SELF_SCALED = ("linesearch", "newton", "lbfgs")  # their natural step is 1: there is no learning rate to tune

# What a setting may be: a rule in words, and the test of it.
BOUNDS: dict[str, tuple[str, Callable[[float], bool]]] = {
    "lr": ("a learning rate is above 0", lambda v: v > 0),
    "momentum": ("momentum lies in [0, 1)", lambda v: 0 <= v < 1),
    "alpha": ("alpha lies in [0, 1)", lambda v: 0 <= v < 1),
    "beta1": ("beta1 lies in [0, 1)", lambda v: 0 <= v < 1),
    "beta2": ("beta2 lies in [0, 1)", lambda v: 0 <= v < 1),
    "eps": ("eps is at least 0", lambda v: v >= 0),
    "decay": ("decay is at least 0", lambda v: v >= 0),
    "warming": ("warming is at least 0", lambda v: v >= 0),
    "shrink": ("shrink lies between 0 and 1", lambda v: 0 < v < 1),
    "slope": ("slope lies between 0 and 1", lambda v: 0 < v < 1),
    "damping": ("damping is above 0", lambda v: v > 0),
    "history": ("history is a whole number of at least 1", lambda v: v >= 1 and v == int(v)),
}


@dataclass
class Asked:
    """Evaluations of values, gradients and Hessians so far: a cost that steps alone would hide."""

    values: int = 0
    gradients: int = 0
    hessians: int = 0


@dataclass(frozen=True)
class Optimizer:
    """An optimizer with its settings.

    Args:
        name: of the rule, as in :data:`LABELS`.
        settings: what differs from the rule's defaults.
    """

    name: str
    settings: Mapping[str, float] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """As it is shown: ``Adam lr=0.1``."""
        said = [f"{key}={value:g}" for key, value in self.settings.items()]
        return " ".join([LABELS[self.name], *said])

    @property
    def tunable(self) -> bool:
        """Whether it has a learning rate that must be chosen."""
        return self.name not in SELF_SCALED and "lr" not in self.settings

    def having(self, **settings: float) -> Optimizer:
        """The same optimizer with other settings."""
        return optimizer(self.name, {**self.settings, **settings})

    def rule(self, problem: Problem, asked: Asked) -> Rule:
        """The update rule; a joint one may ask the problem for values and Hessians, and that is counted."""
        made = RULES[self.name](**_arguments(self.name, self.settings))
        known = {one.name for one in fields(made)}

        def value(x: Array) -> float:
            asked.values += 1
            return float(problem.value(problem.keep(x)))

        def hessian(x: Array) -> Array:
            asked.hessians += 1
            return problem.hessian(x)

        given = {"value": value, "hessian": hessian}
        return replace(made, **{key: function for key, function in given.items() if key in known})  # type: ignore[arg-type]


def optimizer(name: str, settings: Mapping[str, float] | None = None) -> Optimizer:
    """An optimizer by name, its settings checked.

    Raises:
        TheoryError: for unknown names, unknown settings, and values that cannot be.
    """
    name = name.lower().replace("-", "").replace(" ", "").replace("_", "")
    if name not in LABELS:
        raise TheoryError("there is no optimizer of this name", got=name, hint=nearest(name, LABELS))
    settings, known = dict(settings or {}), settings_of(name)
    for key, value in settings.items():
        if key not in known:
            raise TheoryError(f"{LABELS[name]} has no setting {key}", got=key, hint=nearest(key, known))
        rule, fits = BOUNDS[key]
        if not math.isfinite(value) or not fits(value):
            raise TheoryError(rule, got=f"{key}={value:g}")
    return Optimizer(name, settings)


def settings_of(name: str) -> dict[str, Any]:
    """The settings of a rule and their defaults; a pair of betas is two settings."""
    found: dict[str, Any] = {}
    for one in fields(RULES[name]):
        if one.name == "betas":
            found |= dict(zip(("beta1", "beta2"), one.default, strict=True))  # type: ignore[arg-type]
        elif one.name in BOUNDS:
            found[one.name] = one.default
    return found


def _arguments(name: str, settings: Mapping[str, float]) -> dict[str, Any]:
    """Settings as the rule's constructor takes them."""
    arguments: dict[str, Any] = {key: value for key, value in settings.items() if not key.startswith("beta")}
    if any(key.startswith("beta") for key in settings):
        whole = {**settings_of(name), **settings}
        arguments["betas"] = (whole["beta1"], whole["beta2"])
    if "history" in arguments:
        arguments["history"] = int(arguments["history"])
    return arguments

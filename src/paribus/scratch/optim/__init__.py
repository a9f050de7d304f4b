"""Optimizers: a table of pure update rules, schedules for their learning rates, and the shell that moves a network."""

from paribus.scratch.optim import schedules
from paribus.scratch.optim.descent import Path, descend
from paribus.scratch.optim.optimizer import Optimizer, flatten, hessian_of, unflatten, value_of
from paribus.scratch.optim.rules import (
    SGD,
    Adagrad,
    Adam,
    AdaMax,
    AdamW,
    AMSGrad,
    Momentum,
    Nadam,
    Nesterov,
    RMSprop,
    Rule,
)
from paribus.scratch.optim.second import LBFGS, LineSearch, Newton, Trial, backtrack

_ALL = (SGD, Momentum, Nesterov, Adagrad, RMSprop, Adam, AdamW, AdaMax, Nadam, AMSGrad, LineSearch, Newton, LBFGS)
RULES = {rule.__name__.lower(): rule for rule in _ALL}

__all__ = [
    "LBFGS",
    "RULES",
    "SGD",
    "AMSGrad",
    "AdaMax",
    "Adagrad",
    "Adam",
    "AdamW",
    "LineSearch",
    "Momentum",
    "Nadam",
    "Nesterov",
    "Newton",
    "Optimizer",
    "Path",
    "RMSprop",
    "Rule",
    "Trial",
    "backtrack",
    "descend",
    "flatten",
    "hessian_of",
    "schedules",
    "unflatten",
    "value_of",
]

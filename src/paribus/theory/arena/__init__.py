"""The arena: optimizers on test surfaces.

>>> from paribus.theory import arena
>>> run = arena.race(arena.problem("rosenbrock"), [arena.optimizer("newton")])
>>> run.trajectories[0].summary.ends[0].kind
'global minimum'
"""

from paribus.theory.arena.convexity import Convexity, Witness, convexity
from paribus.theory.arena.optimizers import LABELS, Optimizer, optimizer
from paribus.theory.arena.outcome import End, Share, Summary, wilson
from paribus.theory.arena.problems import KNOWN, Problem, problem
from paribus.theory.arena.race import Race, Trajectory, race
from paribus.theory.arena.reddi import Online, Walk, reddi
from paribus.theory.arena.stationary import Map, Stationary, at, describe, search
from paribus.theory.arena.sweep import Sweep, parse, sweep
from paribus.theory.arena.trace import Trace, trace
from paribus.theory.arena.typed import typed
from paribus.theory.arena.verify import Check, check

__all__ = [
    "KNOWN",
    "LABELS",
    "Check",
    "Convexity",
    "End",
    "Map",
    "Online",
    "Optimizer",
    "Problem",
    "Race",
    "Share",
    "Stationary",
    "Summary",
    "Sweep",
    "Trace",
    "Trajectory",
    "Walk",
    "Witness",
    "at",
    "check",
    "convexity",
    "describe",
    "optimizer",
    "parse",
    "problem",
    "race",
    "reddi",
    "search",
    "sweep",
    "trace",
    "typed",
    "wilson",
]

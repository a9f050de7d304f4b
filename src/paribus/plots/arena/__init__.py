"""Pictures of the arena: paths on maps, falling values, sweeps, stationary points, line searches, chords."""

from paribus.plots.arena.chords import backtracking, crossing
from paribus.plots.arena.lines import falls, online, sweeps
from paribus.plots.arena.maps import landmarks, paths
from paribus.plots.arena.motion import animation

__all__ = ["animation", "backtracking", "crossing", "falls", "landmarks", "online", "paths", "sweeps"]

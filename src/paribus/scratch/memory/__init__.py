"""Training under a memory budget: what a step keeps, and how to keep less for the same gradients."""

from paribus.scratch.memory.checkpoint import Checkpointed, Plan, Segment, checkpoint
from paribus.scratch.memory.costs import Cost, costs
from paribus.scratch.memory.plan import budgeted, peak, plain, root, smallest, work
from paribus.scratch.memory.profile import Profile, measured_peak, profile

__all__ = [
    "Checkpointed",
    "Cost",
    "Plan",
    "Profile",
    "Segment",
    "budgeted",
    "checkpoint",
    "costs",
    "measured_peak",
    "peak",
    "plain",
    "profile",
    "root",
    "smallest",
    "work",
]

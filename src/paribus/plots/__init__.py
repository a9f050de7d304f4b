"""Pictures of records: pure functions that turn a result into a :class:`Chart`."""

from paribus.plots.arms import arms
from paribus.plots.chart import Chart
from paribus.plots.costs import costs
from paribus.plots.curves import curves
from paribus.plots.forest import forest
from paribus.plots.levels import levels
from paribus.plots.noise import noise
from paribus.plots.paired import paired
from paribus.plots.runs import run_curves
from paribus.plots.tuning import tuning

__all__ = ["Chart", "arms", "costs", "curves", "forest", "levels", "noise", "paired", "run_curves", "tuning"]

"""Statistics of controlled experiments: pure functions on numbers.

Called, as in ``pb.evidence(results)``, it is :func:`paribus.numbers.evidence`.
"""

import importlib
import sys
from types import ModuleType
from typing import Any

from paribus.evidence.anytime import at_every_look, e_value, judge_anytime
from paribus.evidence.crossed import Crossed, crossed_effects
from paribus.evidence.curve import mean_curve
from paribus.evidence.estimate import (
    Estimate,
    contrast,
    contrast_of_means,
    equivalence_p,
    mean_interval,
    paired_difference,
)
from paribus.evidence.factorial import Contrast, Kind, interactions, main_effects
from paribus.evidence.folds import FiveByTwo, five_by_two, k_folds
from paribus.evidence.nested import Nested, nested_effects
from paribus.evidence.planning import (
    Spread,
    assured_difference,
    assured_power,
    assured_seeds,
    combined,
    enough_seeds,
    smallest_difference,
)
from paribus.evidence.power import (
    detectable_difference,
    equivalence_power_of,
    fewest,
    power_of,
    seeds_for,
    seeds_for_equivalence,
)
from paribus.evidence.ranking import Place, Ranking, Winner, compare_with_best, rank
from paribus.evidence.sequential import Decision, InterimAnalyses, alpha_at, plan_analyses, sequential_test
from paribus.evidence.variance import Component, Interval, NoiseBudget, variance_components
from paribus.evidence.verdict import MOST_SEEDS, Judged, Verdict, about_interaction, judge, judge_family

__all__ = [
    "MOST_SEEDS",
    "Component",
    "Contrast",
    "Crossed",
    "Decision",
    "Estimate",
    "FiveByTwo",
    "InterimAnalyses",
    "Interval",
    "Judged",
    "Kind",
    "Nested",
    "NoiseBudget",
    "Place",
    "Ranking",
    "Spread",
    "Verdict",
    "Winner",
    "about_interaction",
    "alpha_at",
    "assured_difference",
    "assured_power",
    "assured_seeds",
    "at_every_look",
    "combined",
    "compare_with_best",
    "contrast",
    "contrast_of_means",
    "crossed_effects",
    "detectable_difference",
    "e_value",
    "enough_seeds",
    "equivalence_p",
    "equivalence_power_of",
    "fewest",
    "five_by_two",
    "interactions",
    "judge",
    "judge_anytime",
    "judge_family",
    "k_folds",
    "main_effects",
    "mean_curve",
    "mean_interval",
    "nested_effects",
    "paired_difference",
    "plan_analyses",
    "power_of",
    "rank",
    "seeds_for",
    "seeds_for_equivalence",
    "sequential_test",
    "smallest_difference",
    "variance_components",
]


class _Room(ModuleType):
    """This room has the name of what is done with it, so it can be called."""

    def __call__(self, results: Any, **options: Any) -> Any:
        """The evidence in a table of figures: see :func:`paribus.numbers.evidence`."""
        return importlib.import_module("paribus.numbers").evidence(results, **options)


sys.modules[__name__].__class__ = _Room

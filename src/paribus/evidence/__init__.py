"""Statistics of controlled experiments: pure functions on numbers."""

from paribus.evidence.anytime import at_every_look, e_value, judge_anytime
from paribus.evidence.curve import mean_curve
from paribus.evidence.estimate import Estimate, contrast, equivalence_p, mean_interval, paired_difference
from paribus.evidence.factorial import Contrast, Kind, interactions, main_effects
from paribus.evidence.power import (
    detectable_difference,
    equivalence_power_of,
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
    "Decision",
    "Estimate",
    "InterimAnalyses",
    "Interval",
    "Judged",
    "Kind",
    "NoiseBudget",
    "Place",
    "Ranking",
    "Verdict",
    "Winner",
    "about_interaction",
    "alpha_at",
    "at_every_look",
    "compare_with_best",
    "contrast",
    "detectable_difference",
    "e_value",
    "equivalence_p",
    "equivalence_power_of",
    "interactions",
    "judge",
    "judge_anytime",
    "judge_family",
    "main_effects",
    "mean_curve",
    "mean_interval",
    "paired_difference",
    "plan_analyses",
    "power_of",
    "rank",
    "seeds_for",
    "seeds_for_equivalence",
    "sequential_test",
    "variance_components",
]

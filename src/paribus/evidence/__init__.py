"""Statistics of controlled experiments: pure functions on numbers."""

from paribus.evidence.estimate import Estimate, contrast, equivalence_p, mean_interval, paired_difference
from paribus.evidence.factorial import Contrast, interactions, main_effects
from paribus.evidence.multiple import holm
from paribus.evidence.power import (
    detectable_difference,
    equivalence_power_of,
    power_of,
    seeds_for,
    seeds_for_equivalence,
)
from paribus.evidence.sequential import Decision, Looks, alpha_at, follow, plan_looks
from paribus.evidence.variance import Component, Interval, NoiseBudget, variance_components
from paribus.evidence.verdict import Judged, Verdict, about_interaction, judge, judge_family

__all__ = [
    "Component",
    "Contrast",
    "Decision",
    "Estimate",
    "Interval",
    "Judged",
    "Looks",
    "NoiseBudget",
    "Verdict",
    "about_interaction",
    "alpha_at",
    "contrast",
    "detectable_difference",
    "equivalence_p",
    "equivalence_power_of",
    "follow",
    "holm",
    "interactions",
    "judge",
    "judge_family",
    "main_effects",
    "mean_interval",
    "paired_difference",
    "plan_looks",
    "power_of",
    "seeds_for",
    "seeds_for_equivalence",
    "variance_components",
]

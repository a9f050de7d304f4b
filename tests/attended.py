"""A made-up record of where a network looks."""

from __future__ import annotations

import torch

from paribus.analysis.attention.faithful import BASELINES, FRACTIONS, MAP
from paribus.analysis.attention.records import RANDOMISATION, Attention, Cascade, Certificate, Likeness, Map, Test
from paribus.analysis.attention.shown import picture_of
from paribus.evidence import Estimate

PICTURE = picture_of(torch.arange(64.0).view(1, 8, 8) * 4)
RAW = ((-1.0, 0.0), (0.5, 2.0))


def estimate(value: float) -> Estimate:
    return Estimate(value, value - 0.1, value + 0.1, 12, 0.1, 11, 0.01)


def made(survives: float = 0.1, gain: float = 0.2, refused: str = "") -> Attention:
    """Maps that survive random weights so far, and are better than the baselines by so much."""
    one = Map(
        "example 3", "cat", "dog", "predicted", -1.5, 0.75, 0, -1.0, 2.0, (2, 2), 0.25, 0.02, refused, RAW, PICTURE
    )
    word = "fails" if survives > 0.5 else "passes"
    tests = [Test(RANDOMISATION, "maps of random weights", word, estimate(survives))]
    for name in BASELINES:
        outcome = "passes" if gain > 0.1 else "undecided"
        tests += [Test(kind, name, outcome, estimate(gain)) for kind in ("deletion", "insertion")]
    curve = {name: tuple(1 - share for share in FRACTIONS) for name in (MAP, *BASELINES)}
    layers = tuple(Likeness(name, estimate(survives), estimate(survives / 2)) for name in ("output", "first <b>"))
    cascade = Cascade(PICTURE, "dog", {"trained": RAW, "output": RAW, "first <b>": RAW})
    certificate = Certificate(12, 1, 5, 0.5, layers, cascade, FRACTIONS, curve, curve, tuple(tests))
    return Attention("gradcam", "stages.1", "val", "mean", (one,), certificate)

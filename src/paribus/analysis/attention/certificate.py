"""The tests that maps must pass before anybody reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from paribus.analysis.attention import faithful, randomised
from paribus.analysis.attention.methods import Way
from paribus.analysis.attention.question import Question
from paribus.analysis.attention.records import RANDOMISATION, Certificate, Likeness, Outcome, Test
from paribus.analysis.attention.shown import cascade_of
from paribus.evidence.crossed import crossed_effects
from paribus.evidence.estimate import Estimate, mean_interval
from paribus.tasks.task import Task

LIMIT = 0.5  # rank correlation with maps of random weights: above it they are more alike than not
DRAWS = 6  # the fewest of which all that agree exactly are evidence: 2·2⁻⁶ < .05
FEWEST = 4  # pictures for an interval

Array = NDArray[np.float64]


def certify(
    task: Task, network: nn.Module, question: Question, way: Way, labels: list[str], left_out: int
) -> Certificate:
    """Test the maps of some pictures.

    A map must differ from those of random weights: the 95 % interval of their rank correlation, over pictures and draws
    of weights, lies below :data:`LIMIT`; it fails if the interval lies above. Pixels must be worth deleting and
    inserting in its order rather than in that of each baseline: the interval of the difference of areas under the
    curves, over pictures, lies on its side of 0. All tests must be passed, so none is corrected for the others.
    """
    ranks, ssims, seen = randomised.likeness(network, question, way, range(DRAWS))
    alike = tuple(Likeness(layer, _crossed(ranks[layer]), _crossed(ssims[layer])) for layer in ranks)
    raw = way.maps(network, question).raw
    found = _curves(task, network, question, raw, way.empty.expand_as(question.inputs))
    last = alike[-1].rank
    tests = [Test(RANDOMISATION, "maps of random weights", _below(last, LIMIT), last), *_faithful(found)]
    return Certificate(
        len(question),
        left_out,
        DRAWS,
        LIMIT,
        alike,
        cascade_of(question.inputs[0], labels[0], {"trained": raw[0], **seen}),
        faithful.FRACTIONS,
        {name: tuple(deleted.mean(0).tolist()) for name, (deleted, _) in found.items()},
        {name: tuple(inserted.mean(0).tolist()) for name, (_, inserted) in found.items()},
        tuple(tests),
    )


def _curves(
    task: Task, network: nn.Module, question: Question, raw: Tensor, empty: Tensor
) -> Mapping[str, tuple[Array, Array]]:
    """Ranking → its curves of deletion and insertion."""
    ranked = faithful.rankings(question.inputs, raw).items()
    return {name: faithful.curves(task, network, question, ranking, empty) for name, ranking in ranked}


def _faithful(found: Mapping[str, tuple[Array, Array]]) -> Iterator[Test]:
    """Deletion makes the class vanish sooner than in another order, insertion makes it appear sooner."""
    deleted, inserted = map(faithful.area, found[faithful.MAP])
    for name in faithful.BASELINES:
        of_deletion, of_insertion = map(faithful.area, found[name])
        for test, gain in (("deletion", of_deletion - deleted), ("insertion", inserted - of_insertion)):
            estimate = replace(mean_interval(gain.tolist()), per_seed=())
            yield Test(test, name, _above(estimate, 0.0), estimate)


def _crossed(table: Array) -> Estimate:
    """The mean of (draws, pictures), both of which might have been others."""
    return replace(crossed_effects(table.tolist()).estimate, per_seed=())


def _above(estimate: Estimate, bound: float) -> Outcome:
    return "passes" if estimate.low > bound else "fails" if estimate.high < bound else "undecided"


def _below(estimate: Estimate, bound: float) -> Outcome:
    return "passes" if estimate.high < bound else "fails" if estimate.low > bound else "undecided"

"""What can be read off a layer: a linear classifier and nearest neighbours, with few labels and with many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field

from paribus.analysis.neighbours import Points, votes
from paribus.data.prepare.divisible import Divisible
from paribus.data.prepare.split import few
from paribus.errors import DataError
from paribus.evidence.proportion import Proportion, proportion
from paribus.inference.activations import INPUTS, PENULTIMATE, Seen, look
from paribus.inference.trained import SplitName, Trained
from paribus.models.fitted.linear import Logistic
from paribus.models.network import assemble

Whole = NDArray[np.int64]
UNTRAINED = "untrained"  # the same layer of the same network before its training


@dataclass(frozen=True)
class Reading:
    """What one space tells of the classes.

    Args:
        space: inputs, the layer, or the same layer untrained.
        labels: training examples whose classes were known.
        linear, neighbours: accuracy of either, with its interval over the examples.
    """

    space: str
    labels: int
    linear: Proportion
    neighbours: Proportion


@dataclass(frozen=True)
class Probe:
    """What is read off a layer, beside the inputs and beside an untrained network.

    Args:
        split: of the data.
        examples: that were asked.
        layer: whose outputs are read.
        k: neighbours that vote.
        readings: by space and by number of labels.
        confidence: of the intervals.
    """

    split: str
    examples: int
    layer: str
    k: int
    readings: tuple[Reading, ...]
    confidence: float


def probe(
    trained: Trained,
    *,
    layer: str = PENULTIMATE,
    few_labels: Annotated[int, Field(ge=1)] = 20,
    train: Annotated[int, Field(ge=2, le=20_000)] = 2000,
    most: Annotated[int, Field(ge=4)] = 1000,
    k: Annotated[int, Field(ge=1)] = 5,
    penalty: Annotated[float, Field(gt=0)] = 10.0,
    split: SplitName = "val",
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95,
) -> Probe:
    """Fit a linear classifier to what a layer makes of training examples, and let nearest neighbours vote.

    The network itself is not changed. Intervals say how sure figures of this network are in view of the examples.

    Args:
        trained: the network.
        layer: whose outputs are read: a name of paribus layers, or penultimate: what the last one is given.
        few_labels: labels of each class, where few are known.
        train: training examples, spread evenly over all, where many are known.
        most: examples that are asked.
        k: neighbours that vote.
        penalty: of the linear classifier, on its squared weights.
        split: which examples are asked.
        confidence: of the intervals.

    Raises:
        DataError: if examples have no class each, or there is no such split or layer.
    """
    if not trained.info.classes:
        raise DataError("a probe reads classes, and these examples have none", got=trained.recipe.data.use)
    recipe, seeds = trained.recipe, trained.recipe.seeds(trained.seed)
    before = replace(trained, network=assemble(recipe.model, trained.task, seeds, blank=True).eval())
    asked, known = look(trained, (INPUTS, layer), split, most), look(trained, (INPUTS, layer), "train", train)
    fresh = look(before, (layer,), split, most), look(before, (layer,), "train", train)
    classes = trained.info.classes
    labels: Whole = known.targets.numpy()
    wanted = min(few_labels * len(np.unique(labels)), len(labels))
    chosen = few(np.arange(len(labels)), Divisible(len(labels), classes, labels), wanted, seeds)
    spaces = [(INPUTS, INPUTS, asked, known), (UNTRAINED, layer, *fresh), (layer, layer, asked, known)]
    readings = tuple(
        reading
        for name, where, one, other in spaces
        for reading in _readings(name, Points(where, one, other, len(classes)), chosen, k, penalty, confidence)
    )
    return Probe(split, len(asked.rows), layer, k, readings, confidence)


def _readings(name: str, points: Points, chosen: Whole, k: int, penalty: float, confidence: float) -> Iterator[Reading]:
    truth, labels = points.asked.targets.numpy(), points.known.targets.numpy()
    for rows in (chosen, np.arange(len(labels))):
        some = replace(points, known=_only(points.known, points.layer, rows))
        near = min(k, len(rows))
        _, order = some.order(points.asked, np.arange(len(truth)), near)
        voted = votes(order, labels[rows], (near,), points.classes)[0]
        found = ((linear(some, penalty) == truth).sum(), (voted == truth).sum())
        yield Reading(name, len(rows), *(proportion(int(hits), len(truth), confidence) for hits in found))


def linear(points: Points, penalty: float) -> Whole:
    """What a linear classifier says of the examples asked about (N,), fitted to standardised numbers of the others."""
    known, asked = (seen.spaces[points.layer].values.double() for seen in (points.known, points.asked))
    mean, deviation = known.mean(0), known.std(0).clamp(min=1e-6)
    model = Logistic(tuple(known.shape[1:]), points.classes, points.classes, penalty)
    model.fit_at_once((known - mean) / deviation, points.known.targets, None, 0)
    with torch.inference_mode():
        said: Whole = model.say((asked - mean) / deviation).argmax(1).numpy()
    return said


def _only(seen: Seen, layer: str, rows: Whole) -> Seen:
    """Some of the examples that were looked at, in one space."""
    chosen = torch.from_numpy(rows)
    space = replace(seen.spaces[layer], values=seen.spaces[layer].values[chosen])
    return replace(seen, rows=seen.rows[chosen], targets=seen.targets[chosen], said=seen.said, spaces={layer: space})

"""The nearest neighbours of examples, among their own numbers and behind a layer: accuracy by k, bias and variance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from paribus.analysis.pictures import addresses
from paribus.chance import key
from paribus.errors import DataError
from paribus.evidence.proportion import Proportion, proportion
from paribus.inference.activations import INPUTS, PENULTIMATE, Pool, Seen, look
from paribus.inference.trained import SplitName, Trained

Array = NDArray[np.float64]
Whole = NDArray[np.int64]

AT_ONCE = 256  # examples whose distances to all training examples are sorted together


@dataclass(frozen=True)
class Decomposition:
    """The 0-1 loss of k neighbours over training sets drawn anew, taken apart (Domingos, 2000, theorem 2).

    Args:
        error: mean share of wrong answers = bias + unbiased − biased.
        bias: share of examples whose most frequent answer is wrong.
        unbiased: variance where that answer is right: it does harm.
        biased: variance where it is wrong, as far as it makes the answer right: it helps.
    """

    error: float
    bias: float
    unbiased: float
    biased: float


@dataclass(frozen=True)
class Curve:
    """What k neighbours know, in one space, for every k.

    Args:
        layer: whose outputs the distances are between.
        says: what they are, in words.
        accuracy: share of the examples whose neighbours say what they are, with its interval over the examples.
        train: the same of training examples, which are their own nearest neighbours.
        errors: over training sets drawn anew.
    """

    layer: str
    says: str
    accuracy: tuple[Proportion, ...]
    train: tuple[float, ...]
    errors: tuple[Decomposition, ...]


@dataclass(frozen=True)
class Near:
    """One example beside others.

    Args:
        row: where it stands in the data set.
        name: of its class.
        distance: from the example in question, as a share of the median one between a test and a training example.
        picture: as an address of HTML; empty where examples are no pictures.
    """

    row: int
    name: str
    distance: float
    picture: str


@dataclass(frozen=True)
class Neighbourhood:
    """One example with its nearest training examples by layer, and what the network says of it."""

    example: Near
    said: str
    neighbours: dict[str, tuple[Near, ...]]


@dataclass(frozen=True)
class Neighbours:
    """Examples of a split and their nearest neighbours among training examples.

    Args:
        split: of the data.
        examples: that were asked.
        train: training examples that neighbours were looked for among.
        ks: numbers of neighbours.
        network: accuracy of the network on the same examples.
        curves: one for each space, the inputs first.
        draws: training sets that errors are over.
        redrawn: examples of each of them.
        shown: some of the examples with their neighbours, those that the network is wrong about first.
        confidence: of the intervals.
    """

    split: str
    examples: int
    train: int
    ks: tuple[int, ...]
    network: Proportion
    curves: tuple[Curve, ...]
    draws: int
    redrawn: int
    shown: tuple[Neighbourhood, ...]
    confidence: float


def neighbours(
    trained: Trained,
    *,
    layer: str = PENULTIMATE,
    split: SplitName = "val",
    pool: Pool = "mean",
    most: Annotated[int, Field(ge=4)] = 1000,
    train: Annotated[int, Field(ge=2, le=20_000)] = 3000,
    draws: Annotated[int, Field(ge=2, le=500)] = 20,
    near: Annotated[int, Field(ge=1, le=12)] = 5,
    shown: Annotated[int, Field(ge=0, le=48)] = 8,
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95,
) -> Neighbours:
    """Classify examples by their nearest neighbours, between the inputs and between what a layer makes of them.

    Distances are Euclidean. A vote that is a draw goes to the first class, as in scikit-learn.

    Args:
        trained: the network.
        layer: whose outputs the distances are between: a name of paribus layers, or penultimate: what the last one is
            given.
        split: which examples are asked.
        pool: how maps become rows of numbers: mean or max of each channel over its positions, or flat: all of them.
        most: examples that are asked, spread over the split.
        train: training examples among which neighbours are looked for, spread over all of them.
        draws: training sets that are drawn with replacement from those, for bias and variance.
        near: neighbours that are shown of an example.
        shown: examples whose neighbours are shown.
        confidence: of the intervals.

    Raises:
        DataError: if there is no such layer, or too few examples.
    """
    layers = tuple(dict.fromkeys((INPUTS, layer)))
    asked, known = look(trained, layers, split, most, pool), look(trained, layers, "train", train, pool)
    truth, labels = _labels(asked), _labels(known)
    ks = numbers_of_neighbours(len(labels))
    found = [Points(name, asked, known, len(trained.info.classes)) for name in layers]
    said = asked.said.argmax(1).numpy()
    hits = int((said == truth).sum())
    return Neighbours(
        split,
        len(truth),
        len(labels),
        ks,
        proportion(hits, len(truth), confidence),
        tuple(one.curve(ks, draws, confidence) for one in found),
        draws,
        len(labels),
        tuple(_shown(trained, asked, known, found, said, near, shown)),
        confidence,
    )


def numbers_of_neighbours(n: int) -> tuple[int, ...]:
    """1, 3, 5, 11, 21, 51, … and n itself: odd ones, so that two classes never draw."""
    odd = [1, 3, 5, *(digit * 10**power + 1 for power in range(1, 9) for digit in (1, 2, 5))]
    return (*(k for k in odd if k < 0.9 * n), n)


def _labels(seen: Seen) -> Whole:
    if len(seen.rows) < 4:
        raise DataError("nearest neighbours are asked of at least 4 examples", got=len(seen.rows))
    labels: Whole = seen.targets.numpy()
    return labels


def votes(order: Whole, labels: Whole, ks: Sequence[int], classes: int, counts: Whole | None = None) -> Whole:
    """What the k nearest say of each example, for every k: (len(ks), N), from neighbours (N, M) by rising distance.

    Args:
        order: training examples by rising distance.
        labels: (M,) their classes.
        ks: numbers of neighbours.
        classes: how many there are.
        counts: (M,) how often each training example is in the training set; once by default.
    """
    times = np.ones(len(labels), np.int64) if counts is None else counts
    here, said = times[order], labels[order]
    before = here.cumsum(1) - here
    least = before.min(0)
    answers = np.empty((len(ks), len(order)), np.int64)
    for place, k in enumerate(ks):
        reach = np.searchsorted(least, k)  # behind it nobody is among the k nearest
        taken = np.clip(k - before[:, :reach], 0, here[:, :reach])  # copies of each that are
        cells = np.arange(len(order))[:, None] * classes + said[:, :reach]
        found = np.bincount(cells.ravel(), taken.ravel(), minlength=len(order) * classes)
        answers[place] = found.reshape(len(order), classes).argmax(1)
    return answers


def decompose(answers: Whole, truth: Whole, classes: int) -> Decomposition:
    """Bias and variance of the 0-1 loss, from answers (draws, N) of models that saw other training sets.

    The main answer of an example is its most frequent one; bias is whether that is wrong, variance how often answers
    differ from it. Where there is no bias all variance is loss; where there is, only answers that become right change
    the loss, which falls by their share (Domingos, 2000: c₂ = −P(y = t | y ≠ main)). There is no noise in one label.
    """
    counts = np.stack([(answers == one).mean(0) for one in range(classes)])  # (classes, N)
    main, right = counts.argmax(0), counts[truth, np.arange(len(truth))]
    bias = main != truth
    variance = 1 - counts.max(0)
    return Decomposition(
        float((answers != truth).mean()),
        float(bias.mean()),
        float(np.where(bias, 0, variance).mean()),
        float(np.where(bias, right, 0).mean()),
    )


def pieces(places: Whole) -> list[Whole]:
    """Some at a time, so that distances to all training examples fit into memory."""
    return np.array_split(places, -(-len(places) // AT_ONCE))


@dataclass(frozen=True)
class Points:
    """One space with the examples asked about and the training examples in it."""

    layer: str
    asked: Seen
    known: Seen
    classes: int

    def order(self, seen: Seen, places: Whole, most: int | None = None) -> tuple[Array, Whole]:
        """Distances and places of the nearest training examples of some examples, by rising distance."""
        from sklearn.neighbors import NearestNeighbors

        train, asked = (one.spaces[self.layer].values.double().numpy() for one in (self.known, seen))
        found = NearestNeighbors(n_neighbors=most or len(train), algorithm="brute").fit(train)
        distances, nearest = found.kneighbors(asked[places])
        return distances, nearest

    def curve(self, ks: Sequence[int], draws: int, confidence: float) -> Curve:
        """Accuracy, bias and variance by k, some examples at a time."""
        truth, labels = _labels(self.asked), _labels(self.known)
        chance = np.random.default_rng(key("neighbours", "training sets"))
        size = len(labels)
        drawn = [np.bincount(chance.integers(size, size=size), minlength=size) for _ in range(draws)]
        once, again, own = [], [], []
        for places in pieces(np.arange(len(truth))):
            _, order = self.order(self.asked, places)
            once.append(votes(order, labels, ks, self.classes))
            again.append(np.stack([votes(order, labels, ks, self.classes, counts) for counts in drawn]))
        some = np.linspace(0, size - 1, min(size, len(truth))).round().astype(np.int64)
        for places in pieces(some):
            own.append(self._of_training(places, labels, ks))
        hits = (np.concatenate(once, 1) == truth).sum(1)
        answers = np.concatenate(again, 2)  # (draws, ks, N)
        return Curve(
            self.layer,
            self.asked.spaces[self.layer].says,
            tuple(proportion(int(hit), len(truth), confidence) for hit in hits),
            tuple((np.concatenate(own, 1) == labels[some]).mean(1).tolist()),
            tuple(decompose(answers[:, place], truth, self.classes) for place in range(len(ks))),
        )

    def _of_training(self, places: Whole, labels: Whole, ks: Sequence[int]) -> Whole:
        """What the neighbours of training examples say, each of which is the first neighbour of its own."""
        _, order = self.order(self.known, places)
        rank = np.where(order == places[:, None], -1, np.arange(order.shape[1]))  # before copies of itself
        return votes(np.take_along_axis(order, rank.argsort(1, kind="stable"), 1), labels, ks, self.classes)

    def scale(self) -> float:
        """The median distance between an example and a training example: the unit of what is shown."""
        distances, _ = self.order(self.asked, np.arange(min(AT_ONCE, len(self.asked.rows))))
        return float(np.median(distances)) or 1.0


def _shown(
    trained: Trained, asked: Seen, known: Seen, spaces: Sequence[Points], said: Whole, near: int, shown: int
) -> list[Neighbourhood]:
    """Examples with their neighbours: those that the network is wrong about first, the surest of them before others."""
    truth, labels, names = _labels(asked), _labels(known), trained.info.classes
    sure = asked.said.max(1).values.numpy()
    places = np.lexsort((-sure, said == truth))[:shown].tolist()
    found: list[dict[str, tuple[Near, ...]]] = [{} for _ in places]
    for space in spaces if places else ():
        unit = space.scale()
        for here, place in zip(found, places, strict=True):
            distances, order = space.order(asked, np.array([place]), min(near, len(labels)))
            here[space.layer] = tuple(_nears(known, order[0], distances[0] / unit, labels, names))
    own = _nears(asked, np.array(places, np.int64), np.zeros(len(places)), truth, names) if places else []
    return [
        Neighbourhood(example, names[said[place]], here)
        for example, place, here in zip(own, places, found, strict=True)
    ]


def _nears(seen: Seen, places: Whole, distances: Array, labels: Whole, names: Sequence[str]) -> list[Near]:
    pictures = addresses(seen, places.tolist())
    rows: Any = seen.rows[places.tolist()].tolist()
    return [
        Near(row, names[labels[place]], float(distance), picture)
        for row, place, distance, picture in zip(rows, places.tolist(), distances, pictures, strict=True)
    ]

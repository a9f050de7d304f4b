"""Why a network is right more often about some classes than about others: accuracy against separation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from paribus.analysis.pictures import addresses
from paribus.chance import key
from paribus.errors import DataError
from paribus.evidence.estimate import Estimate, mean_interval
from paribus.evidence.proportion import Proportion, proportion
from paribus.inference.activations import INPUTS, PENULTIMATE, Pool, Seen, look
from paribus.inference.trained import SplitName, Trained

Array = NDArray[np.float64]
Whole = NDArray[np.int64]
Confidence = Annotated[float, Field(gt=0, lt=1)]
Most = Annotated[int, Field(ge=4, le=10_000)]

SHUFFLED = 9999  # orders of the classes, for p
DRAWS = 1000  # of examples, for intervals of correlations
COUNTS = "training examples"  # of a class: what beside separation may decide its accuracy
FEWEST = 5  # classes of which ranks can tell: of four, 2 of 24 orders are as extreme as the best


@dataclass(frozen=True)
class ClassFigures:
    """One class.

    Args:
        name: of it.
        examples: that were asked.
        training: examples that the network was trained on.
        accuracy: share that was recognised, with its interval over the examples.
        separation: layer → mean silhouette of its examples: 1 apart from all others, 0 on the border, below 0 among
            the examples of another class (Rousseeuw, 1987).
        nearest: layer → the class that most of its examples are nearest to, beside their own.
        taken_for: the class that it is taken for most often; empty where it never is taken for another.
        taken: how often that is.
    """

    name: str
    examples: int
    training: int
    accuracy: Proportion
    separation: Mapping[str, float]
    nearest: Mapping[str, str]
    taken_for: str
    taken: int


@dataclass(frozen=True)
class Correlation:
    """Spearman's rank correlation over classes.

    Args:
        value: of it.
        low, high: its interval over the examples: these classes, other examples.
        p: how often it would be as far from 0 if what it is about were dealt out to the classes at random.
    """

    value: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class Mistake:
    """An example that was taken for another class, and the example of that class which is nearest to it.

    Args:
        row, picture: of the example.
        other_row, other_picture: of the nearest one, which the network recognises where there is such a one.
    """

    row: int
    picture: str
    other_row: int
    other_picture: str


@dataclass(frozen=True)
class Confused:
    """A class that was taken for another one.

    Args:
        truth, said: the classes.
        count, of: how often, and how many examples the class has.
        mistakes: the closest ones.
    """

    truth: str
    said: str
    count: int
    of: int
    mistakes: tuple[Mistake, ...]


@dataclass(frozen=True)
class Classes:
    """Classes of a split, and what their accuracy goes along with.

    Args:
        split: of the data.
        examples: that were asked.
        says: layer → what the examples are points of there, in words; the inputs first.
        classes: those that have examples, the most accurate first.
        correlations: what → its rank correlation with accuracy: separation in each layer, and the number of training
            examples. Nothing where it cannot be told.
        pairs: those that are confused most.
        confidence: of the intervals.
    """

    split: str
    examples: int
    says: Mapping[str, str]
    classes: tuple[ClassFigures, ...]
    correlations: Mapping[str, Correlation]
    pairs: tuple[Confused, ...]
    confidence: float


@dataclass(frozen=True)
class ClassSeeds:
    """The same over all seeds of an arm: what holds for every network, and what for one.

    Args:
        split: of the data.
        says: layer → what the examples are points of there.
        seeds: how many networks.
        accuracy: class → its accuracy with its interval over the seeds, the most accurate first.
        separation: layer → class → mean silhouette, likewise.
        correlations: what → rank correlation with accuracy, its interval over the seeds; p is about the classes, from
            their means over the seeds.
        pairs: "cat → dog" → share of the class that was taken for the other, likewise; those that are confused most.
        shown: of these pairs the closest mistakes, each of the seed that makes most of them.
        confidence: of the intervals.
    """

    split: str
    says: Mapping[str, str]
    seeds: int
    accuracy: Mapping[str, Estimate]
    separation: Mapping[str, Mapping[str, Estimate]]
    correlations: Mapping[str, Correlation]
    pairs: Mapping[str, Estimate]
    shown: tuple[Confused, ...]
    confidence: float


def classes(
    trained: Trained,
    *,
    layer: str = PENULTIMATE,
    split: SplitName = "val",
    pool: Pool = "mean",
    most: Most = 2000,
    pairs: Annotated[int, Field(ge=1, le=100)] = 6,
    near: Annotated[int, Field(ge=1, le=12)] = 4,
    confidence: Confidence = 0.95,
) -> Classes:
    """Compare the accuracy of classes with how far apart they lie, and show the pairs that are confused.

    Args:
        trained: the network.
        layer: where separation is measured beside the inputs: a name of paribus layers, or penultimate: what the last
            layer is given.
        split: of the data.
        pool: how maps become rows of numbers: mean or max of each channel over its positions, or flat: all of them.
        most: examples, spread over the split.
        pairs: of classes that are shown, those confused most.
        near: mistakes that are shown of each pair, those nearest to an example of the other class.
        confidence: of the intervals.

    Raises:
        DataError: if there is no such layer, or fewer than two classes have examples.
    """
    layers = tuple(dict.fromkeys((INPUTS, layer)))
    seen = look(trained, layers, split, most, pool)
    asked = _Asked(seen, seen.targets.numpy(), seen.said.argmax(1).numpy(), trained.info.classes)
    present = np.unique(asked.truth)
    if len(present) < 2:
        raise DataError("classes are compared where at least two have examples", got=f"{len(present)} in {split}")
    apart = {name: separations(seen.spaces[name].values.double().numpy(), asked.truth) for name in layers}
    counts = trained.info.class_counts or (0,) * len(asked.names)
    figures = [asked.figures(int(label), counts[label], apart, confidence) for label in present]
    return Classes(
        split,
        len(seen.rows),
        {name: seen.spaces[name].says for name in layers},
        tuple(sorted(figures, key=lambda one: -one.accuracy.value)),
        dict(_correlations(asked, apart, np.array(counts), confidence)),
        tuple(asked.confused(layer, pairs, near)),
        confidence,
    )


def class_seeds(
    members: Sequence[Trained],
    *,
    layer: str = PENULTIMATE,
    split: SplitName = "val",
    pool: Pool = "mean",
    most: Most = 2000,
    pairs: Annotated[int, Field(ge=1, le=100)] = 6,
    confidence: Confidence = 0.95,
) -> ClassSeeds:
    """Compare the accuracy of classes with how far apart they lie, over all seeds of an arm.

    Args:
        members: the networks.
        layer: as of classes.
        split: of the data: that of each network, if the split follows the seed.
        pool: as of classes.
        most: examples of each network.
        pairs: of classes that are shown, those confused most on average.
        confidence: of the intervals, which are over the seeds.

    Raises:
        DataError: see classes; or if no class has examples for every seed.
    """
    kinds = len(members[0].info.classes) ** 2
    found = [
        classes(one, layer=layer, split=split, pool=pool, most=most, pairs=min(100, kinds), confidence=confidence)
        for one in members
    ]
    tables = [{one.name: one for one in record.classes} for record in found]
    names = [name for name in tables[0] if all(name in table for table in tables)]
    if not names:
        raise DataError("no class has examples for every seed", got=f"{len(members)} seeds")

    def over(values: Sequence[float], low: float = -1.0) -> Estimate:
        """Shares lie between 0 and 1, rank correlations between −1 and 1."""
        found = mean_interval(values, confidence)
        return replace(found, low=max(low, found.low), high=min(1.0, found.high))

    accuracy = {name: over([table[name].accuracy.value for table in tables], 0.0) for name in names}
    ordered = dict(sorted(accuracy.items(), key=lambda one: -one[1].value))
    separation = {
        space: {name: over([table[name].separation[space] for table in tables]) for name in ordered}
        for space in found[0].says
    }
    common = [what for what in found[0].correlations if all(what in one.correlations for one in found)]
    shares = dict(_shares(found))
    chosen = sorted(shares, key=lambda pair: -sum(shares[pair]))[:pairs]
    return ClassSeeds(
        split,
        found[0].says,
        len(members),
        ordered,
        separation,
        {what: _over_seeds(what, [one.correlations[what].value for one in found], tables, over) for what in common},
        {f"{truth} → {said}": over(shares[truth, said], 0.0) for truth, said in chosen},
        tuple(_most_of(found, truth, said) for truth, said in chosen),
        confidence,
    )


def _over_seeds(
    what: str, values: Sequence[float], tables: Sequence[Mapping[str, ClassFigures]], over: Callable[..., Estimate]
) -> Correlation:
    """A rank correlation over seeds."""
    names = [name for name in tables[0] if all(name in table for table in tables)]
    accuracy = [fmean(table[name].accuracy.value for table in tables) for name in names]
    other = [fmean(_explaining(table[name], what) for table in tables) for name in names]
    found = over(values)
    return Correlation(found.value, found.low, found.high, by_chance(np.array(accuracy), np.array(other)))


def _explaining(one: ClassFigures, what: str) -> float:
    return one.training if what == COUNTS else one.separation[what]


def _shares(found: Sequence[Classes]) -> Iterator[tuple[tuple[str, str], list[float]]]:
    """For each pair the share of the class that was taken for the other, by seed; 0 where it never was."""
    tables = [{(pair.truth, pair.said): pair.count / pair.of for pair in one.pairs} for one in found]
    for pair in dict.fromkeys(pair for table in tables for pair in table):
        yield pair, [table.get(pair, 0.0) for table in tables]


def _most_of(found: Sequence[Classes], truth: str, said: str) -> Confused:
    """The confusion of the seed that has it most often."""
    same = [pair for one in found for pair in one.pairs if (pair.truth, pair.said) == (truth, said)]
    return max(same, key=lambda pair: pair.count)


def separations(points: Array, labels: Whole) -> tuple[Array, Whole]:
    """The silhouette of each example (N,), and the class that it is nearest to beside its own (N,).

    s = (b − a) / max(a, b), where a is the mean distance to the other examples of its class, and b the smallest mean
    distance to those of another one (Rousseeuw, 1987); 0 for the only example of a class.
    """
    from sklearn.metrics import pairwise_distances

    present, own = np.unique(labels, return_inverse=True)
    inside = np.eye(len(present))[own]  # (N, K)
    sizes, distances = inside.sum(0), pairwise_distances(points)
    np.fill_diagonal(distances, 0)
    sums = distances @ inside
    everyone = np.arange(len(points))
    others = sums / sizes
    a = sums[everyone, own] / np.maximum(sizes[own] - 1, 1)
    others[everyone, own] = np.inf
    b = others.min(1)
    found = np.where(sizes[own] > 1, (b - a) / np.maximum(np.maximum(a, b), 1e-300), 0.0)
    return found, present[others.argmin(1)]


@dataclass(frozen=True)
class _Asked:
    """Examples with their classes and those that the network says."""

    seen: Seen
    truth: Whole
    said: Whole
    names: Sequence[str]

    def figures(
        self, label: int, training: int, apart: Mapping[str, tuple[Array, Whole]], confidence: float
    ) -> ClassFigures:
        """One class."""
        inside = self.truth == label
        wrong = self.said[inside & (self.said != label)]
        counts = np.bincount(wrong, minlength=len(self.names))
        return ClassFigures(
            self.names[label],
            int(inside.sum()),
            training,
            proportion(int((self.said[inside] == label).sum()), int(inside.sum()), confidence),
            {name: float(values[inside].mean()) for name, (values, _) in apart.items()},
            {name: self.names[int(np.bincount(nearest[inside]).argmax())] for name, (_, nearest) in apart.items()},
            self.names[int(counts.argmax())] if len(wrong) else "",
            int(counts.max()),
        )

    def confused(self, layer: str, pairs: int, near: int) -> Iterator[Confused]:
        """The pairs that are confused most, with the mistakes that are nearest to an example of the other class."""
        k = len(self.names)
        counts = np.bincount(self.truth * k + self.said, minlength=k * k).reshape(k, k)
        np.fill_diagonal(counts, 0)
        for cell in np.argsort(-counts, axis=None, kind="stable")[:pairs].tolist():
            truth, said = divmod(cell, k)
            if counts[truth, said]:
                mistakes = tuple(self._mistakes(layer, truth, said, near))
                of = int((self.truth == truth).sum())
                yield Confused(self.names[truth], self.names[said], int(counts[truth, said]), of, mistakes)

    def _mistakes(self, layer: str, truth: int, said: int, near: int) -> Iterator[Mistake]:
        from sklearn.metrics import pairwise_distances

        wrong = np.flatnonzero((self.truth == truth) & (self.said == said))
        others = np.flatnonzero((self.truth == said) & (self.said == said))
        others = others if len(others) else np.flatnonzero(self.truth == said)
        if not len(others):
            return
        points = self.seen.spaces[layer].values.double().numpy()
        distances = pairwise_distances(points[wrong], points[others])
        order = np.argsort(distances.min(1), kind="stable")[:near]
        here, there = wrong[order].tolist(), others[distances[order].argmin(1)].tolist()
        rows = self.seen.rows
        pictures, other_pictures = addresses(self.seen, here), addresses(self.seen, there)
        for mine, yours, picture, other in zip(here, there, pictures, other_pictures, strict=True):
            yield Mistake(int(rows[mine]), picture, int(rows[yours]), other)


def _correlations(
    asked: _Asked, apart: Mapping[str, tuple[Array, Whole]], counts: Whole, confidence: float
) -> Iterator[tuple[str, Correlation]]:
    """Rank correlations of the classes' accuracy with what may explain it, over examples drawn anew in each class."""
    hits = (asked.said == asked.truth).astype(np.float64)
    figures = np.column_stack([hits, *(values for values, _ in apart.values())])
    present = np.unique(asked.truth)
    if len(present) < FEWEST:
        return
    inside = [figures[asked.truth == label] for label in present]
    chance = np.random.default_rng(key("classes", "correlations"))
    means = np.stack([some.mean(0) for some in inside])  # (K, columns)
    drawn = np.stack([some[chance.integers(len(some), size=(DRAWS, len(some)))].mean(1) for some in inside], 1)
    known = np.broadcast_to(counts[present], (DRAWS, len(present)))
    explained = {name: (means[:, place], drawn[..., place]) for place, name in enumerate(apart, 1)}
    for what, (values, again) in {**explained, COUNTS: (counts[present], known)}.items():
        value = rank_correlation(means[None, :, 0], values[None].astype(np.float64))[0]
        several = rank_correlation(drawn[..., 0], again.astype(np.float64))
        several = several[np.isfinite(several)]
        if np.isfinite(value) and len(several):
            low, high = np.quantile(several, [(1 - confidence) / 2, (1 + confidence) / 2])
            p = by_chance(means[:, 0], values.astype(np.float64))
            yield what, Correlation(float(value), float(low), float(high), p)


def by_chance(one: Array, other: Array) -> float:
    """The p of a rank correlation (K,), (K,): how often it is as large where one of both is shuffled."""
    chance = np.random.default_rng(key("classes", "shuffled"))
    shuffled = chance.permuted(np.broadcast_to(other, (SHUFFLED, len(other))), axis=1)
    found = np.abs(rank_correlation(np.broadcast_to(one, shuffled.shape), shuffled))
    seen = abs(rank_correlation(one[None], other[None])[0])
    return float((1 + (found >= seen - 1e-12).sum()) / (1 + SHUFFLED))


def rank_correlation(one: Array, other: Array) -> Array:
    """Spearman's rank correlation of each row (n, K) with that of the other; NaN where all are equal."""
    from scipy.stats import rankdata

    ranks = [rankdata(values, axis=1) for values in (one, other)]
    a, b = (values - values.mean(1, keepdims=True) for values in ranks)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Array = (a * b).sum(1) / np.sqrt((a**2).sum(1) * (b**2).sum(1))
    return found

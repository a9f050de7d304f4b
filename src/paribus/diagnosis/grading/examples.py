"""The examples that hosts learn from: small, built in or generated, as arrays; and how they are spoiled.

Validation examples are apart from the start and the same for every seed, so that what is spoiled is the training alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paribus.chance import key

Array = NDArray[Any]


@dataclass(frozen=True)
class Examples:
    """Examples as people hand them over in Python.

    Args:
        inputs: (N, …) pictures (N, 1, H, W) uint8, or features (N, F) float32.
        targets: (N,) classes, numbers (N,) float32, or masks (N, H, W).
        val_inputs, val_targets: the same of the validation split.
        classes: names of the classes; none of numbers.
    """

    inputs: Array
    targets: Array
    val_inputs: Array
    val_targets: Array
    classes: tuple[str, ...] = ()

    def draws(self, *names: str | int) -> np.random.Generator:
        """Random numbers for what is done to them: always the same for the same words."""
        return np.random.default_rng(key("grading", *names))


def parted(inputs: Array, targets: Array, train: int, classes: tuple[str, ...] = ()) -> Examples:
    """The first ``train`` of shuffled examples are learned from, the rest validates."""
    order = np.random.default_rng(key("grading", "parted", len(inputs))).permutation(len(inputs))
    inputs, targets = inputs[order], targets[order]
    return Examples(inputs[:train], targets[:train], inputs[train:], targets[train:], classes)


def measured(name: str) -> Path:
    """A folder of real data below PARIBUS_DATA."""
    return Path(os.environ["PARIBUS_DATA"]) / name


@cache
def digits() -> Examples:
    """Handwritten digits of 8 × 8 pixels (scikit-learn): 1,000 to learn from."""
    from sklearn.datasets import load_digits

    found = load_digits()
    pictures = np.rint(found.images * (255 / 16)).astype(np.uint8)[:, None]
    return parted(pictures, found.target, 1000, tuple(map(str, range(10))))


@cache
def cells() -> Examples:
    """Breast tumours by 30 measurements of their cell nuclei (scikit-learn): 400 to learn from."""
    from sklearn.datasets import load_breast_cancer

    found = load_breast_cancer()
    return parted(found.data.astype(np.float32), found.target, 400, tuple(map(str, found.target_names)))


@cache
def gratings() -> Examples:
    """Stripes of six directions under noise, 12 × 12 pixels: 900 to learn from."""
    draw = np.random.default_rng(key("grading", "gratings"))
    labels = draw.integers(0, 6, 1400)
    y, x = np.mgrid[:12, :12]
    angle = (labels * np.pi / 6 + draw.normal(0, 0.08, len(labels)))[:, None, None]
    phase, waves = draw.uniform(0, 2 * np.pi, (len(labels), 1, 1)), draw.uniform(0.8, 1.4, (len(labels), 1, 1))
    stripes = np.sin(waves * (x * np.cos(angle) + y * np.sin(angle)) + phase) + draw.normal(
        0, 0.9, (len(labels), 12, 12)
    )
    pictures = np.rint((128 + 50 * stripes).clip(0, 255)).astype(np.uint8)[:, None]
    return parted(pictures, labels, 900, tuple(f"{30 * label}°" for label in range(6)))


@cache
def waves() -> Examples:
    """Three classes of waves, random mixtures of two of three triangles under noise at 21 places: 700 to learn from.

    The waveform data of Breiman et al. (1984, 2.6.2), of which the best rule gets .86 right.
    """
    draw = np.random.default_rng(key("grading", "waves"))
    places, labels = np.arange(1, 22), draw.integers(0, 3, 1100)
    triangles = np.stack([np.maximum(6 - abs(places - peak), 0) for peak in (11, 15, 7)])
    share = draw.uniform(size=(len(labels), 1))
    first, second = triangles[[0, 0, 1]][labels], triangles[[1, 2, 2]][labels]
    inputs = share * first + (1 - share) * second + draw.standard_normal((len(labels), 21))
    return parted(inputs.astype(np.float32), labels, 700, ("1 and 2", "1 and 3", "2 and 3"))


@cache
def figures() -> Examples:
    """A disc, square, triangle or ring somewhere, darker or lighter than its grainy ground, 14 × 14 pixels: 1,200."""
    from paribus.data.sources.masks.shapes import INSIDE

    draw = np.random.default_rng(key("grading", "figures"))
    labels = draw.integers(0, len(INSIDE), 1700)
    y, x = np.mgrid[:14, :14]
    middle, radius = draw.uniform(5.5, 7.5, (2, len(labels), 1, 1)), draw.uniform(4.2, 5.8, (len(labels), 1, 1))
    inside = np.stack([test((x - middle[1]) / radius, (y - middle[0]) / radius) for test in INSIDE.values()])
    light = draw.choice([-60, 60], (len(labels), 1, 1)) * inside[labels, np.arange(len(labels))]
    pictures = np.rint((128 + light + draw.normal(0, 12, (len(labels), 14, 14))).clip(0, 255)).astype(np.uint8)
    return parted(pictures[:, None], labels, 1200, tuple(INSIDE))


@cache
def friedman(kind: int) -> Examples:
    """Numbers by one of three known functions of columns (Friedman 1991; Breiman 1996), 800 to learn from."""
    from sklearn import datasets

    made = {1: datasets.make_friedman1, 2: datasets.make_friedman2, 3: datasets.make_friedman3}[kind]
    inputs, targets = made(n_samples=1200, noise={1: 1.0, 2: 20.0, 3: 0.02}[kind], random_state=kind)
    return parted(inputs.astype(np.float32), targets.astype(np.float32), 800)


@cache
def scenes(seed: int, size: int) -> Examples:
    """Generated scenes, of which every pixel is ground or shape: 160 to learn from."""
    from paribus.data.sources.masks.shapes import Scenes

    source = Scenes(pictures=220, size=size, noise=10.0, seed=seed)
    drawn = [source.scene(number) for number in range(220)]
    pictures, masks = (np.stack(some) for some in zip(*drawn, strict=True))
    return parted(pictures, (masks > 0).astype(np.int64), 160, ("ground", "shape"))


@cache
def clusters() -> Examples:
    """Five classes of two heaps each in 15 columns, of which some overlap and six say nothing: 900 to learn from."""
    from sklearn.datasets import make_classification

    inputs, targets = make_classification(
        1300, 15, n_informative=9, n_redundant=0, n_classes=5, n_clusters_per_class=2, class_sep=2.0, random_state=4
    )
    return parted(inputs.astype(np.float32), targets, 900, tuple("ABCDE"))


@cache
def strokes() -> Examples:
    """A cross, a plus, a corner, a bar or two bars somewhere, thick or thin, 16 × 16 pixels: 1,100 to learn from."""
    draw = np.random.default_rng(key("grading", "strokes"))
    labels = draw.integers(0, 5, 1600)
    y, x = np.mgrid[:16, :16]
    row, column = draw.uniform(5, 10, (2, len(labels), 1, 1))
    thick = draw.uniform(0.7, 1.6, (len(labels), 1, 1))
    down, right, near = abs(x - column) < thick, abs(y - row) < thick, np.maximum(abs(x - column), abs(y - row)) < 5
    slant, other = abs(x - column - y + row) < 1.4 * thick, abs(x - column + y - row) < 1.4 * thick
    drawn = np.stack([slant | other, down | right, (down & (y > row)) | (right & (x > column)), down, slant])
    inside = drawn[labels, np.arange(len(labels))] & near
    pictures = 40 + 150 * inside + draw.normal(0, 15, inside.shape)
    pictures = np.rint(pictures.clip(0, 255)).astype(np.uint8)[:, None]
    return parted(pictures, labels, 1100, ("cross", "plus", "corner", "bar", "slant"))


@cache
def progression() -> Examples:
    """How far diabetes went on in a year, by ten measurements (scikit-learn): 330 patients to learn from."""
    from sklearn.datasets import load_diabetes

    found = load_diabetes()
    return parted(found.data.astype(np.float32), (found.target / 7).astype(np.float32), 330)


@cache
def of_source(name: str, train: int, val: int, **options: Any) -> Examples:
    """The first training examples of a data set that is read from PARIBUS_DATA; ``options`` are its source's."""
    from paribus.data.prepare.prepared import open_dataset
    from paribus.records.parts import Part

    found = open_dataset(Part(name, **options))
    inputs, targets = found.take(_rows(train + val))
    return parted(inputs.numpy(), targets.numpy(), train, found.classes)


def _rows(count: int) -> Any:
    import torch

    return torch.arange(count)


# How they are spoiled: (examples, level) → examples. A level of 0 changes nothing.


def wrong_labels(examples: Examples, share: float) -> Examples:
    """A share of the training labels is another class, any with the same chance."""
    draw, labels = examples.draws("wrong", str(share)), examples.targets.copy()
    hit = draw.permutation(len(labels))[: round(share * len(labels))]
    labels[hit] = (labels[hit] + draw.integers(1, len(examples.classes), len(hit))) % len(examples.classes)
    return replace(examples, targets=labels)


def permuted(examples: Examples, share: float) -> Examples:
    """A share of the training targets change places among themselves."""
    draw, targets = examples.draws("permuted", str(share)), examples.targets.copy()
    hit = draw.permutation(len(targets))[: round(share * len(targets))]
    targets[hit] = targets[np.roll(hit, 1)]
    return replace(examples, targets=targets)


def doubled(examples: Examples, share: float) -> Examples:
    """A share of the largest class stands once more, under a label of its own."""
    draw = examples.draws("doubled", str(share))
    largest, new = int(np.bincount(examples.targets).argmax()), len(examples.classes)
    mine = np.flatnonzero(examples.targets == largest)
    copies = draw.permutation(mine)[: round(share * len(mine))]
    half = np.flatnonzero(examples.val_targets == largest)[::2]
    val_targets = examples.val_targets.copy()
    val_targets[half] = new
    return replace(
        examples,
        inputs=np.concatenate([examples.inputs, examples.inputs[copies]]),
        targets=np.concatenate([examples.targets, np.full(len(copies), new)]),
        val_targets=val_targets,
        classes=(*examples.classes, f"{examples.classes[largest]} (2)"),
    )


def thinned(examples: Examples, share: float) -> Examples:
    """A share of the first class is left out of training."""
    mine = np.flatnonzero(examples.targets == 0)
    gone = mine[max(2, round((1 - share) * len(mine))) :]
    kept = np.setdiff1d(np.arange(len(examples.targets)), gone)
    return replace(examples, inputs=examples.inputs[kept], targets=examples.targets[kept])


def reduced(examples: Examples, share: float) -> Examples:
    """Only a share is left to learn from, a few of every class at least."""
    count = max(round(share * len(examples.inputs)), 2 * len(examples.classes), 12)
    if not examples.classes or examples.targets.ndim > 1:
        return replace(examples, inputs=examples.inputs[:count], targets=examples.targets[:count])
    order = np.argsort(_ranks(examples.targets), kind="stable")[:count]
    return replace(examples, inputs=examples.inputs[order], targets=examples.targets[order])


def noisy(examples: Examples, level: float) -> Examples:
    """Normal noise of ``level`` deviations of the inputs, on all of them, as from a bad sensor."""
    draw = examples.draws("noisy", str(level))
    unit = examples.inputs.std(axis=0) if examples.inputs.ndim == 2 else examples.inputs.std()

    def changed(values: Array) -> Array:
        found: Array = values + level * unit * draw.standard_normal(values.shape)
        if values.dtype == np.uint8:
            found = np.rint(found.clip(0, 255))
        return found.astype(values.dtype)

    return replace(examples, inputs=changed(examples.inputs), val_inputs=changed(examples.val_inputs))


def _ranks(labels: Array) -> Array:
    """The place of every example within its class."""
    ranks = np.empty(len(labels), np.int64)
    for label in np.unique(labels):
        mine = labels == label
        ranks[mine] = np.arange(mine.sum())
    return ranks


Spoil = Callable[[Examples, float], Examples]
SPOILED: Mapping[str, Spoil] = {
    "wrong": wrong_labels,
    "permuted": permuted,
    "doubled": doubled,
    "thinned": thinned,
    "reduced": reduced,
    "noisy": noisy,
}

"""Worlds whose truth is known: noise of several shapes, and data sets on which classifiers are fitted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Noise = Callable[[np.random.Generator, tuple[int, ...]], Array]

CHUNK = 40  # data sets that are fitted at once


def _bounded(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """An accuracy near 1: beta distributed around 98 %."""
    values: Array = (rng.beta(98, 2, shape) - 0.98) / np.sqrt(0.98 * 0.02 / 101)
    return values


def _unequal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Every other seed, by chance, has nine times the variance."""
    return rng.normal(size=shape) * np.where(rng.random(shape) < 0.5, 0.2, 1.8) ** 0.5


def _failing(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """One run in twenty fails, ten standard deviations below the others."""
    values: Array = (rng.normal(size=shape) + 0.5 - 10 * (rng.random(shape) < 0.05)) / np.sqrt(5.75)
    return values


NOISES: dict[str, Noise] = {  # all of mean 0 and variance 1, but for the rounded one, whose step is 1
    "normal": lambda rng, shape: rng.normal(size=shape),
    "skewed": lambda rng, shape: rng.exponential(size=shape) - 1,
    "heavy-tailed": lambda rng, shape: rng.standard_t(3, size=shape) / np.sqrt(3),
    "bounded": _bounded,
    "rounded": lambda rng, shape: rng.normal(size=shape).round(),
    "unequal variances": _unequal,
    "one fails in 20": _failing,
}
RESOLUTION = {"rounded": 1.0}


def correlated(noise: Noise, share: float) -> Noise:
    """Differences of seeds that share a data set: a part of their variance, `share`, is the data set's, and normal."""

    def drawn(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        common: Array = rng.normal(size=(*shape[:-1], 1))
        together: Array = np.sqrt(share) * common + np.sqrt(1 - share) * noise(rng, shape)
        return together

    return drawn


@dataclass(frozen=True)
class Splits:
    """Two ridge classifiers on data sets that are drawn anew: each sees its own half of the features.

    Classes are ±1 with equal probability, features are independent normal with mean ±`signal`/√features. What the
    second half tells is `gain` times as much: at 1 both are equally good in expectation over data sets, and on any one
    data set one of them is better.

    Args:
        examples: in each data set.
        validation: share of them that validates.
        features: that each classifier sees.
        signal: distance of a class from the middle, in standard deviations.
        gain: of the second classifier.
    """

    examples: int = 600
    validation: float = 0.3
    features: int = 10
    signal: float = 1.0
    gain: float = 1.0

    @property
    def overlap(self) -> float:
        """Validation examples for each training example."""
        return self.validation / (1 - self.validation)

    def studies(self, rng: np.random.Generator, count: int, seeds: int) -> tuple[Array, Array]:
        """Differences of accuracy (count, seeds), a data set a row, and their expectation, a data set each (count,).

        The expectation is that of the fitted classifiers on all further examples, and its mean over many data sets is
        the truth about data like these.
        """
        return self._compared(rng, count, lambda: self.random_splits(rng, seeds))

    def compared(self, rng: np.random.Generator, count: int, splits: Callable[[], Mask]) -> Array:
        """Differences for validation parts of any kind: `splits()` draws (seeds, examples) for one data set."""
        return self._compared(rng, count, splits)[0]

    def random_splits(self, rng: np.random.Generator, seeds: int) -> Mask:
        """Which examples validate, (seeds, examples), drawn anew for every seed."""
        ranks = rng.random((seeds, self.examples)).argsort(axis=1)
        mask: Mask = ranks < round(self.validation * self.examples)
        return mask

    def folds(self, rng: np.random.Generator, count: int) -> Mask:
        """(count, examples): every example validates in one of the folds."""
        of = rng.permutation(self.examples) % count
        mask: Mask = of == np.arange(count)[:, None]
        return mask

    def halves(self, rng: np.random.Generator) -> Mask:
        """(10, examples): five times two halves, each of which validates once."""
        return np.concatenate([self.folds(rng, 2) for _ in range(5)])

    def _compared(self, rng: np.random.Generator, count: int, splits: Callable[[], Mask]) -> tuple[Array, Array]:
        parts = [
            self._chunk(rng, np.stack([splits() for _ in range(size)]))
            for size in [min(CHUNK, count - start) for start in range(0, count, CHUNK)]
        ]
        found, expected = zip(*parts, strict=True)
        return np.concatenate(found), np.concatenate(expected)

    def _chunk(self, rng: np.random.Generator, held: Mask) -> tuple[Array, Array]:
        """Some data sets with their splits (D, S, N)."""
        count, _, examples = held.shape
        classes = np.where(rng.random((count, examples)) < 0.5, -1.0, 1.0).astype(np.float32)  # (D, N)
        scores = [_accuracies(*self._seen(rng, classes, gain), classes, held) for gain in (1.0, self.gain)]
        (first, first_expected), (second, second_expected) = scores
        return second - first, (second_expected - first_expected).mean(axis=1)

    def _seen(self, rng: np.random.Generator, classes: Floats, gain: float) -> tuple[Floats, float]:
        """What a classifier sees, (D, N, features), and the mean of each feature in the class +1."""
        mean = gain * self.signal / self.features**0.5
        noise = rng.standard_normal((*classes.shape, self.features), np.float32)
        return noise + mean * classes[..., None], mean


def _accuracies(seen: Floats, mean: float, classes: Floats, held: Mask, ridge: float = 1.0) -> tuple[Array, Array]:
    """Accuracies (D, S) of ridge classifiers on the validation parts, and on all further examples: Φ(w·m / |w|)."""
    from scipy.special import ndtr

    count, examples, features = seen.shape
    squares = (seen[..., :, None] * seen[..., None, :]).reshape(count, examples, -1)  # (D, N, F·F)
    train = (~held).astype(np.float32)
    gram = (train @ squares).reshape(*held.shape[:2], features, features) + ridge * np.eye(features, dtype=np.float32)
    weights = np.linalg.solve(gram, (train @ (seen * classes[..., None]))[..., None])  # (D, S, F, 1)
    right = (seen @ weights[..., 0].swapaxes(1, 2)).swapaxes(1, 2) * classes[:, None] > 0  # (D, S, N)
    expected = ndtr(mean * weights.sum((2, 3)) / np.linalg.norm(weights, axis=(2, 3)))
    return (right & held).sum(axis=2) / held.sum(axis=2), np.asarray(expected, np.float64)


@dataclass(frozen=True)
class Answers:
    """Right and wrong answers of two arms: an example is hard for both, harder for one, and a training has good days.

    An answer is right where the sum of normal parts is above a threshold: one part for the example, one for the example
    and the arm, one for the training, one for this answer. So the truth is known: Φ of the mean over the deviation.

    Args:
        seeds: trainings of each arm.
        examples: that are evaluated.
        gain: of the second arm, in the units of the parts.
    """

    seeds: int
    examples: int
    gain: float = 0.2
    shared: float = 1.0
    of_arm: float = 0.5
    training: float = 0.1
    answer: float = 0.5

    @property
    def truth(self) -> float:
        """Accuracy of the second arm less that of the first, over all examples and trainings."""
        from scipy.special import ndtr

        spread = (self.shared**2 + self.of_arm**2 + self.training**2 + self.answer**2) ** 0.5
        return float(ndtr((1 + self.gain) / spread) - ndtr(1 / spread))

    def differences(self, rng: np.random.Generator) -> Array:
        """(seeds, examples): 1, 0 or −1."""
        hard = self.shared * rng.normal(size=self.examples)
        right = []
        for gain in (0.0, self.gain):
            parts = hard + self.of_arm * rng.normal(size=self.examples)
            parts = parts + self.training * rng.normal(size=(self.seeds, 1))
            right.append(parts + self.answer * rng.normal(size=(self.seeds, self.examples)) + 1 + gain > 0)
        return right[1].astype(np.float64) - right[0]

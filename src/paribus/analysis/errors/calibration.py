"""How far probabilities can be believed: reliability, its error without the bias of few examples, temperature."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from paribus.chance import key, permutation
from paribus.evidence.bootstrap import mean_interval
from paribus.evidence.estimate import Estimate
from paribus.tasks.scores import BINS, brier, ece, ece_if_calibrated, reliability

LEAST = 1e-12  # probability below which the loss counts no further
HALVES = 8  # examples below which temperature is not fitted
COLDEST, HOTTEST = 0.02, 50.0  # temperatures that are tried
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Bin:
    """Examples whose largest probability lies between two ends.

    Args:
        confidence: mean largest probability.
        hits: share that is predicted rightly, with its interval (Wilson 1927).
    """

    examples: int
    confidence: float
    hits: float
    low: float
    high: float


@dataclass(frozen=True)
class Scaled:
    """Figures of probabilities: mean −log p of the true class, Brier score, ECE, and the error without bias."""

    loss: float
    brier: float
    ece: float
    rms: float | None


@dataclass(frozen=True)
class Temperature:
    """What dividing the logits by one number does (Guo et al. 2017), fitted on one half and judged on the other.

    Args:
        value: of all examples: above 1 the network was too sure.
        halves: of either half.
        before, after: figures as they are, and with the temperature of the other half.
        gain: before − after in the loss, with its interval over the examples.
    """

    value: float
    halves: tuple[float, float]
    before: Scaled
    after: Scaled
    gain: Estimate


@dataclass(frozen=True)
class Calibration:
    """Whether examples said with probability p are right with probability p.

    Args:
        bins: of the largest probability, those with examples.
        ece: expected calibration error: mean |hits − confidence| over bins (Guo et al. 2017, eq. 5).
        if_calibrated: what it would be of true probabilities on as many examples: its bias.
        rms: root of the mean squared error of calibration over the same bins, without bias; `None` where all bins have
            one example. See `squared_error`.
        temperature: what one number would mend; `None` where there are too few examples.
    """

    bins: tuple[Bin, ...]
    ece: float
    if_calibrated: float
    rms: float | None
    temperature: Temperature | None


def calibration(shares: Tensor, labels: Tensor, confidence: float) -> Calibration:
    """The calibration of probabilities (N, K) for labels (N,)."""
    bins = reliability(shares, labels)
    some = bins[:, bins[0] > 0].T.tolist()
    found = tuple(_bin(int(n), sure, round(hits), confidence) for n, sure, hits, _ in some)
    rms = _root(squared_error(shares, labels))
    mended = temperature(shares, labels, confidence) if len(labels) >= HALVES else None
    return Calibration(found, ece(bins), ece_if_calibrated(bins), rms, mended)


def squared_error(shares: Tensor, labels: Tensor) -> float | None:
    """Mean over bins of (confidence − hits)², without the bias of plugging in; of few examples it may be negative.

    With e = confidence − hit, the mean of eᵢeⱼ over pairs of different examples of a bin is an unbiased estimate of
    the square of the mean of e, as Kumar, Liang & Ma (2019, section 4.1) correct the square. Bins of one example
    say nothing.
    """
    sure, said = (some.numpy() for some in shares.double().max(1))
    error = sure - (said == labels.numpy())
    places = np.clip(np.ceil(sure * BINS).astype(int), 1, BINS) - 1
    n, total, squares = (np.bincount(places, weights, BINS).astype(np.float64) for weights in (None, error, error**2))
    known = n > 1
    pairs = (total[known] ** 2 - squares[known]) / (n[known] * (n[known] - 1))
    return float((n[known] * pairs).sum() / n[known].sum()) if known.any() else None


def temperature(shares: Tensor, labels: Tensor, confidence: float) -> Temperature:
    """Fit one number on either half of the examples, and judge it on the other."""
    logits, half = _logits(shares), _half(len(labels))
    first, second = (_fitted(logits[some], labels[some]) for some in (half, ~half))
    scaled = (logits / torch.where(half, second, first).double()[:, None]).softmax(1)
    gain = _loss(shares, labels) - _loss(scaled, labels)
    return Temperature(
        _fitted(logits, labels),
        (first, second),
        _figures(shares, labels),
        _figures(scaled, labels),
        mean_interval(gain.numpy(), confidence),
    )


def _logits(shares: Tensor) -> Tensor:
    """Numbers (N, K) whose softmax are these probabilities."""
    return shares.double().clamp(min=LEAST).log()


def _half(n: int) -> Tensor:
    """Which examples (N,) are in the first half, drawn at random and always the same."""
    return permutation(key("calibration"), n) < n // 2


def _fitted(logits: Tensor, labels: Tensor) -> float:
    """The temperature of least loss: the loss is convex in its inverse."""
    from scipy.optimize import minimize_scalar

    def loss(log: float) -> float:
        return float(torch.nn.functional.cross_entropy(logits / math.exp(log), labels))

    found = minimize_scalar(loss, bounds=(math.log(COLDEST), math.log(HOTTEST)), method="bounded")
    return math.exp(found.x)


def _bin(n: int, sure: float, hits: int, confidence: float) -> Bin:
    from scipy.stats import binomtest

    ends = binomtest(hits, n).proportion_ci(confidence, "wilson")
    return Bin(n, sure / n, hits / n, float(ends.low), float(ends.high))


def _figures(shares: Tensor, labels: Tensor) -> Scaled:
    error = _root(squared_error(shares, labels))
    loss, squares = (float(some.mean()) for some in (_loss(shares, labels), brier(shares, labels)))
    return Scaled(loss, squares, ece(reliability(shares, labels)), error)


def _loss(shares: Tensor, labels: Tensor) -> Tensor:
    """−log of the true class's probability (N,)."""
    return -shares.double().gather(1, labels[:, None])[:, 0].clamp(min=LEAST).log()


def _root(square: float | None) -> float | None:
    """Of a square that may be estimated as negative: then there is no error to be seen."""
    return None if square is None else math.sqrt(max(0.0, square))

"""How often intervals cover, and how often verdicts are wrong."""

from __future__ import annotations

import numpy as np

from paribus.evidence.curve import mean_intervals
from paribus.evidence.estimate import Estimate, paired_difference
from paribus.evidence.simulation.worlds import Array, Noise
from paribus.evidence.verdict import Judged


def coverage(
    noise: Noise,
    n: int,
    studies: int,
    rng: np.random.Generator,
    effect: float = 1.0,
    resolution: float = 0.0,
    overlap: float = 0.0,
) -> float:
    """How often the 95 % interval of n differences covers the planted effect."""
    _, low, high = mean_intervals((effect + noise(rng, (studies, n))).T, resolution=resolution, overlap=overlap)
    return float(((low <= effect) & (effect <= high)).mean())


def covers_rows(table: Array, n: int) -> float:
    """How often the interval of n entries of a row covers the mean of the row: (data sets, many splits of each)."""
    count = table.shape[1] // n
    drawn = table[:, : count * n].reshape(-1, n)
    _, low, high = mean_intervals(drawn.T)
    truth = table.mean(axis=1).repeat(count)
    return float(((low <= truth) & (truth <= high)).mean())


def false_alarms(
    noise: Noise,
    n: int,
    arms: int,
    studies: int,
    rng: np.random.Generator,
    resolution: float = 0.0,
    overlap: float = 0.0,
) -> float:
    """How often a study of arms that are all equal calls any of them "better" or "worse" than the first."""
    values = null_studies(noise, n, arms, studies, rng)
    change = (values[:, 1:] - values[:, :1]).reshape(-1, n)
    confidence = 1 - 0.05 / (arms - 1)  # as `judge_family` shares the level out
    _, low, high = mean_intervals(change.T, confidence, resolution, overlap)
    return float(((low > 0) | (high < 0)).reshape(studies, -1).any(axis=1).mean())


def null_studies(noise: Noise, n: int, arms: int, studies: int, rng: np.random.Generator) -> Array:
    """Metrics of equal arms, (studies, arms, n): half the variance belongs to the seed and is shared."""
    return noise(rng, (studies, 1, n)) + noise(rng, (studies, arms, n))


def differences(values: Array) -> list[Estimate]:
    """Every other arm of (arms, n) minus the first."""
    return [paired_difference(arm, values[0]) for arm in values[1:]]


def alarm(judged: Judged) -> bool:
    """Whether a difference is claimed."""
    return judged.verdict.word in ("better", "worse")


def unpaired(noise: Noise, n: int, studies: int, rng: np.random.Generator) -> tuple[float, float]:
    """Coverage of the unpaired interval (Welch 1947) on arms that share seeds; its width over the paired."""
    from scipy.special import stdtrit

    pairs = null_studies(noise, n, 2, studies, rng)  # (studies, 2, n)
    squares = pairs.var(axis=2, ddof=1) / n
    total = squares.sum(axis=1)
    df = (n - 1) * total**2 / np.where(total > 0, (squares**2).sum(axis=1), 1.0)
    welch = np.where(total > 0, stdtrit(df, 0.975), 0.0) * np.sqrt(total)
    change = pairs[:, 1] - pairs[:, 0]
    paired = stdtrit(n - 1, 0.975) * change.std(axis=1, ddof=1) / np.sqrt(n)
    return float((np.abs(change.mean(axis=1)) <= welch).mean()), float(welch.mean() / paired.mean())


def rejected(table: Array, overlap: float = 0.0, resolution: float = 0.0) -> float:
    """How often studies of two arms, (studies, n) differences, end in "better" or "worse"."""
    _, low, high = mean_intervals(table.T, resolution=resolution, overlap=overlap)
    return float(((low > 0) | (high < 0)).mean())

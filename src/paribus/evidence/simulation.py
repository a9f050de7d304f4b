"""Does the evidence keep its promises? ``python -m paribus.evidence.simulation`` prints simulated rates."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from paribus.evidence.estimate import Estimate, mean_interval, paired_difference
from paribus.evidence.verdict import Judged, judge_family

Noise = Callable[[np.random.Generator, tuple[int, ...]], NDArray[np.float64]]

NOISES: dict[str, Noise] = {  # all of mean 0 and variance 1
    "normal": lambda rng, shape: rng.normal(size=shape),
    "skewed": lambda rng, shape: rng.exponential(size=shape) - 1,
    "heavy-tailed": lambda rng, shape: rng.standard_t(3, size=shape) / np.sqrt(3),
}


def coverage(noise: Noise, n: int, studies: int, rng: np.random.Generator, effect: float = 1.0) -> float:
    """How often the 95 % interval of n differences covers the planted effect."""
    estimates = [mean_interval(differences) for differences in effect + noise(rng, (studies, n))]
    return float(np.mean([estimate.low <= effect <= estimate.high for estimate in estimates]))


def false_alarms(noise: Noise, n: int, arms: int, studies: int, rng: np.random.Generator) -> float:
    """How often a study of arms that are all equal calls any of them "better" or "worse" than the first."""
    alarms = 0
    for values in null_studies(noise, n, arms, studies, rng):
        judged = judge_family(differences(values), delta=None, higher_is_better=True)
        alarms += any(alarm(one) for one in judged)
    return alarms / studies


def null_studies(noise: Noise, n: int, arms: int, studies: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Metrics of equal arms, (studies, arms, n): half the variance belongs to the seed and is shared."""
    return noise(rng, (studies, 1, n)) + noise(rng, (studies, arms, n))


def differences(values: NDArray[np.float64]) -> list[Estimate]:
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
    df = (n - 1) * total**2 / (squares**2).sum(axis=1)
    welch = stdtrit(df, 0.975) * np.sqrt(total)
    change = pairs[:, 1] - pairs[:, 0]
    paired = stdtrit(n - 1, 0.975) * change.std(axis=1, ddof=1) / np.sqrt(n)
    return float((np.abs(change.mean(axis=1)) <= welch).mean()), float(np.median(welch) / np.median(paired))


def main(studies: int = 2000) -> None:
    """Print the table; the false alarms are of three comparisons with one reference."""
    rng = np.random.default_rng(0)
    print(f"{'noise':<14}{'n':>3}{'covers':>9}{'unpaired':>10}{'width':>8}{'false alarms':>14}")
    for name, noise in NOISES.items():
        for n in (3, 5, 10):
            covers, alarms = coverage(noise, n, studies, rng), false_alarms(noise, n, 4, studies, rng)
            welch, width = unpaired(noise, n, studies, rng)
            print(f"{name:<14}{n:>3}{covers:>9.3f}{welch:>10.3f}{width:>7.2f}x{alarms:>14.3f}")


if __name__ == "__main__":
    main()

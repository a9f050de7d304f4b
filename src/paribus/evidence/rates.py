"""What looking costs, and what winners flatter: ``python -m paribus.evidence.rates`` prints simulated rates."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from paribus.evidence.anytime import reach
from paribus.evidence.ranking import Reach, rank, t_reach
from paribus.evidence.sequential import alpha_at
from paribus.evidence.simulation import NOISES, Noise

Array = NDArray[np.float64]
PLANNED = (3, 5, 10, 20)


def _rounded(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Differences of two accuracies near 98 % on 100 examples: bounded, in steps of a point, often 0."""
    return (rng.binomial(100, 0.98, shape) - rng.binomial(100, 0.98, shape)) / 100


def _failing(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """One seed in twenty fails by a lot."""
    return 0.1 * rng.normal(size=shape) - (rng.random(shape) < 0.05) + 0.05


LOOKED_AT: dict[str, Noise] = {**NOISES, "rounded": _rounded, "1 in 20 fails": _failing}  # all of mean 0


def ever_rejected(
    differences: Array,
    most: Sequence[int],
    alpha: float = 0.05,
    overlap: float = 0.0,
    reach: Reach = reach,
    resolution: float = 0.0,
) -> list[float]:
    """How often a true mean of 0 was rejected at any look from 2 seeds to each of ``most``.

    Args:
        differences: (studies, seeds).
        most: the last looks.
        alpha: of all looks together, or of each, as ``reach`` has it.
        overlap: what seeds have in common; see `Estimate`.
        reach: how many standard errors an interval reaches.
        resolution: smallest step of the differences.
    """
    n = np.arange(1, differences.shape[1] + 1)
    mean = differences.cumsum(axis=1) / n
    squares = np.maximum((differences**2).cumsum(axis=1) - n * mean**2, 0)
    sd = np.sqrt(squares / np.maximum(n - 1, 1))
    alike = sd < 1e-9
    sd = np.maximum(sd, resolution / math.sqrt(12))
    reaches = np.array([reach(int(size), alpha, overlap) for size in n])
    with np.errstate(invalid="ignore"):
        outside = np.abs(mean) > reaches * sd * np.sqrt(1 / n + overlap)
    if not resolution:
        outside = np.where(alike, (np.abs(mean) > 1e-9) & (2 * 2.0**-n <= alpha), outside)
    ever = np.logical_or.accumulate(outside, axis=1)
    return [float(ever[:, last - 1].mean()) for last in most]


def either_rejected(differences: Array, last: int, alpha: float = 0.05) -> float:
    """How often a true mean of 0 was rejected while a study ran, at every look, or at its planned end."""

    def reaching(n: int, alpha: float, overlap: float) -> float:
        return (t_reach if n == last else reach)(n, alpha, overlap)

    return ever_rejected(differences[:, :last], [last], alpha, reach=reaching)[0]


def shared(differences: Array, overlap: float, rng: np.random.Generator) -> Array:
    """Differences about data like these: all seeds of a study share a shift of variance ``overlap``."""
    shift: Array = differences + math.sqrt(overlap) * rng.normal(size=(len(differences), 1))
    return shift


def resampled(studies: int, seeds: int, rng: np.random.Generator, examples: int = 600, validation: int = 180) -> Array:
    """Differences of two ridge classifiers that are equally good over data sets, (studies, seeds): real trainings.

    Every study draws a data set, every seed a split of it; the arms see one half of the features each.
    """
    half, differences = 10, np.empty((studies, seeds))
    for study in range(studies):
        x = rng.normal(size=(examples, 2 * half))
        y = np.sign(x.sum(axis=1) / math.sqrt(2 * half) + 0.5 * rng.normal(size=examples))
        for seed in range(seeds):
            order = rng.permutation(examples)
            train, val = order[validation:], order[:validation]
            first, second = (_accuracy(x[:, part], y, train, val) for part in (slice(half), slice(half, None)))
            differences[study, seed] = second - first
    return differences


def _accuracy(x: Array, y: Array, train: NDArray[np.int_], val: NDArray[np.int_]) -> float:
    """Of a ridge classifier, on the validation examples."""
    seen = x[train]
    weights = np.linalg.solve(seen.T @ seen + np.eye(x.shape[1]), seen.T @ y[train])
    return float((np.sign(x[val] @ weights) == y[val]).mean())


def widths(sizes: Sequence[int] = PLANNED, overlap: float = 0.0) -> dict[str, list[float]]:
    """Half widths of 95 % intervals in standard deviations: at a planned end, at planned looks, at every look."""
    errors = [math.sqrt(1 / n + overlap) for n in sizes]
    levels = alpha_at(sizes, max(sizes))
    return {
        "planned end": [t_reach(n, 0.05, overlap) * se for n, se in zip(sizes, errors, strict=True)],
        "planned looks": [t_reach(n, a, overlap) * se for n, a, se in zip(sizes, levels, errors, strict=True)],
        "every look": [reach(n, 0.05, overlap) * se for n, se in zip(sizes, errors, strict=True)],
    }


def winners(
    truth: Array, n: int, studies: int, rng: np.random.Generator, spreads: Array | None = None
) -> dict[str, float]:
    """What is said of arms with these true means, over simulated studies in which half the variance is the seed's.

    Args:
        truth: (arms,), in standard deviations of a single run.
        n: seeds.
        studies: how many.
        rng: draws them.
        spreads: (arms,), of an arm's own part; equal ones by default.

    Returns:
        ``together``: how often all intervals to the best cover. ``left out``: how often a best arm is said to have one
        that is as good or better. ``bias``, ``corrected bias``: of the winner's mean, in standard errors. ``covers``,
        ``corrected covers``: how often its interval does.
    """
    rest = np.array([truth[i] - np.delete(truth, i).max() for i in range(len(truth))])
    best, error = int(truth.argmax()), math.sqrt(1 / n)
    found = []
    for _ in range(studies):
        own = rng.normal(size=(n, len(truth))) * (1 if spreads is None else spreads)
        ranking = rank(truth + (rng.normal(size=(n, 1)) + own) / math.sqrt(2), higher_is_better=True)
        places, winner = ranking.places, ranking.winner
        assert winner is not None
        true = truth[winner.arm]
        found.append(
            (
                all(p.low - 1e-12 <= rest[p.arm] <= p.high + 1e-12 for p in places),
                places[best].standing == "another is as good or better",
                (winner.naive.value - true) / error,
                (winner.value - true) / error,
                winner.naive.low <= true <= winner.naive.high,
                winner.low <= true <= winner.high,
            )
        )
    names = ("together", "left out", "bias", "corrected bias", "covers", "corrected covers")
    return dict(zip(names, np.mean(found, axis=0).tolist(), strict=True))


def _print_looks(studies: int) -> None:
    most = (5, 10, 20, 50)
    print(f"{'true mean 0 rejected, 2 seeds to':<40}" + "".join(f"{last:>7}" for last in most))
    rng = np.random.default_rng(0)
    for name, noise in LOOKED_AT.items():
        drawn, step = noise(rng, (studies, max(most))), 0.01 if name == "rounded" else 0.0
        for how, reaching in (("every look", reach), ("t interval", t_reach)):
            rates = ever_rejected(drawn, most, reach=reaching, resolution=step)
            print(f"{name + ', ' + how:<40}" + "".join(f"{rate:>7.3f}" for rate in rates))
    drawn = rng.normal(size=(studies, max(most)))
    rates = [either_rejected(drawn, last) for last in most]
    print(f"{'normal, every look, then t at the end':<40}" + "".join(f"{rate:>7.3f}" for rate in rates))
    for overlap in (0.25, 0.43):
        drawn = shared(rng.normal(size=(studies, max(most))), overlap, rng)
        rates = ever_rejected(drawn, most, overlap=overlap)
        print(f"{f'overlap {overlap}, every look':<40}" + "".join(f"{rate:>7.3f}" for rate in rates))


def _print_resampled(studies: int) -> None:
    most = (3, 5, 10, 20)
    print(f"\n{'ridge classifiers, 2 seeds to':<40}" + "".join(f"{last:>7}" for last in most))
    drawn, overlap = resampled(studies, max(most), np.random.default_rng(2)), 180 / 420
    rows: tuple[tuple[str, float, Reach], ...] = (
        ("every look, data like these", overlap, reach),
        ("t interval, data like these", overlap, t_reach),
        ("t interval, these data", 0.0, t_reach),
    )
    for name, shift, reaching in rows:
        rates = ever_rejected(drawn, most, overlap=shift, reach=reaching, resolution=1 / 180)
        print(f"{name:<40}" + "".join(f"{rate:>7.3f}" for rate in rates))


def _print_widths() -> None:
    for overlap in (0.0, 0.43):
        print(f"\n{f'half width (sd), overlap {overlap}':<40}" + "".join(f"{n:>7}" for n in PLANNED))
        for name, found in widths(overlap=overlap).items():
            print(f"{name:<40}" + "".join(f"{width:>7.2f}" for width in found))


def _print_winners(studies: int) -> None:
    rng = np.random.default_rng(1)
    heads = ("arms", "n", "together", "left out", "bias", "corrected", "covers", "corrected")
    print(f"\n{'truth':<16}" + "".join(f"{head:>10}" for head in heads))
    for name, span, uneven in (("equal", 0.0, False), ("spread", 2.0, False), ("equal, uneven", 0.0, True)):
        for arms in (2, 5, 20):
            for n in (3, 5, 10):
                spreads = np.geomspace(0.5, 2, arms) if uneven else None
                rates = winners(np.linspace(0, span, arms), n, studies, rng, spreads)
                print(f"{name:<16}{arms:>10}{n:>10}" + "".join(f"{rate:>10.3f}" for rate in rates.values()))


def main(studies: int = 20_000) -> None:
    """Print the tables."""
    _print_looks(studies)
    _print_resampled(studies // 20)
    _print_widths()
    _print_winners(studies // 20)


if __name__ == "__main__":
    main()

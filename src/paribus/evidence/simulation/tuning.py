"""Equal arms that were tuned: what it does to a study on which examples the values were chosen."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from paribus.evidence.estimate import contrast

Where = Literal["nowhere", "own examples", "a validation split", "all validation splits"]
WHERE: tuple[Where, ...] = ("nowhere", "own examples", "a validation split", "all validation splits")

POOL, TUNING, VALIDATE = 800, 200, 200  # examples of the study, those for tuning beside them, in each validation split
VALUES = 8  # that an arm tries


def tuned_studies(
    where: Where, tried: tuple[int, int], seeds: int, studies: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], float]:
    """Differences of two arms whose values all have the same accuracy on new data, and how often that is denied.

    An example is answered rightly where ``its easiness + its liking of this value + luck`` is positive. Liking stays
    from seed to seed, and says nothing of other examples: whoever chooses by some examples chooses likings of these.

    Args:
        where: on which examples the values are chosen.
        tried: how many values each arm tries.
        seeds: of the study.
        studies: how many.
        rng: of all draws.

    Returns:
        (studies,) differences in points, and the share of studies whose 95 % interval for data like these misses 0.
    """
    found, missed = np.empty(studies), 0
    for study in range(studies):
        values = _study(where, tried, seeds, rng)
        estimate = contrast(values, (-1.0, 1.0), 0.95, 1 / VALIDATE, None, VALIDATE / (POOL - VALIDATE))
        found[study] = 100 * estimate.value
        missed += estimate.low > 0 or estimate.high < 0
    return found, missed / studies


def _study(where: Where, tried: tuple[int, int], seeds: int, rng: np.random.Generator) -> list[list[float]]:
    """(seeds, 2) accuracies of the chosen values."""
    easiness = rng.normal(1.5, 1.5, POOL + TUNING)
    splits = [rng.permutation(POOL)[:VALIDATE] for _ in range(seeds + 1)]  # the last one is that of the trials
    columns = []
    for count in tried:
        liking = easiness + rng.normal(0, 1, (count, POOL + TUNING))

        def accuracies(rows: NDArray[np.int64], liking: NDArray[np.float64] = liking) -> NDArray[np.float64]:
            """(values,) of one training each, on these examples."""
            mean: NDArray[np.float64] = (liking[:, rows] + rng.normal(0, 1, (len(liking), len(rows))) > 0).mean(1)
            return mean

        seen = np.array([accuracies(rows) for rows in splits[:-1]])  # (seeds, values)
        by = {
            "nowhere": np.zeros(count),
            "own examples": accuracies(np.arange(POOL, POOL + TUNING)),
            "a validation split": accuracies(splits[-1]),
            "all validation splits": seen.mean(0),
        }[where]
        columns.append(seen[:, int(np.argmax(by))])
    rows: list[list[float]] = np.stack(columns, 1).tolist()
    return rows

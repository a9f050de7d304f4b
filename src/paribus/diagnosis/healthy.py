"""What figures are like in healthy runs: a table of their quantiles, and the command that makes it from finished runs.

    python -m paribus.diagnosis.healthy RUNS…
    python -m paribus.diagnosis.grading --rates src/paribus/diagnosis/healthy.json

Every finished run below these folders counts as healthy, so they must hold nothing else: shipped recipes over seeds, as
``paribus study`` leaves them. In the table that ships a1 to c9 are hosts of the grading whose planted faults
were looked at; what of it is told by recipes alone, rates and their heat, is of all sound recipes whose hosts were
looked at, which the second command reads without a training (:mod:`.grading.limits`).

A limit is not a rule of thumb but lies beyond all of them, by a margin that each figure states
(:data:`.measures.MEASURES`), or by as much as the outermost recipe lies beyond the next, where that is more. Runs of
one recipe are alike, so recipes count, and not runs: of n recipes and one more like them, that one is beyond the others
in a figure with probability 1/(n + 1), so in any of m limits with at most m/(n + 1), and farther than the margin more
rarely. This is what keeps all checks together from crying wolf, and what the grading measures.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from paribus import files
from paribus.diagnosis.measures import MEASURES, measure
from paribus.diagnosis.record import Record
from paribus.records.run import RunFolder

TABLE = Path(__file__).with_name("healthy.json")


@dataclass(frozen=True)
class Range:
    """A figure over healthy runs.

    Args:
        n: how many runs had it.
        hosts: of how many recipes.
        low, middle, high: the lowest value, the median and the highest.
        next_low, next_high: the lowest and the highest of all recipes but that of the lowest, or of the highest.
    """

    n: int
    hosts: int
    low: float
    next_low: float
    middle: float
    next_high: float
    high: float


@dataclass(frozen=True)
class Healthy:
    """The table.

    Args:
        runs: how many healthy runs it was made from.
        recipes: recipe → how many of them.
        ranges: figure → its quantiles.
    """

    runs: int
    recipes: Mapping[str, int]
    ranges: Mapping[str, Range]

    @property
    def limits(self) -> int:
        """How many figures have one."""
        return len(self.ranges)

    def above(self, name: str) -> float:
        """The value from which a figure is higher than that of any healthy run, by its margin."""
        return self._limit(name, 1)

    def below(self, name: str) -> float:
        """The value below which it is lower than that of any healthy run, by its margin."""
        return self._limit(name, -1)

    def _limit(self, name: str, side: int) -> float:
        found = self.ranges.get(name)
        if found is None:
            return side * math.inf
        edge, inner = (found.high, found.next_high) if side > 0 else (found.low, found.next_low)
        one = MEASURES[name]
        margin = one.margin if side > 0 or one.under is None else one.under
        if one.log and edge > 0:
            apart = (edge / inner) ** side if inner > 0 else 1.0
            return edge * max(margin, apart) ** side
        return edge + side * max(margin, side * (edge - inner))


@cache
def healthy() -> Healthy:
    """The table that ships; without limits where there is none."""
    return read(TABLE) if TABLE.exists() else Healthy(0, {}, {})


def read(path: Path) -> Healthy:
    """A table from its file."""
    content = files.read_json(path)
    ranges = {name: Range(**found) for name, found in content["ranges"].items()}
    return Healthy(content["runs"], content["recipes"], ranges)


def table(folders: Sequence[RunFolder]) -> Healthy:
    """The quantiles of all figures over finished runs."""
    hosts = [str(folder.read()["name"]) for folder in folders]
    found = [measure(Record.read(folder)) for folder in folders]
    values = {
        name: [(one[name], host) for one, host in zip(found, hosts, strict=True) if name in one] for name in MEASURES
    }
    ranges = {name: ranged(numbers) for name, numbers in values.items() if numbers}
    return Healthy(len(folders), dict(sorted(Counter(hosts).items())), ranges)


def ranged(values: Sequence[tuple[float, str]]) -> Range:
    """The quantiles of values, each with the recipe that it is of."""
    order = sorted(values)
    (low, lowest), (high, highest) = order[0], order[-1]
    inner = next((value for value, host in order if host != lowest), low)
    outer = next((value for value, host in reversed(order) if host != highest), high)
    figures = (low, inner, order[len(order) // 2][0], outer, high)
    return Range(len(order), len({host for _, host in order}), *(float(f"{value:.4g}") for value in figures))


def finished(roots: Iterable[Path]) -> Iterator[RunFolder]:
    """All finished runs of recipes below these folders."""
    for root in roots:
        for path in sorted(root.rglob("recipe.json")):
            folder = RunFolder(path.parent)
            if folder.status.state == "finished" and folder.origin == "recipe":
                yield folder


def main(roots: Sequence[str]) -> None:
    """Make the table anew."""
    found = table(list(finished(map(Path, roots))))
    ranges = {name: vars(one) for name, one in found.ranges.items()}
    files.write_json(TABLE, {"runs": found.runs, "recipes": found.recipes, "ranges": ranges})
    print(f"{found.runs} runs of {len(found.recipes)} recipes: {found.limits} figures in {TABLE}")


if __name__ == "__main__":
    main(sys.argv[1:])

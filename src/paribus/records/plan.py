"""A plan: how many seeds a study needs, what they cost, and what it rests on. Frozen, and computed elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from paribus.evidence import Spread
from paribus.files import finite
from paribus.records import wording
from paribus.records.claims import Claim
from paribus.records.metric import Metric
from paribus.records.study import StudyDesign

Kind = Literal["these arms", "similar", "single arm"]
"""``these arms``: the very comparison, of the same seeds. ``similar``: another one of the same data, split, task, model
and budget. ``single arm``: an arm alone, so that what pairing takes off the spread is not known."""

LIKELY = (0.1, 0.9)  # between these quantiles the true spread lies with 80 % probability


@dataclass(frozen=True)
class Source:
    """One comparison from which a spread is known.

    Args:
        study: name of the folder in which its runs lie.
        about: what was compared.
        kind: how near it is to what is planned.
        seeds: pairs of runs, or runs of a single arm.
        sd: standard deviation of the differences.
        runs: the runs themselves: ``STUDY/ARM/SEED``.
    """

    study: str
    about: str
    kind: Kind
    seeds: int
    sd: float
    runs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Need:
    """What one comparison needs, for one claim.

    Args:
        seeds: with which a true difference of δ is found with the power asked for, averaged over what the spread may
            be; ``None`` if no number up to the most will do, or there is no δ.
        fewest, most: the same if the true spread were at the lower and at the upper end of its 80 % interval.
        floor: the smallest difference that any number of seeds would show; 0 where seeds are independent draws.
        enough: seeds after which more hardly help: they show 1.1 times the floor. ``None`` without a floor.
        data: where δ lies below the floor, by which factor there must be more examples, if all of the spread shrinks as
            fast as that of a mean over examples.
    """

    seeds: int | None
    fewest: int | None
    most: int | None
    floor: float
    enough: int | None
    data: float | None


@dataclass(frozen=True)
class Comparison:
    """One planned comparison: what is known of its spread, and what it needs for each claim."""

    label: str
    spread: Spread
    needs: Mapping[Claim, Need]


@dataclass(frozen=True)
class Size:
    """A number of seeds, and what it costs and shows.

    Args:
        seeds: how many, in every arm.
        runs: how many that is in all.
        processor_seconds: of all runs one after another; ``None`` where no run has told its time.
        seconds: with as many at the same time as there are workers.
        detectable: for each claim the smallest true difference that all comparisons would find with the power asked
            for, each alone.
    """

    seeds: int
    runs: int
    processor_seconds: float | None
    seconds: float | None
    detectable: Mapping[Claim, float]


@dataclass(frozen=True)
class PlannedLooks:
    """What planned looks cost: the study stops as soon as all is decided, and may take more seeds.

    Args:
        sizes: numbers of seeds at the looks, the last being the most.
        level: of the last look, for all comparisons together.
    """

    sizes: tuple[int, ...]
    level: float


@dataclass(frozen=True)
class Part:
    """A part of the spread of single runs, as a noise study found it: stream of chance, share, and its interval."""

    stream: str
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Plan:
    """What a study needs before anything is trained.

    Args:
        design: the study that is planned; its own seeds are those it was given.
        metric_name: the figure compared.
        metric: how people read it.
        delta: the smallest difference that matters; ``None`` if there is none.
        power: probability with which a true difference of δ is to be found.
        claim: what the headline is about.
        overlap: validation examples per training example, where every seed draws its own split.
        comparisons: all that is compared; they share the error probability.
        sizes: numbers of seeds with their costs.
        looks: planned looks, for the headline; ``None`` where no number of seeds will do.
        sources: the comparisons from which the spread is known.
        used: seeds that showed the spread and must not count in the study.
        workers: runs at the same time.
        noise: parts of the spread of single runs, where a noise study is there.
        price: of an hour of one run, in whatever money it was given.
    """

    design: StudyDesign
    metric_name: str
    metric: Metric
    delta: float | None
    power: float
    claim: Claim
    overlap: float | None
    comparisons: tuple[Comparison, ...]
    sizes: tuple[Size, ...]
    looks: PlannedLooks | None
    sources: tuple[Source, ...]
    used: tuple[int, ...]
    workers: int
    noise: tuple[Part, ...] = field(default=())
    price: float | None = None

    def __repr__(self) -> str:
        return f"Plan({self.design.name!r}, {self.answer})"

    def seeds(self, claim: Claim | None = None) -> int | None:
        """Seeds with which every comparison has the power asked for; ``None`` where no number will do."""
        wished = [comparison.needs[claim or self.claim].seeds for comparison in self.comparisons]
        known = [seeds for seeds in wished if seeds is not None]
        return max(known) if len(known) == len(wished) else None

    def cost(self, size: Size) -> float | None:
        """What a study of this size costs; ``None`` where the price or the time of a run is not known."""
        known = self.price is not None and size.processor_seconds is not None
        return self.price * size.processor_seconds / 3600 if known else None  # type: ignore[operator]

    @property
    def arms(self) -> int:
        """How many there are; a change that is not named yet has two."""
        return max(2, len(self.design.arms()))

    @property
    def fresh(self) -> tuple[int, ...] | None:
        """The seeds to train: as many as are needed, without those that showed the spread."""
        if (needed := self.seeds()) is None:
            return None
        free = (seed for seed in range(needed + len(self.used)) if seed not in self.used)
        return tuple(seed for seed, _ in zip(free, range(needed), strict=False))

    @property
    def answer(self) -> str:
        """How many seeds, in words."""
        if self.delta is None:
            return "no δ is given, so nothing is asked of the seeds"
        delta, seeds = wording.threshold(self.metric, self.delta), self.seeds()
        if seeds is None:
            return (
                f"no number of seeds finds a difference of {delta} with a probability of {wording.percent(self.power)}"
            )
        return f"{wording.count(seeds, 'seed')} in every arm find a difference of {delta}"

    def plain(self) -> dict[str, Any]:
        """The whole record as data that JSON can hold."""
        content = {**asdict(self), "design": self.design.model_dump(mode="json"), "seeds": self.seeds()}
        return finite(content)  # type: ignore[no-any-return]

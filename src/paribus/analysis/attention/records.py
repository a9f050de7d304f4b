"""What is recorded of maps and of the tests that they must pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from paribus.evidence.estimate import Estimate

Outcome = Literal["passes", "fails", "undecided"]
Verdict = Literal["certified", "not certified", "refused", "not tested"]
Values = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Map:
    """What speaks for one class in one picture.

    Args:
        place: the picture: where it stands in the data set, or its file.
        truth: its class, empty where that is not known.
        label: the class that the map is about.
        role: why that one: predicted, true, or asked for.
        logit, probability: of that class; where pixels have classes, the means over the pixels in question.
        pixels: how many are in question, 0 where the picture has one class.
        low, high: the smallest and the largest value of the raw map.
        size: of the raw map, height and width.
        negative: the share of its values below 0, which the shown map leaves out.
        gap: of integrated gradients: how far the map's sum misses the difference of logits, as a share of that.
        refused: why it shows nothing; empty where it does.
        values: the raw map, at most 64 rows and columns: of a larger one means of blocks.
        picture: as an address of HTML.
    """

    place: str
    truth: str
    label: str
    role: str
    logit: float
    probability: float
    pixels: int
    low: float
    high: float
    size: tuple[int, int]
    negative: float
    gap: float | None
    refused: str
    values: Values
    picture: str


@dataclass(frozen=True)
class Likeness:
    """How like the maps of the trained network those of one with random layers are.

    Args:
        layer: the lowest of the layers whose weights are random; all above it are, too.
        rank: correlation of the ranks of their values (Spearman).
        ssim: structural similarity.
    """

    layer: str
    rank: Estimate
    ssim: Estimate


@dataclass(frozen=True)
class Test:
    """One test of the maps.

    Args:
        name: of the test.
        against: what the maps are compared with.
        outcome: whether they pass.
        estimate: the figure, over pictures.
    """

    name: str
    against: str
    outcome: Outcome
    estimate: Estimate


@dataclass(frozen=True)
class Cascade:
    """The maps of one picture while more and more layers become random.

    Args:
        picture: as an address of HTML.
        label: the class.
        maps: layer → raw map; the first is that of the trained network.
    """

    picture: str
    label: str
    maps: Mapping[str, Values]


@dataclass(frozen=True)
class Certificate:
    """What tests say of the maps, each of the class that the network predicts.

    Args:
        pictures: how many were tested.
        left_out: how many were not, because their map shows nothing.
        draws: of random weights.
        limit: rank correlation from which a map counts as one that survives random weights.
        likeness: from the top layer down.
        cascade: what that looks like.
        shares: of the pixels that are deleted or inserted, along the curves.
        deletion, insertion: ranking of pixels → mean probability of the class, along ``shares``.
        tests: all of them.
    """

    pictures: int
    left_out: int
    draws: int
    limit: float
    likeness: tuple[Likeness, ...]
    cascade: Cascade
    shares: tuple[float, ...]
    deletion: Mapping[str, tuple[float, ...]]
    insertion: Mapping[str, tuple[float, ...]]
    tests: tuple[Test, ...]

    @property
    def verdict(self) -> Verdict:
        """Refused where random weights give the same maps; certified where all tests are passed."""
        outcomes = {test.name: test.outcome for test in self.tests if test.name == RANDOMISATION}
        if outcomes[RANDOMISATION] == "fails":
            return "refused"
        return "certified" if all(test.outcome == "passes" for test in self.tests) else "not certified"


@dataclass(frozen=True)
class Attention:
    """Where a network looks.

    Args:
        method: how maps are made.
        layer: that they are taken from; empty for those of pixels.
        split: that the pictures are from.
        empty: what stands for a picture that shows nothing.
        maps: of single pictures.
        certificate: what tests say of such maps; ``None`` where there were too few pictures.
        untested: why there is no certificate.
    """

    method: str
    layer: str
    split: str
    empty: str
    maps: tuple[Map, ...]
    certificate: Certificate | None
    untested: str = ""

    @property
    def verdict(self) -> Verdict:
        """Of the certificate."""
        return self.certificate.verdict if self.certificate else "not tested"


RANDOMISATION = "weight randomisation"

"""How accuracy falls as pictures are corrupted, by strength: which of two networks leans on texture, which on place?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field
from torch import Tensor

from paribus.analysis.examples import address
from paribus.analysis.pictures import SMALL
from paribus.chance import Draws, key
from paribus.data.corruptions import CORRUPTIONS, Corruption, corrupted
from paribus.evidence.proportion import Proportion, proportion
from paribus.inference.activations import spread
from paribus.inference.trained import SplitName, Trained, loader_of, prepared_with


@dataclass(frozen=True)
class Corruptions:
    """Accuracy by kind and strength.

    Args:
        split: of the data.
        examples: that were asked, the same for all kinds and strengths.
        strengths: from 0, the pictures as they are, to 1.
        curves: kind → accuracy at each strength, with its interval over the examples.
        kept: kind → mean accuracy over all strengths but 0, as a share of that at 0.
        shown: kind → one picture at each strength, as addresses of HTML.
        confidence: of the intervals.
    """

    split: str
    examples: int
    strengths: tuple[float, ...]
    curves: Mapping[str, tuple[Proportion, ...]]
    kept: Mapping[str, float]
    shown: Mapping[str, tuple[str, ...]]
    confidence: float


def corruptions(
    trained: Trained,
    *,
    kinds: tuple[Corruption, ...] = tuple(CORRUPTIONS),
    severities: Annotated[int, Field(ge=1, le=20)] = 5,
    most: Annotated[int, Field(ge=2)] = 1000,
    split: SplitName = "val",
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95,
) -> Corruptions:
    """Ask a network about pictures that get worse step by step.

    Args:
        trained: the network.
        kinds: of corruption: noise, blur, contrast, jpeg; texture, which gives a picture the grain of another one and
            leaves its shapes; shuffle, which leaves all parts and moves them.
        severities: steps of equal width from none to the strongest.
        most: examples that are asked, spread evenly over the split.
        split: which examples are asked.
        confidence: of the intervals.

    Raises:
        DataError: for examples that are no pictures.
    """
    prepared = prepared_with(trained, split)
    loader = loader_of(prepared, split)
    loader.rows = spread(loader.rows, most)
    strengths = tuple(step / severities for step in range(severities + 1))
    hits: dict[str, list[int]] = {kind: [0] * len(strengths) for kind in kinds}
    shown: dict[str, tuple[str, ...]] = {}
    for batch in loader.in_order():
        unchanged = _hits(trained, batch.inputs, batch.targets)  # once for all kinds
        for kind in kinds:
            draws = Draws(key("corruptions", kind), batch.rows)
            pictures = [corrupted(kind, batch.inputs, strength, draws) for strength in strengths]
            shown.setdefault(kind, tuple(address(some[0], SMALL) for some in pictures))
            hits[kind][0] += unchanged
            for place, some in enumerate(pictures[1:], 1):
                hits[kind][place] += _hits(trained, some, batch.targets)
    count = len(loader.rows)
    curves = {kind: tuple(proportion(hit, count, confidence) for hit in found) for kind, found in hits.items()}
    kept = {kind: sum(found[1:]) / severities / max(1, found[0]) for kind, found in hits.items()}
    return Corruptions(split, count, strengths, curves, kept, shown, confidence)


def _hits(trained: Trained, pictures: Tensor, targets: Tensor) -> int:
    return int((trained.predict(pictures).argmax(1) == targets).sum())

"""What averaging gains, over the members of an ensemble or over several views of each picture: on the same examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor

from paribus import files
from paribus.data.deliver.loader import Batch, Loader
from paribus.errors import DataError
from paribus.evidence.bootstrap import mean_interval
from paribus.evidence.estimate import Estimate
from paribus.inference.ensemble import LEAST, Ensemble, agreement
from paribus.inference.trained import SplitName, Trained, prepared_with
from paribus.inference.views import MOST
from paribus.tasks.evaluation import batch_size

Confidence = Annotated[float, Field(gt=0, lt=1)]
Figures = Mapping[str, Tensor]  # accuracy and loss of each example (B,)


@dataclass(frozen=True)
class Averaging:
    """Figures of averaged probabilities beside those of single ones, on the same examples.

    Args:
        split: of the data.
        examples: that were asked: of several networks those that are in this split of all of them, so that none was
            trained on any.
        left_out: examples of the split of some network that others trained on, or have in another split.
        members: networks.
        views: of each picture.
        single: accuracy and loss of a single network looking at the picture as it is; of several the mean.
        averaged: those of the averaged probabilities.
        gains: averaged − single, with its interval over the examples.
        agreement: mean share of members, or of views, whose own label is that of all together.
    """

    split: str
    examples: int
    left_out: int
    members: int
    views: int
    single: Mapping[str, float]
    averaged: Mapping[str, float]
    gains: Mapping[str, Estimate]
    agreement: float


def tta(
    trained: Trained,
    *,
    views: Literal["flip"] | Annotated[int, Field(ge=2, le=MOST)] = "flip",
    split: SplitName = "val",
    confidence: Confidence = 0.95,
) -> Averaging:
    """What a network gains where it looks at several views of each picture.

    The intervals say how sure the gain of this network is in view of the examples; what another seed would give is a
    question for a study.

    Args:
        trained: the network.
        views: flip adds the mirror image; a number asks for the picture and draws of the recipe's augmentations.
        split: which examples are asked.
        confidence: of the intervals.

    Raises:
        DataError: for inputs that are no pictures, or a split that there is not.
        RecipeError: if views are to be drawn, and the recipe has no augmentations.
    """
    return _averaging(Ensemble((trained,), views), split, confidence)


def ensemble(members: Sequence[Trained], *, split: SplitName = "val", confidence: Confidence = 0.95) -> Averaging:
    """What several networks gain where they predict together.

    The intervals are about these very networks, in view of the examples.

    Args:
        members: the networks: all finished seeds of an arm.
        split: which examples are asked: those that are in this split of every member.
        confidence: of the intervals.

    Raises:
        DataError: if there is no such example, or the networks do not fit each other.
    """
    return _averaging(Ensemble(tuple(members)), split, confidence)


def _averaging(asked: Ensemble, split: str, confidence: float) -> Averaging:
    loader, left_out = common(asked.members, split)
    pieces = [_figures(asked, batch) for batch in loader.in_order()]
    single, averaged, agreed = (
        {name: torch.cat([piece[place][name] for piece in pieces]).double() for name in pieces[0][place]}
        for place in range(3)
    )
    return Averaging(
        split,
        len(loader.rows),
        left_out,
        len(asked.members),
        asked.looks,
        {name: float(values.mean()) for name, values in single.items()},
        {name: float(values.mean()) for name, values in averaged.items()},
        {name: mean_interval((averaged[name] - single[name]).numpy(), confidence) for name in single},
        float(agreed["agreement"].mean()),
    )


def common(members: Sequence[Trained], split: str) -> tuple[Loader, int]:
    """The examples that are in a split of every network, and how many are in that of some only.

    A network's splits have no example in common, so what is held out for all was trained on by none.

    Raises:
        DataError: if there is none, or the networks were trained on different data, whose rows are other examples.
    """
    prepared = [prepared_with(one, split) for one in members]
    if len({one.inputs.data.digest or _described(it) for one, it in zip(prepared, members, strict=True)}) > 1:
        got = ", ".join(dict.fromkeys(one.recipe.data.use for one in members))
        rule = "networks are asked the same examples, and these were trained on different data"
        raise DataError(rule, got=got, hint="name runs of the same data, with the same options")
    rows = [set(one.rows[split].tolist()) for one in prepared]
    common = reduce(set.intersection, rows)
    if not common:
        rule = f"no example is in the {split} split of every network, so there is none that no network was trained on"
        hint = "hold the split fixed for all seeds: chance.split=0, or ask for split=test"
        raise DataError(rule, got=f"{len(members)} networks", hint=hint)
    first = prepared[0]
    kept = torch.tensor(sorted(common), dtype=torch.int64)
    loader = Loader(first.examples, kept, batch_size(first.info), torch.device("cpu"))
    return loader, len(set.union(*rows)) - len(common)


def _described(member: Trained) -> str:
    """The data of a network in the words of its recipe, which decide what is generated."""
    return files.dumps(member.recipe.content["recipe"]["data"])


def _figures(asked: Ensemble, batch: Batch) -> tuple[Figures, Figures, Figures]:
    """Of each example of a batch: figures of single networks and views, of all averaged, and their agreement."""
    opinions = asked.opinions(batch.inputs)  # (members, views, B, classes)
    each = [_of(shares, batch.targets) for shares in opinions[:, 0]]
    single = {name: torch.stack([one[name] for one in each]).mean(0) for name in each[0]}
    return single, _of(opinions.mean((0, 1)), batch.targets), {"agreement": agreement(opinions)}


def _of(shares: Tensor, targets: Tensor) -> dict[str, Tensor]:
    """Whether the likeliest class of each example (B, classes) is right, and −log of the true one's probability."""
    true = shares.double().gather(1, targets[:, None].long())[:, 0]
    return {"accuracy": (shares.argmax(1) == targets).double(), "loss": -true.clamp(min=LEAST).log()}

"""Where a network that writes one sequence from another looks for every token that it writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch
from pydantic import Field

from paribus.data import trees
from paribus.errors import DataError
from paribus.inference.trained import SplitName, Trained, batches
from paribus.tasks.sequences.alignment import Alignment
from paribus.tasks.sequences.seq2seq import Seq2Seq

MOST = 200  # sequences over which looks are averaged


@dataclass(frozen=True)
class Alignments:
    """Where a network looks.

    Args:
        split: of the data; empty where sentences were given.
        shown: some pairs.
        top: the weight of the token that each written token looks at most, on average: 1 where it looks at one alone.
        spread: entropy of the weights in nats, on average: 0 where it looks at one alone.
        sequences: over how many.
    """

    split: str
    shown: tuple[Alignment, ...]
    top: float
    spread: float
    sequences: int


@torch.inference_mode()
def alignment(
    trained: Trained,
    *,
    split: SplitName = "val",
    count: Annotated[int, Field(ge=1, le=20)] = 4,
    text: str = "",
) -> Alignments:
    """The weights of the attention while a network writes some sequences without help.

    Args:
        trained: a network with attention between what it reads and what it writes.
        split: which sequences are read.
        count: how many are shown.
        text: a sentence of your own to be read in their place.

    Raises:
        DataError: if the network has no attention, or the sentence a character that training never saw.
    """
    task, network = trained.task, trained.network
    if not isinstance(task, Seq2Seq):
        raise DataError("an alignment needs a network that writes sequences", got=trained.recipe.task.use)
    if text:
        source = torch.tensor([task.tokens.require(text)])
    else:
        source = torch.cat([trees.first(batch.inputs) for batch in batches(trained, split, MOST)])
    found = task.alignments(network, source)
    if not found:
        raise DataError("this network has no attention", got="model.attention=none", hint="set another")
    weights = [torch.tensor(row) for one in found for row in one.weights]
    top, spread = (torch.stack(values).mean() for values in zip(*map(_sharpness, weights), strict=True))
    return Alignments("" if text else split, tuple(found[:count]), float(top), float(spread), len(found))


def _sharpness(weights: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The largest weight (S,), and the entropy of all."""
    return weights.max(), -torch.xlogy(weights, weights).sum()

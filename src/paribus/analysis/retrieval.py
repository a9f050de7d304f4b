"""How near a network places what is of one class: retrieval, verification, and one-shot tasks one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field
from torch import Tensor

from paribus.errors import DataError
from paribus.evidence.bootstrap import mean_interval
from paribus.evidence.estimate import Estimate
from paribus.evidence.proportion import Proportion, proportion
from paribus.inference.activations import INPUTS, look
from paribus.inference.trained import SplitName, Trained
from paribus.tasks.embedding import metrics
from paribus.tasks.embedding.embedding import Embedding

RECALLS = (1, 5, 10)
LEAST = 4  # sets of classes for an interval


@dataclass(frozen=True)
class Placed:
    """What distances tell in one space.

    Args:
        recall: k → share of examples with one of their class among the k nearest others, with its interval.
        auroc, eer: of telling pairs of one class from others by their distance.
        roc: (false positive rate, true positive rate), rising.
        tasks: accuracy of one-shot classification for each set of classes.
        one_shot: their mean, with its interval over the sets; ``None`` of fewer than four.
    """

    recall: Mapping[int, Proportion]
    auroc: float
    eer: float
    roc: tuple[tuple[float, float], ...]
    tasks: tuple[float, ...]
    one_shot: Estimate | None


@dataclass(frozen=True)
class Retrieval:
    """A network's points, beside the examples themselves.

    Args:
        split: of the data.
        examples: that were asked.
        ways: classes in a one-shot task.
        spaces: the network's points, and the inputs, whose distances need no network.
        confidence: of the intervals.
    """

    split: str
    examples: int
    ways: int
    spaces: Mapping[str, Placed]
    confidence: float


def retrieval(
    trained: Trained,
    *,
    split: SplitName = "val",
    most: Annotated[int, Field(ge=4)] = 20_000,
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95,
) -> Retrieval:
    """Ask how near examples of one class lie, in the network's space and between the examples themselves.

    Args:
        trained: a network of task=embedding.
        split: which examples are asked.
        most: examples, spread evenly over the split.
        confidence: of the intervals.

    Raises:
        DataError: if all examples are of one class, or none has another of its own.
    """
    task = trained.task
    assert isinstance(task, Embedding)
    seen = look(trained, (INPUTS,), split, most)
    labels = seen.targets.long()
    spaces = {"network": seen.said.float(), INPUTS: seen.spaces[INPUTS].values}
    found = {name: _placed(z, labels, task, confidence) for name, z in spaces.items()}
    return Retrieval(split, len(labels), task.ways, found, confidence)


def _placed(z: Tensor, labels: Tensor, task: Embedding, confidence: float) -> Placed:
    pairs, recalls = metrics.verification(z, labels), metrics.recall_at(z, labels, RECALLS)
    if pairs is None or not recalls:
        raise DataError("distances are compared within classes and between them", got="no such pairs")
    asked = int((labels.bincount()[labels] > 1).sum())
    tasks = metrics.one_shot(z, labels, task.families, task.ways)
    return Placed(
        {k: proportion(round(share * asked), asked, confidence) for k, share in recalls.items()},
        *pairs,
        tuple(tasks),
        mean_interval(tasks, confidence) if len(tasks) >= LEAST else None,
    )

"""The kinds of parts that a recipe is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of part.

    Args:
        room: the module whose ``PARTS`` table names the built-in parts and where they are.
        supplied: constructor parameters that paribus fills in; a task may supply models with more, see ``supplies``.
        about: one sentence for people.
        plural: what people call several of them: ``paribus list models``.
        heading: above them in the reference.
        default: the part of a recipe that names none.
        common: ``module:class`` whose parameters are options of every part of this kind, beside its own.
    """

    room: str
    supplied: frozenset[str]
    about: str
    plural: str
    heading: str
    default: str | None = None
    common: str = ""


KINDS: Mapping[str, Kind] = {
    "data": Kind("paribus.data", frozenset(), "where the examples come from", "data", "Data sources"),
    "augment": Kind(
        "paribus.data.augmentation",
        frozenset(),
        "random changes to training examples",
        "augmentations",
        "Augmentations",
    ),
    "model": Kind(
        "paribus.models",
        frozenset({"input_shape", "in_channels", "target_shape", "num_outputs", "num_classes", "num_tokens"}),
        "the network that is trained",
        "models",
        "Models",
        common="paribus.models.start:Start",
    ),
    "task": Kind(
        "paribus.tasks",
        frozenset({"info"}),
        "what is learned: loss, metrics, predictions",
        "tasks",
        "Tasks",
        "classification",
    ),
    "optimizer": Kind(
        "paribus.training.optimizers",
        frozenset({"params", "hidden"}),
        "the rule that updates the weights",
        "optimizers",
        "Optimizers",
        "sgd",
    ),
    "schedule": Kind(
        "paribus.training.schedules",
        frozenset(),
        "how the learning rate changes over time",
        "schedules",
        "Schedules",
        "constant",
    ),
    "stopping": Kind(
        "paribus.training.stopping",
        frozenset(),
        "when to stop before the budget is used",
        "stopping",
        "Stopping rules",
        "never",
    ),
}

"""All checks on one run."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from paribus.diagnosis import general
from paribus.diagnosis.finding import Diagnosis
from paribus.records.parts import factory_of, present
from paribus.records.run import RunFolder

Check = Callable[[RunFolder], Diagnosis]

NEVER = (
    "labels: whether they are right",
    "splits: whether examples of one are also in another",
    "gradients and activations: they are not in the records",
)
"""What no record of a run can show."""


def diagnose(folder: RunFolder) -> Diagnosis:
    """What the records of a run say is wrong with it, and what was and was not looked at; nothing is trained for it.

    What any training can suffer from comes first; then the task says who reads its records, in its attribute
    ``diagnosis``.

    Raises:
        RunError: if the folder holds no run.
    """
    found = general.check(folder)
    if "loss-not-finite" not in found.causes:  # what else the records show follows from that
        found += _of_task(folder)
    return found + Diagnosis(unchecked=NEVER)


def _of_task(folder: RunFolder) -> Diagnosis:
    """What only trainings of this task can suffer from."""
    part = folder.recipe.task
    place = getattr(factory_of("task", part), "diagnosis", "") if present("task", part) else ""
    if not place:
        return Diagnosis(unchecked=(f"faults that only the task {part.use} has: no check knows them",))
    module, _, function = place.partition(":")
    check: Check = getattr(importlib.import_module(module), function)
    return check(folder)

"""All checks on one run."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from paribus.diagnosis.finding import Finding
from paribus.records.parts import factory_of, present
from paribus.records.run import RunFolder

Check = Callable[[RunFolder], list[Finding]]


def diagnose(folder: RunFolder) -> list[Finding]:
    """What the records of a run say is wrong with it, gravest first; nothing is trained or loaded for it.

    The task says who reads its records, in its attribute ``diagnosis``.

    Raises:
        RunError: if the folder holds no run.
    """
    part = folder.recipe.task
    place = getattr(factory_of("task", part), "diagnosis", "") if present("task", part) else ""
    if not place:
        return []
    module, _, function = place.partition(":")
    check: Check = getattr(importlib.import_module(module), function)
    return check(folder)

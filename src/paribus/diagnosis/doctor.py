"""All checks on one run."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping

from paribus.diagnosis.finding import Finding
from paribus.records.run import RunFolder

Check = Callable[[RunFolder], list[Finding]]

CHECKS: Mapping[str, str] = {  # task → "module:function" that reads the records of its runs
    "forecasting": "forecast:forecast",
    "gan": "generator:check",
}


def diagnose(folder: RunFolder) -> list[Finding]:
    """What the records of a run say is wrong with it, gravest first; nothing is trained or loaded for it.

    Raises:
        RunError: if the folder holds no run.
    """
    task = folder.recipe.task.use
    if task not in CHECKS:
        return []
    module, _, function = CHECKS[task].partition(":")
    check: Check = getattr(importlib.import_module(f"paribus.diagnosis.{module}"), function)
    return check(folder)

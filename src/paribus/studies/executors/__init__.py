"""Executors, which run the jobs of a study: here, in a pool, or many in one step. One line adds another."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from paribus.errors import StudyError, nearest

if TYPE_CHECKING:
    from paribus.studies.executors.job import Executor

EXECUTORS = {  # name → module and class, which is made from the number of workers and the device
    "inprocess": ("paribus.studies.executors.inprocess", "InProcess"),
    "pool": ("paribus.studies.executors.pool", "LocalPool"),
    "fused": ("paribus.studies.executors.fused", "FusedPool"),
}


def make(name: str, workers: int | None = None, device: str = "auto") -> Executor:
    """An executor by its name.

    Args:
        name: one of ``EXECUTORS``.
        workers: runs at the same time; the executor's own choice by default.
        device: where the runs will be computed.
    """
    if name not in EXECUTORS:
        raise StudyError("there is no such executor", got=name, hint=nearest(name, EXECUTORS))
    module, attribute = EXECUTORS[name]
    return cast("Executor", getattr(import_module(module), attribute)(workers, device))

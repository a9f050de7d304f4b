"""Executors, which run the jobs of a study: here, in a pool, many in one step, or on a cluster. A line adds another."""

from __future__ import annotations

from importlib import import_module
from inspect import signature
from typing import TYPE_CHECKING, Any, cast

from paribus.errors import StudyError, nearest

if TYPE_CHECKING:
    from paribus.studies.executors.job import Executor

EXECUTORS = {  # name → module and class, which is made from the number of workers and the device
    "inprocess": ("paribus.studies.executors.inprocess", "InProcess"),
    "pool": ("paribus.studies.executors.pool", "LocalPool"),
    "fused": ("paribus.studies.executors.fused", "FusedPool"),
    "ray": ("paribus.studies.executors.cluster", "RayCluster"),
    "slurm": ("paribus.studies.executors.slurm", "SlurmCluster"),
}
AUTO = "auto"  # the pool, or this process for one job at a time
ELSEWHERE = ("ray", "slurm")  # executors whose runs leave this machine, so that its cores do not count


def make(name: str, workers: int | None = None, device: str = "auto", **options: Any) -> Executor:
    """An executor by its name.

    Args:
        name: one of ``EXECUTORS``; behind a colon what it connects to: ``ray:HOST:PORT``, ``slurm:partition=NAME``.
        workers: runs at the same time; the executor's own choice by default.
        device: where the runs will be computed.
        options: further ones, of the executors that have them.

    Raises:
        StudyError: where there is none of this name, or it has no such option.
    """
    kind, colon, address = name.partition(":")
    if kind not in EXECUTORS:
        raise StudyError("there is no such executor", got=name, hint=nearest(kind, EXECUTORS))
    module, attribute = EXECUTORS[kind]
    made = getattr(import_module(module), attribute)
    given = {word: value for word, value in options.items() if value not in (None, False)}
    if colon:
        given["address"] = address
    if strange := next((word for word in given if word not in signature(made).parameters), None):
        rule = f"{kind} takes no {'address' if strange == 'address' else option(strange)}"
        raise StudyError(rule, got=name, hint="leave it out, or choose a cluster: --on ray, --on slurm")
    return cast("Executor", made(workers, device, **given))


def is_local(executor: Executor | str | None) -> bool:
    """Whether runs stay on this machine, as far as a name tells."""
    return not (isinstance(executor, str) and executor.partition(":")[0] in ELSEWHERE)


def option(name: str) -> str:
    """An option of an executor as the command line writes it."""
    return f"--{name.replace('_', '-')}"

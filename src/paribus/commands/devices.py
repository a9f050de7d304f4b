"""GPUs, shared out among the runs of a study: each worker has one."""

from __future__ import annotations

import os
from pathlib import Path

from paribus.errors import StudyError

WORKER = "PARIBUS_WORKER"  # variable: the number of a worker among those that work at the same time
VISIBLE = "CUDA_VISIBLE_DEVICES"


def gpus() -> list[str]:
    """The GPUs that programs may use: those of CUDA_VISIBLE_DEVICES, else all that the driver of NVIDIA knows."""
    given = os.environ.get(VISIBLE)
    if given is not None:
        names = [name.strip() for name in given.split(",")]
        return names[: names.index("-1")] if "-1" in names else [name for name in names if name]
    known = Path("/proc/driver/nvidia/gpus")
    return [str(number) for number in range(len([*known.iterdir()]))] if known.is_dir() else []


def gpu_number() -> int | None:
    """The number of this worker's GPU among the visible ones, as a program counts them; none where there is none."""
    known = gpus()
    return int(os.environ.get(WORKER, "0")) % len(known) if known else None


def environment_of_gpu() -> dict[str, str]:
    """The variable that shows a program this worker's GPU only; nothing where there is none."""
    number = gpu_number()
    return {} if number is None else {VISIBLE: gpus()[number]}


def require_gpu() -> None:
    """Refuse a command with ``{gpu}`` where there is none.

    Raises:
        StudyError: naming where one was looked for.
    """
    if not gpus():
        raise StudyError("the command has {gpu}, and there is no GPU here", got=os.environ.get(VISIBLE, "no driver"))

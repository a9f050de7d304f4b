"""Where a run took place: versions and hardware, as plain data."""

from __future__ import annotations

import os
import platform
import sys
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from paribus import threads

PACKAGES = ("paribus", "torch", "numpy", "scikit-learn", "scipy", "pillow", "pydantic", "safetensors")

OTHERS = ("lightning", "keras", "transformers", "fastai", "tensorflow", "jax", "xgboost", "lightgbm", "catboost")


@cache
def environment() -> dict[str, Any]:
    """Versions of what computes, and the machine it computes on. Contains no user name and no path."""
    return {
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "platform": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": cores(),
        "openmp": threads.waiting(),
        "accelerator": _accelerator(),
    }


def with_others() -> dict[str, Any]:
    """The environment of a training that is not ours: with the versions of libraries that train, if loaded."""
    known = environment()
    others = {name: _version(name) for name in OTHERS if name in sys.modules}
    return {**known, "packages": {**known["packages"], **others}}


def cores() -> int:
    """Processor cores that this process may use: affinity and container limits are respected."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return max(1, min(allowed, round(int(quota) / int(period))))
    except (OSError, ValueError):  # no such limit, or "max"
        return allowed


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _accelerator() -> str | None:
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return None
    return str(torch.cuda.get_device_name())

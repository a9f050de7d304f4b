"""What is written down of a run whose process died under it, or was lost and may live on."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from paribus.errors import RunError, RunLocked
from paribus.records.run import RunFolder, Status
from paribus.studies.executors.job import Job


def record_killed(job: Job, exitcode: int | None) -> str:
    """Write down that a worker died under this job, and say it.

    Args:
        job: the run.
        exitcode: of its process; negative for a signal.
    """
    if exitcode is not None and exitcode < 0:
        name = signal.Signals(-exitcode).name
        advice = (
            "; the system kills when memory runs out: lower training.batch_size or --jobs" if name == "SIGKILL" else ""
        )
        return write_killed(job, f"the worker was killed by {name}{advice}")
    return write_killed(job, f"the worker ended with exit code {exitcode}")


def write_killed(job: Job, error: str) -> str:
    """Write into a run's status that it was killed, and why; returns that."""
    with suppress(RunError, OSError):
        known = job.folder.last_status()
        job.folder.write_status(replace(known if known.pid else Status(), state="killed", error=error))
    return error


def wait_until_left(folder: RunFolder, seconds: float, stop: Callable[[], bool] = lambda: False) -> None:
    """Wait for the process of a run whose place was lost: it may live on, and notices, saves, and leaves.

    Args:
        folder: of the run; that process holds its lock.
        seconds: that it may take; a process that cannot notice is not waited for any longer.
        stop: whether to wait no more; asked several times a second.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not stop():
        try:
            with folder.lock():
                return
        except RunLocked:
            time.sleep(0.2)
        except (RunError, OSError):  # whoever works there next will say it
            return

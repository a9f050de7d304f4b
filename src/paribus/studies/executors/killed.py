"""What is written down of a run whose process died under it."""

from __future__ import annotations

import signal
from contextlib import suppress
from dataclasses import replace

from paribus.errors import RunError
from paribus.records.run import Status
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

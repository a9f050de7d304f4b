"""``python -m paribus.web.queue RUNS``: run what waits in the queue of a folder, one command after another, then end.

There is one such process for a folder, whoever started it, and it belongs to no page.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from paribus import files
from paribus.errors import Interrupted
from paribus.web.jobs import LOCK, Job, JobState, Queue

PATIENCE_SECONDS = 5.0  # for the lock: whoever holds it may just be ending, and see nothing new


def main() -> None:
    """Take jobs until none waits."""
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    queue = Queue(Path(sys.argv[1]).absolute())
    try:
        with FileLock(queue.folder / LOCK, timeout=PATIENCE_SECONDS):
            serve(queue)
    except Timeout:
        return  # the other one takes the jobs


def serve(queue: Queue) -> None:
    """Run all jobs that wait, the oldest first."""
    while waiting := [job for job in queue.jobs() if job.state == "waiting"]:
        run(queue, waiting[0])


def run(queue: Queue, job: Job) -> None:
    """Run one job and write down how it ended."""
    with open(queue.log(job), "ab", opener=files.not_behind_a_link) as log:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", *job.argv],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_hear,
        )
        job = replace(job, state="running", began=time.time(), pid=process.pid)
        queue.write(job)
        code = process.wait()
    problem = "" if code == 0 else queue.said(job)
    ends: dict[int, JobState] = {0: "finished", Interrupted.exit_code: "interrupted"}
    with suppress(OSError):
        queue.write(replace(job, state=ends.get(code, "failed"), ended=time.time(), code=code, problem=problem))


def _hear() -> None:
    """A training listens to the signals that this process ignores."""
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)


if __name__ == "__main__":
    main()

"""The executor that runs jobs one after another in this process."""

from __future__ import annotations

from collections.abc import Iterable

from paribus.studies.executors.job import Event, EventListener, Job, Waiting, ending


class InProcess:
    """One job at a time, here: the simplest executor, and the easiest to debug.

    Args:
        workers: there is always one.
        device: every job knows its own.
    """

    workers, isolated = 1, False

    def __init__(self, workers: int | None = None, device: str = "auto") -> None:
        pass

    def run(self, jobs: Iterable[Job | None], listen: EventListener, fail_fast: bool = False) -> None:
        """Run all jobs."""
        waiting = Waiting(jobs, 0)
        while job := waiting.next():
            listen(Event(job, "started"))
            try:
                job.run(lambda progress, job=job: listen(Event(job, "progress", progress)))  # type: ignore[misc]
            except (Exception, KeyboardInterrupt) as error:
                kind, message, summary = ending(error)
                listen(Event(job, kind, error=message, summary=summary))
                if kind == "interrupted":
                    raise
                if kind == "failed" and fail_fast:
                    return
            else:
                listen(Event(job, "finished"))

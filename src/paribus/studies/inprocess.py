"""The executor that runs jobs one after another in this process."""

from __future__ import annotations

from collections.abc import Sequence

from paribus.errors import Diverged, Interrupted
from paribus.studies.job import Event, EventListener, Job, message_of


class InProcess:
    """One job at a time, here, with all threads: the simplest executor, and the easiest to debug."""

    workers = 1

    def run(self, jobs: Sequence[Job], listen: EventListener, fail_fast: bool = False) -> None:
        """Carry out all jobs."""
        for job in jobs:
            listen(Event(job, "started"))
            try:
                job.run(lambda progress, job=job: listen(Event(job, "progress", progress)))  # type: ignore[misc]
            except (Interrupted, KeyboardInterrupt) as error:
                listen(Event(job, "interrupted", error=str(error)))
                raise
            except Exception as error:
                listen(Event(job, "failed", error=message_of(error)))
                if fail_fast and not isinstance(error, Diverged):
                    return
            else:
                listen(Event(job, "finished"))

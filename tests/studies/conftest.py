"""Jobs with one thread, and an executor whose runs are made up from known numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
import torch

from paribus.records.run import RunResult, Status
from paribus.studies.executors.job import Event, EventListener, Job

pytest.register_assert_rewrite("paribus.testing.executors")


@pytest.fixture(autouse=True)
def one_thread(monkeypatch) -> Iterator[None]:
    """Jobs in this process take all cores, which is slow for small models on a busy machine; and it is global."""
    threads = torch.get_num_threads()
    monkeypatch.setattr("paribus.training.execution.cores", lambda: 1)
    yield
    torch.set_num_threads(threads)


class Scripted:
    """An executor that trains nothing: runs end as a script says, with a figure or in a state."""

    workers = 1

    def __init__(self, script: Callable[[str, int], float | str], metric: str = "val/accuracy", **more: Any) -> None:
        self.script, self.metric, self.more = script, metric, more
        self.ran: list[tuple[str, int]] = []

    def run(self, jobs: Sequence[Job], listen: EventListener, fail_fast: bool = False) -> None:
        for job in jobs:
            self.ran.append((job.arm, job.seed))
            listen(Event(job, "started"))
            end = self.script(job.arm, job.seed)
            if isinstance(end, str):
                job.folder.write_status(Status(state=end, error=f"made {end}"))  # type: ignore[arg-type]
                listen(Event(job, "failed", error=f"made {end}"))
            else:
                self.finish(job, end)
                listen(Event(job, "finished"))

    def finish(self, job: Job, value: float) -> None:
        figures: dict[str, float | None] = {self.metric: value}
        info = {"epochs": 1, "steps": 1, "best_epoch": 1, "stopped_early": False, "weights_sha256": ""}
        costs = {"parameters": 1, "seconds": 1.0, "examples_per_second": 1.0, "peak_memory_mb": 1.0}
        execution = {"device": "cpu", "threads": 1}
        job.folder.append_metrics({"epoch": 1, "train/loss": 0.5, **figures})
        job.folder.write_result(RunResult(**{"metrics": figures, "execution": execution, **info, **costs, **self.more}))
        job.folder.write_status(Status(state="finished"))


@pytest.fixture
def scripted() -> type[Scripted]:
    return Scripted

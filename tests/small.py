"""Studies that train in a moment, and a listener that remembers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import nn

import paribus as pb
from paribus.records.run import RunResult, Status
from paribus.studies.executors.job import Event, EventListener, Job

QUICK = {"model.widths": [8], "budget.epochs": 1, "split.limit": 200, "training.precision": "fp32"}
LR = {"optimizer.lr": [0.05, 0.1]}
TWO_BY_TWO = {"optimizer.momentum": [0.0, 0.9], "optimizer.lr": [0.05, 0.1]}

BASE = [0.90, 0.92, 0.89, 0.93, 0.91]
GAINS = [0.020, 0.025, 0.018, 0.022, 0.030]
TWO: dict[str, list[Any]] = {"lr=0.05": BASE, "lr=0.1": [value + gain for value, gain in zip(BASE, GAINS, strict=True)]}


def small(vary=LR, **more: Any) -> pb.Study:
    """A study that trains in a moment."""
    varied = [path.removesuffix(".use") for path in vary or {}]
    quick = {path: value for path, value in QUICK.items() if not any(f"{path}.".startswith(f"{it}.") for it in varied)}
    return pb.Study("digits/mlp", vary=vary, changes={**quick, **more.pop("changes", {})}, **more)


def by_arm(values: dict[str, list[Any]]) -> Callable[[str, int], Any]:
    """A script for made-up runs: arm → a figure or a state for each seed."""
    return lambda arm, seed: values[arm][seed]


class Heard(list[Event]):
    """A listener that keeps what it hears."""

    def __call__(self, event: Event) -> None:
        self.append(event)

    def count(self, kind: str) -> int:  # type: ignore[override]
        return sum(event.kind == kind for event in self)


class Wide(nn.Module):
    """A network of one's own."""

    def __init__(self, num_classes: int, width: int = 4) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.Linear(width, num_classes))

    def forward(self, inputs):
        return self.layers(inputs)


class Scripted:
    """An executor that trains nothing: runs end as a script says, with a figure or in a state."""

    workers, isolated = 1, False

    def __init__(self, script: Callable[[str, int], float | str], metric: str = "val/accuracy", **more: Any) -> None:
        self.script, self.metric, self.more = script, metric, more
        self.ran: list[tuple[str, int]] = []

    def run(self, jobs: Sequence[Job], listen: EventListener, fail_fast: bool = False) -> None:
        for job in jobs:
            self.ran.append((job.arm, job.seed))
            job.folder.create(job.recipe, job.seed, job.inputs)
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

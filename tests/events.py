"""Events as executors tell them, made up for whatever listens."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from paribus.records.run import Status
from paribus.studies.progress import StudyProgress


@dataclass
class Job:
    arm: str
    seed: int
    value: float | None = 0.9
    state: str = "finished"
    tuning: bool = False

    @property
    def folder(self) -> Any:
        result = SimpleNamespace(metrics={} if self.value is None else {"val/accuracy": self.value})
        return SimpleNamespace(status=Status(self.state), result=result, info=dict)  # type: ignore[arg-type]

    def figure(self, name: str) -> float | None:
        return self.value


@dataclass
class Step:
    step: int = 0
    steps: int = 10
    epoch: int = 0
    epochs: int = 3
    figures: dict[str, float] = field(default_factory=dict)
    row: dict[str, Any] | None = None


@dataclass
class Event:
    job: Job
    kind: str
    progress: Step | None = None
    error: str = ""
    summary: str = ""


def tell(study: StudyProgress, *events: tuple) -> None:
    """Tell a study of events: arm, seed, kind, and what else there is."""
    for arm, seed, kind, *rest in events:
        study.update(Event(Job(arm, seed), kind, *rest))

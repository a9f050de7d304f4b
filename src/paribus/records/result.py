"""What a study found: frozen records that tables, plots, reports and pages render, all from the same numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from paribus.evidence import Estimate, NoiseBudget, Verdict
from paribus.files import finite
from paribus.records import wording
from paribus.records.metric import Metric
from paribus.records.run import State
from paribus.records.study import StudyDesign

PLAIN = Metric("figure", higher_is_better=True)
"""A figure of which nothing is known but its value."""


@dataclass(frozen=True)
class ArmResult:
    """One arm over all seeds.

    Args:
        name: how people call it.
        settings: dotted field → value.
        states: seed → state of the run.
        values: seed → the study's metric, ``None`` where a run diverged, failed or is missing.
        level: mean of the metric with its interval over seeds.
        parameters: trainable numbers in the model.
        seconds: mean training time of a run.
        examples_per_second: mean speed of a run.
        curves: metric → one list per seed, over epochs; gaps are ``None``.
        execution: device, precision, layout and threads.
        errors: seed → the error of a run that did not finish.
    """

    name: str
    settings: Mapping[str, Any]
    states: Mapping[int, State]
    values: Mapping[int, float | None]
    level: Estimate
    parameters: int | None = None
    seconds: float | None = None
    examples_per_second: float | None = None
    peak_memory_mb: float | None = None
    curves: Mapping[str, tuple[tuple[float | None, ...], ...]] = field(default_factory=dict)
    execution: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[int, str] = field(default_factory=dict)

    def count(self, *states: State) -> int:
        """Number of seeds whose run is in one of these states."""
        return sum(state in states for state in self.states.values())


@dataclass(frozen=True)
class Effect:
    """A comparison, with everything needed to believe it or not.

    Args:
        label: what is compared: ``norm: batch − none``.
        kind: two arms, a main effect averaged over the other factors, or an interaction.
        differences: seed → paired difference.
        estimate: mean difference with its interval.
        p_adjusted: p adjusted over all comparisons of the study (Holm).
        verdict: the word, and what it means here.
        detectable: the smallest true difference that this many seeds would find with 80 % power.
        diverged: pairs lost because a run diverged.
        metric: how people read the numbers.
    """

    label: str
    kind: Literal["arm", "main", "interaction"]
    differences: Mapping[int, float | None]
    estimate: Estimate
    p_adjusted: float
    verdict: Verdict
    detectable: float
    diverged: int = 0
    metric: Metric = PLAIN

    def __repr__(self) -> str:
        known = self.estimate
        found = wording.both(
            wording.difference(self.metric, known.value), wording.difference_interval(self.metric, known)
        )
        return f"Effect({self.label!r}, {found}, {self.verdict.text.partition(' beyond ')[0]})"


@dataclass(frozen=True)
class Choice:
    """One setting of the recipe and what it means."""

    field: str
    value: str
    meaning: str
    varied: bool = False


@dataclass(frozen=True)
class StudyResult:
    """A study's evidence: its design, its arms, its effects, its noise."""

    design: StudyDesign
    metric_name: str
    metric: Metric
    delta: float | None
    arms: tuple[ArmResult, ...]
    effects: tuple[Effect, ...]
    noise: NoiseBudget | None = None
    choices: tuple[Choice, ...] = ()
    environment: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    command: str = ""

    def __repr__(self) -> str:
        size = f"{len(self.arms)} × {len(self.design.seeds)} runs"
        return f"StudyResult({self.design.name!r}, {self.metric_name}, {size}, effects={list(self.effects)})"

    @property
    def question(self) -> str:
        """The study as one question."""
        return self.design.question

    @property
    def complete(self) -> bool:
        """Whether every run of every arm came to its end."""
        return all(arm.count("finished", "diverged") == len(arm.states) for arm in self.arms)

    def plain(self) -> dict[str, Any]:
        """The whole record as data that JSON can hold."""
        content = {**asdict(self), "design": self.design.model_dump(mode="json")}
        return finite(content)  # type: ignore[no-any-return]

"""What a study found: frozen records that tables, plots, reports and pages render, all from the same numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from paribus.evidence import Contrast, Estimate, Interval, Judged, Kind, NoiseBudget, Ranking, Verdict
from paribus.files import finite
from paribus.records import wording
from paribus.records.claims import Claim
from paribus.records.looks import Looks
from paribus.records.metric import Metric
from paribus.records.opened import HeldOut
from paribus.records.run import State
from paribus.records.study import StudyDesign
from paribus.records.tuning import Tuning

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
        stream: in a noise study, the stream of chance that varied; ``None`` where all did.
        parameters: trainable numbers in the model.
        seconds: mean training time of a run.
        examples_per_second: mean speed of a run.
        curves: metric → one list per seed, over epochs; gaps are ``None``.
        means: metric → mean of these curves with its interval, over epochs; runs that diverged are left out, and
            an epoch that one of the others lacks is ``None``.
        epochs: which epochs the points of the curves are; 1, 2, … where that is not said.
        execution: device, precision, layout and threads.
        errors: seed → the error of a run that did not finish.
    """

    name: str
    settings: Mapping[str, Any]
    states: Mapping[int, State]
    values: Mapping[int, float | None]
    level: Estimate
    stream: str | None = None
    parameters: int | None = None
    seconds: float | None = None
    examples_per_second: float | None = None
    peak_memory_mb: float | None = None
    curves: Mapping[str, tuple[tuple[float | None, ...], ...]] = field(default_factory=dict)
    means: Mapping[str, tuple[Interval | None, ...]] = field(default_factory=dict)
    epochs: tuple[int, ...] = ()
    execution: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[int, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        values = {seed: value if value is None else round(value, 6) for seed, value in self.values.items()}
        return f"ArmResult({self.name!r}, {wording.runs(self.states.values())}, values={values})"

    def count(self, *states: State) -> int:
        """Number of seeds whose run is in one of these states."""
        return sum(state in states for state in self.states.values())


@dataclass(frozen=True)
class Effect:
    """A comparison, with all numbers that support it; ``print(effect)`` says it in a line.

    Args:
        contrast: what is compared: factors, values, references, and the weights of the arms.
        claim: what the verdict is about.
        claims: each claim that can be made, as judged: estimate with its interval and the differences of the single
            seeds, adjusted p, verdict.
        names: how people call the factors: ``norm`` for ``model.norm``.
        metric: how people read the numbers.
    """

    contrast: Contrast
    claim: Claim
    claims: Mapping[Claim, Judged]
    names: tuple[str, ...]
    metric: Metric = PLAIN

    @property
    def label(self) -> str:
        """What is compared: ``norm: batch − none``."""
        return wording.comparison(self.contrast, self.names)

    @property
    def kind(self) -> Kind:
        """Two arms, a main effect averaged over the other factors, or an interaction."""
        return self.contrast.kind

    @property
    def judged(self) -> Judged:
        """The claim that the verdict is about."""
        return self.claims[self.claim]

    @property
    def estimate(self) -> Estimate:
        """Mean difference with its interval, and the differences of the single seeds."""
        return self.judged.estimate

    @property
    def p_adjusted(self) -> float:
        """The p-value against no effect, adjusted over all comparisons of the study."""
        return self.judged.p_adjusted

    @property
    def verdict(self) -> Verdict:
        """What has been shown."""
        return self.judged.verdict

    @property
    def detectable(self) -> float:
        """The smallest true difference that this many seeds would find with 80 % power."""
        return self.judged.detectable

    @property
    def conclusion(self) -> str:
        """The verdict in words: ``no difference beyond 1.00 points``."""
        return wording.conclusion(self.judged, self.metric, self.kind)

    @property
    def answer(self) -> str:
        """The verdict, and what it is about: ``better for data like these``."""
        return wording.conclusion(self.judged, self.metric, self.kind, wording.ABOUT[self.claim])

    @property
    def verdicts(self) -> str:
        """The verdict in words, and that of another claim where it is another word."""
        words = {claim: judged.verdict.word for claim, judged in self.others.items()}
        others = [f"{word} {wording.ABOUT[claim]}" for claim, word in words.items() if word != self.verdict.word]
        return f"{self.conclusion} ({', '.join(others)})" if others else self.conclusion

    @property
    def others(self) -> dict[Claim, Judged]:
        """The claims that stand beside the one that the verdict is about."""
        return {claim: judged for claim, judged in self.claims.items() if claim != self.claim}

    @property
    def beside(self) -> str:
        """What they say: ``for these data [1.14, 2.85]``, with the word where it is another one."""
        said = (
            wording.beside(judged, self.judged, self.metric, self.kind, wording.ABOUT[claim])
            for claim, judged in self.others.items()
        )
        return ", ".join(filter(None, said))

    def __str__(self) -> str:
        return f"{self.label}: {self._found}"

    def __repr__(self) -> str:
        return f"Effect({self.label!r}, {self._found})"

    @property
    def _found(self) -> str:
        value = wording.difference(self.metric, self.estimate.value)
        found = wording.both(value, wording.difference_interval(self.metric, self.estimate))
        return "; ".join(filter(None, (f"{found}, {self.answer}", self.beside)))


@dataclass(frozen=True)
class Choice:
    """One setting of the recipe and what it means.

    Args:
        field: its dotted name.
        value: as people read it; of one that is varied all values, and which arms have them.
        meaning: in a sentence.
        varied: whether two arms of the study differ in it.
        by_arm: where it is varied, name of the arm → value.
    """

    field: str
    value: str
    meaning: str
    varied: bool = False
    by_arm: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class StudyResult:
    """A study's evidence: its design, its arms, its effects, its noise, and its held-out tests as far as they are open.

    ``claim``: what its verdicts are about. ``looks``: at which looks they hold. ``ranking``: three arms or more, each
    against the best of the others, and the winner corrected for having been chosen. ``tests``: name of the arm → seed →
    what the test of that run said, when and why it was opened. ``tuning``: how each arm came to values of its own.
    """

    design: StudyDesign
    metric_name: str
    metric: Metric
    delta: float | None
    arms: tuple[ArmResult, ...]
    effects: tuple[Effect, ...]
    noise: NoiseBudget | None = None
    claim: Claim = "these"
    choices: tuple[Choice, ...] = ()
    environment: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    command: str = ""
    tests: Mapping[str, Mapping[int, HeldOut]] = field(default_factory=dict)
    looks: Looks = field(default_factory=Looks)
    ranking: Ranking | None = None
    tuning: tuple[Tuning, ...] = ()

    def __repr__(self) -> str:
        size = f"{len(self.arms)} × {len(self.design.seeds)} runs"
        return f"StudyResult({self.design.name!r}, {self.metric_name}, {size}, effects={list(self.effects)})"

    @property
    def claim_of_seeds(self) -> Claim:
        """What bands of curves and the ranking are about, which rest on the spread over seeds alone."""
        return "these" if self.claim == "examples" else self.claim

    @property
    def question(self) -> str:
        """The study as one question."""
        return self.design.question

    @property
    def varied(self) -> dict[str, Mapping[str, str]]:
        """Every field in which two arms differ, also as an option of a part that is varied: field → arm → value."""
        return {choice.field: choice.by_arm for choice in self.choices if choice.varied}

    @property
    def complete(self) -> bool:
        """Whether every run of every arm came to its end."""
        return all(arm.count("finished", "diverged") == len(arm.states) for arm in self.arms)

    def plain(self) -> dict[str, Any]:
        """The whole record as data that JSON can hold."""
        content = {**asdict(self), "design": self.design.model_dump(mode="json")}
        for effect, known in zip(content["effects"], self.effects, strict=True):
            effect["label"] = known.label  # for those who read it without Python
            effect["judged"] = effect["claims"][known.claim]
        return finite(content)  # type: ignore[no-any-return]

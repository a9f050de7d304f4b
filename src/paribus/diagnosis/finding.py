"""What a check says: what it found, what it looked for, and what it did not look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from paribus.diagnosis.causes import CAUSES
from paribus.diagnosis.treatment import Treated

Severity = Literal["fault", "warning", "note"]
OF_HEALTHY = ", of healthy runs"  # behind the name of a figure: what it is there
SEVERITIES: tuple[Severity, ...] = ("fault", "warning", "note")  # gravest first


@dataclass(frozen=True)
class Trace:
    """What the picture of a finding shows: lines of figures, and where those of healthy runs lie.

    Args:
        title: what is drawn.
        x, y: what the axes count.
        lines: name → points (x, y).
        healthy: the lowest and the highest value of healthy runs, where they are known.
        limits: name → a value that is marked by a level line.
        log: whether the y axis is logarithmic.
    """

    title: str
    x: str
    y: str
    lines: Mapping[str, Sequence[tuple[float, float]]]
    healthy: tuple[float, float] | None = None
    limits: Mapping[str, float] = field(default_factory=dict)
    log: bool = False


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or worth knowing.

    Args:
        cause: the id of what is wrong: one of :data:`paribus.diagnosis.causes.CAUSES`.
        says: what was seen and what it means, in a sentence or two.
        evidence: the figures behind it, by name.
        treatment: recipe fields to change, dotted field → value, to remove it; empty where no recipe can.
        advice: what to do beyond that, or instead.
        severity: ``fault`` does harm, surely; ``warning`` may; ``note`` is worth knowing.
        consequences: findings that follow from this one.
        given: whether it shows in the examples before the first step, so that nothing in the training explains it.
        confidence: how often the doctor was right who said so of planted faults; ``None`` where that is not measured.
        graded: in how many cases.
        trace: what its picture shows.
    """

    cause: str
    says: str
    evidence: Mapping[str, float | str]
    treatment: Mapping[str, Any] = field(default_factory=dict)
    advice: str = ""
    severity: Severity = "fault"
    consequences: tuple[Finding, ...] = ()
    given: bool = False
    confidence: float | None = None
    graded: int = 0
    trace: Trace | None = None

    @property
    def name(self) -> str:
        """Of the cause, in a few words."""
        return CAUSES[self.cause].name

    @property
    def mechanism(self) -> str:
        """How it does harm."""
        return CAUSES[self.cause].mechanism

    @property
    def source(self) -> str:
        """Where that is written."""
        return CAUSES[self.cause].source

    def plain(self) -> dict[str, Any]:
        """All of it as JSON has it, without the picture."""
        return {
            "cause": self.cause,
            "name": self.name,
            "severity": self.severity,
            "says": self.says,
            "evidence": dict(self.evidence),
            "mechanism": self.mechanism,
            "source": self.source,
            "treatment": dict(self.treatment),
            "advice": self.advice,
            "confidence": self.confidence,
            "graded": self.graded,
            "consequences": [finding.plain() for finding in self.consequences],
        }


@dataclass(frozen=True)
class Diagnosis:
    """What was found, and how far that goes: no finding says only that none of the faults looked for was seen.

    Args:
        findings: gravest first; what follows from one stands among its consequences.
        checked: faults that were looked for, in a few words each.
        unchecked: what was not looked at, with the reason.
        run: where the run lies.
        treated: what became of a treatment, where one was tried.
    """

    findings: tuple[Finding, ...] = ()
    checked: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()
    run: str = ""
    treated: Treated | None = None

    def __add__(self, other: Diagnosis) -> Diagnosis:
        return Diagnosis(
            self.findings + other.findings,
            self.checked + other.checked,
            self.unchecked + other.unchecked,
            self.run or other.run,
            self.treated or other.treated,
        )

    @property
    def names(self) -> list[str]:
        """Of the findings."""
        return [finding.name for finding in self.findings]

    @property
    def causes(self) -> list[str]:
        """The ids of the findings, gravest first."""
        return [finding.cause for finding in self.findings]

    @property
    def faults(self) -> tuple[Finding, ...]:
        """The findings that do harm, surely."""
        return tuple(finding for finding in self.findings if finding.severity == "fault")

    def all(self) -> Iterator[Finding]:
        """The findings, each followed by its consequences."""
        for finding in self.findings:
            yield finding
            yield from finding.consequences

    def plain(self) -> dict[str, Any]:
        """All of it as JSON has it."""
        return {
            "run": self.run,
            "findings": [finding.plain() for finding in self.findings],
            "checked": list(self.checked),
            "unchecked": list(self.unchecked),
            "treated": self.treated.plain() if self.treated else None,
        }

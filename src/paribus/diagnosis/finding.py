"""What a check says: what it found, what it looked for, and what it did not look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or worth knowing.

    Args:
        name: of the fault, in a few words: "time runs along the wrong axis".
        says: what was seen and what it means, in a sentence or two.
        evidence: the figures behind it, by name.
        treatment: recipe fields to change, dotted field → value, to remove it; empty where no recipe can.
        advice: what to do beyond that, or instead.
    """

    name: str
    says: str
    evidence: Mapping[str, float | str]
    treatment: Mapping[str, Any] = field(default_factory=dict)
    advice: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """What was found, and how far that goes: no finding says only that none of the faults looked for was seen.

    Args:
        findings: gravest first.
        checked: faults that were looked for, in a few words each.
        unchecked: what was not looked at, with the reason.
    """

    findings: tuple[Finding, ...] = ()
    checked: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()

    def __add__(self, other: Diagnosis) -> Diagnosis:
        return Diagnosis(self.findings + other.findings, self.checked + other.checked, self.unchecked + other.unchecked)

    @property
    def names(self) -> list[str]:
        """Of the findings."""
        return [finding.name for finding in self.findings]

"""What a check says when it finds something."""

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

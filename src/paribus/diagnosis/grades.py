"""How often the doctor was right: confidence in a finding from the published grading, where there is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from paribus import files
from paribus.diagnosis.finding import Finding

TABLE = Path(__file__).with_name("grades.json")
"""Cause → ``{"named": how often it was named as a fault, "right": how often that was so}``, where it was graded."""


@cache
def grades() -> Mapping[str, Mapping[str, Any]]:
    """The table that ships; empty until a grading was published."""
    content: Mapping[str, Mapping[str, Any]] = files.read_json(TABLE) if TABLE.exists() else {}
    return content


def graded(finding: Finding) -> Finding:
    """A finding with the share of cases in which who said so was right."""
    found = grades().get(finding.cause)
    if not found or not found["named"] or finding.severity != "fault":
        return finding
    return replace(finding, confidence=found["right"] / found["named"], graded=found["named"])

"""All checks on one run."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import replace

from paribus.diagnosis import general, grades
from paribus.diagnosis.case import Case, Check
from paribus.diagnosis.checks import classes, fitting, inputs, labels, outputs, propagation, steps
from paribus.diagnosis.finding import Diagnosis
from paribus.diagnosis.ranking import ranked
from paribus.diagnosis.record import Record
from paribus.records.parts import factory_of, present
from paribus.records.run import RunFolder

OfTask = Callable[[RunFolder], Diagnosis]
CHECKS: tuple[Check, ...] = (
    *steps.CHECKS,
    *propagation.CHECKS,
    *outputs.CHECKS,
    *inputs.CHECKS,
    *labels.CHECKS,
    *classes.CHECKS,
    *fitting.CHECKS,
)

NEVER = (
    "labels: whether a single one is right (paribus analyse errors asks the examples)",
    "splits: whether examples of one are also in another (paribus lint does)",
    "inputs: noise that leaves them more alike than it is itself, for no clean ones are known",
)
"""What no record of a run can show."""


def diagnose(folder: RunFolder) -> Diagnosis:
    """What the records of a run say is wrong with it, and what was and was not looked at; nothing is trained for it.

    What any training can suffer from comes first; then the task says who reads its records, in its attribute
    ``diagnosis``. Findings are ranked: causes by their severity, and what follows from one below it.

    Raises:
        RunError: if the folder holds no run.
    """
    record = Record.read(folder)
    found = general.check(record) + asked(Case.of(record))
    if "loss-not-finite" not in found.causes:  # what else the task's records show follows from that
        found += _of_task(folder)
    roots = ranked([grades.graded(finding) for finding in found.findings])
    return replace(found, findings=roots, run=str(folder.path)) + Diagnosis(unchecked=NEVER)


def asked(case: Case) -> Diagnosis:
    """All checks that apply to a run, each with what it found, or why it could not be asked."""
    said = Diagnosis()
    for check in CHECKS:
        if not check.applies(case.record):
            continue
        if missing := check.missing(case.record):
            said += Diagnosis(unchecked=(f"{check.about}: {missing}",))
        else:
            said += Diagnosis(tuple(check.find(case)), (check.about,))
    return said


def _of_task(folder: RunFolder) -> Diagnosis:
    """What only trainings of this task can suffer from."""
    part = folder.recipe.task
    place = getattr(factory_of("task", part), "diagnosis", "") if present("task", part) else ""
    if not place:
        return Diagnosis(unchecked=(f"faults that only the task {part.use} has: no check knows them",))
    module, _, function = place.partition(":")
    check: OfTask = getattr(importlib.import_module(module), function)
    return check(folder)

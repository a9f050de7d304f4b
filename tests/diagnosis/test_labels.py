"""Labels are found wrong by what training examples lack beside others: of records that were made up."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from paribus.diagnosis.case import Case
from paribus.diagnosis.checks import labels
from paribus.diagnosis.record import Record
from paribus.records.run import Status
from paribus.records.signals import Look

ADAM = {"optimizer": {"use": "adam", "lr": 0.003}}


def record(train: float, val: float, kappa: float = 0.75, evaluated: float = 0.3, **recipe: Any) -> Record:
    """Four classes of 300 examples; the loss has come to rest, and neighbours tell most."""
    rows = [
        {"epoch": at, "step": 40 * at, "train/loss": 0.3, "val/loss": 0.2, "train/accuracy": train, "val/accuracy": val}
        for at in range(1, 21)
    ]
    begin = Look(0, 0, probed=True, agreement={"kappa": kappa, "error": 0.02})
    end = Look(20, 800, probed=True, loss={"model": 0.3}, loss_eval={"model": evaluated})
    info = {"class_counts": [300] * 4, "classes": list("abcd"), "sizes": {"train": 1200, "val": 500}}
    figures = {"val/accuracy": val}
    return Record(Status("finished"), rows, figures, info, {**ADAM, **recipe}, Path("none"), (begin, end), 800)


def said(one: Record) -> list[tuple[str, str]]:
    return [(found.cause, found.severity) for found in labels.wrong_labels(Case.of(one))]


def test_training_examples_that_are_answered_worse_than_others_have_wrong_labels():
    assert said(record(0.89, 0.97)) == [("labels-wrong", "fault")]
    (found,) = labels.wrong_labels(Case.of(record(0.89, 0.97)))
    assert "by 8.0 ± 1.2 points" in found.says
    assert found.treatment == {"training.agreeing": 10}


@pytest.mark.parametrize(
    "other",
    [
        {"train": 0.96},  # by chance
        {"kappa": 0.95},  # neighbours agree: hardly any label is wrong
        {"evaluated": 0.2},  # a layer makes training harder
        {"augment": {"flip": {"use": "flip"}}},
        {"model": {"dropout": 0.3}},
        {"training": {"ema": 0.98}},
        {"task": {"class_weights": "balanced"}},
    ],
)
def test_what_else_keeps_training_answers_behind_is_no_sign(other):
    assert said(record(**{"train": 0.89, "val": 0.97, **other})) == []


def test_a_class_of_hardly_any_examples_is_not_taken_for_permuted_labels():
    made = record(1.0, 0.3, kappa=0.1)
    rows = [{**row, "train/loss": 0.01, "val/loss": 3.0} for row in made.rows]
    begin = dataclasses.replace(made.looks[0], agreement={"kappa": 0.15, "error": 0.3})
    even = dataclasses.replace(made, rows=rows, looks=(begin, made.looks[1]))
    assert [found.cause for found in labels.permuted(Case.of(even))] == ["labels-permuted"]
    rare = dataclasses.replace(even, info={**made.info, "class_counts": [9, 400, 400, 391]})
    assert [found.cause for found in labels.permuted(Case.of(rare))] == []

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


@pytest.mark.parametrize(("early", "expected"), [(0.62, [("labels-wrong", "fault")]), (0.46, [])])
def test_wrong_labels_are_seen_while_they_are_not_yet_learned_by_heart(early, expected):
    made = record(1.0, 0.56, kappa=0.05)
    learned = [0.4, 0.45, 0.5, *[1.0] * 17]  # of training examples, behind others at first
    others = [early, early, 0.56, *[0.56] * 17]
    rows = [
        {**row, "train/accuracy": trained, "val/accuracy": checked}
        for row, trained, checked in zip(made.rows, learned, others, strict=True)
    ]
    one = dataclasses.replace(made, rows=rows)
    assert said(one) == expected
    assert all("until they were learned" in found.says for found in labels.wrong_labels(Case.of(one)))


def test_decay_that_shrinks_no_weights_excuses_no_training_answers():
    strong = {"optimizer": {"use": "adamw", "lr": 0.003, "weight_decay": 0.05}}
    assert said(record(0.89, 0.97, **strong)) == [("labels-wrong", "fault")]
    assert said(record(0.89, 0.97, model={"dropout": 0.8}, **strong)) == []


def test_labels_that_were_learned_from_are_wrong_and_not_permuted():
    made = record(0.5, 0.66, kappa=0.01)
    assert [found.cause for found in labels.permuted(Case.of(made))] == []
    assert said(made) == [("labels-wrong", "fault")]


@pytest.mark.parametrize(
    ("r2", "last", "expected"), [(-0.03, 0.7, ["labels-permuted"]), (0.3, 0.7, []), (-0.03, 1.0, [])]
)
def test_numbers_that_are_learned_by_heart_and_told_by_their_mean_belong_to_other_inputs(r2, last, expected):
    made = record(1.0, 1.0, kappa=0.15)
    rows = [{"epoch": at, "step": 40 * at, "train/loss": last, "val/loss": 1.0} for at in range(1, 21)]
    begin = dataclasses.replace(made.looks[0], loss_eval={"model": 1.0}, agreement={"kappa": 0.15, "error": 0.05})
    info = {"sizes": made.info["sizes"], "target_shape": ()}
    numbers = dataclasses.replace(made, rows=rows, info=info, figures={"val/r2": r2}, looks=(begin, made.looks[1]))
    assert [found.cause for found in labels.permuted(Case.of(numbers))] == expected


def test_a_class_of_hardly_any_examples_is_not_taken_for_permuted_labels():
    made = record(1.0, 0.3, kappa=0.1)
    rows = [{**row, "train/loss": 0.01, "val/loss": 3.0} for row in made.rows]
    begin = dataclasses.replace(made.looks[0], agreement={"kappa": 0.15, "error": 0.3})
    even = dataclasses.replace(made, rows=rows, looks=(begin, made.looks[1]))
    assert [found.cause for found in labels.permuted(Case.of(even))] == ["labels-permuted"]
    rare = dataclasses.replace(even, info={**made.info, "class_counts": [9, 400, 400, 391]})
    assert [found.cause for found in labels.permuted(Case.of(rare))] == []

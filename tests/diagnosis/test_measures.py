"""Figures of a record that checks compare: of few short epochs, and of how hard the examples are."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from paribus.diagnosis import measures
from paribus.diagnosis.record import Record
from paribus.records.run import Status
from paribus.records.signals import Look


def record(losses: list[float], steps: int, **more: Any) -> Record:
    rows = [{"epoch": at, "step": at * steps, "train/loss": loss} for at, loss in enumerate(losses, 1)]
    start = Look(0, 0, probed=True, loss_eval={"model": 2.0}, agreement={"kappa": 0.7})
    blank = Record(Status("finished"), rows, {}, {}, {}, Path("none"), (start,))
    return dataclasses.replace(blank, **more)


def test_long_epochs_are_judged_one_by_one() -> None:
    assert measures.first_epoch(record([3.0, 1.0, 5.0], 20)) == 1.5
    assert measures.jump(record([3.0, 1.0, 5.0], 20)) == 2.0  # from 1 to 5, of the 2 of a guess


def test_short_epochs_are_judged_as_many_at_a_time_as_make_twenty_steps() -> None:
    found = record([9.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0], 5)
    assert measures.first_epoch(found) == pytest.approx(3.0 / 2.0)  # the mean of the first four
    assert measures.jump(found) == pytest.approx((2.0 - 3.0) / 2.0)
    assert measures.first_epoch(record([9.0, 9.0], 5)) is None  # how such a training goes nobody can say


def test_what_is_reached_is_compared_with_what_the_nearest_example_tells() -> None:
    assert measures.told(record([1.0], 20, figures={"val/r2": 0.9})) == pytest.approx(0.2)
    assert measures.told(record([1.0], 20, figures={"val/r2": 0.9}, info={"series": {"season": 24}})) is None
    classes = {"class_counts": [50, 50], "classes": ["a", "b"]}
    assert measures.told(record([1.0], 20, figures={"val/accuracy": 0.8}, info=classes)) == pytest.approx(0.6 - 0.7)


def test_pictures_are_as_rough_as_their_middle_channel() -> None:
    look = Look(0, 0, probed=True, inputs={"rough": (0.2, 0.9, 0.4)})
    found = record([1.0], 20, info={"mean": [0.0]}, looks=(look,))
    assert measures.rough(found) == 0.4
    assert measures.rough(dataclasses.replace(found, info={})) is None

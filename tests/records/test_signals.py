"""Looks at a training: what they hold survives its file."""

from __future__ import annotations

import math
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from paribus import files
from paribus.errors import DamagedRecord
from paribus.records.run import RunFolder
from paribus.records.signals import Look

NAN, INF = math.nan, math.inf


def written(folder: RunFolder, *looks: Look) -> RunFolder:
    for look in looks:
        files.append_line(folder.path / "signals.jsonl", look.plain())
    return folder


def test_all_that_a_look_holds_comes_back(tmp_path: Path) -> None:
    values: dict[str, Any] = {
        "int": 3,
        "bool": True,
        "Numbers": {"a": 0.25, "b": 0.0},
        "tuple[float, ...]": (1.0, 0.5),
        "Mapping[str, tuple[float, ...]]": {"mean": (1.0, 2.0)},
        "Mapping[str, str]": {"lr": "it takes no steps"},
    }
    look = Look(**{entry.name: values[str(entry.type)] for entry in fields(Look)})
    assert written(RunFolder(tmp_path), look).signals == (look,)


def test_numbers_that_are_not_finite_come_back_as_they_were(tmp_path: Path) -> None:
    look = Look(0, 0, loss={"model": NAN, "other": INF}, inputs={"low": (-INF, 1.0), "nan": (0.0, NAN)})
    [back] = written(RunFolder(tmp_path), look).signals
    assert math.isnan(back.loss["model"])
    assert back.loss["other"] == INF
    assert back.inputs["low"] == (-INF, 1.0)
    assert math.isnan(back.inputs["nan"][1])


def test_what_is_empty_is_not_written() -> None:
    assert Look(4, 80, lr={"model": 0.1}).plain() == {"epoch": 4, "step": 80, "probed": False, "lr": {"model": 0.1}}


def test_nothing_was_recorded_by_earlier_versions(tmp_path: Path) -> None:
    assert RunFolder(tmp_path).read_signals() == ((), False)


@pytest.mark.parametrize(
    "line",
    [
        b'{"epoch": 1, "st',
        b"[1]\n",
        b'{"epoch": 1}\n',
        b'{"epoch": "1", "step": 2}\n',
        b'{"epoch":1,"step":1,"lr":[]}\n',
    ],
)
def test_lines_that_are_torn_or_foreign_are_left_out_and_said(tmp_path: Path, line: bytes) -> None:
    folder = written(RunFolder(tmp_path), Look(0, 0))
    with (tmp_path / "signals.jsonl").open("ab") as file:
        file.write(line)
    assert folder.read_signals() == ((Look(0, 0),), True)


def test_what_a_later_version_adds_is_passed_over() -> None:
    assert Look.read({"epoch": 1, "step": 5, "probed": True, "colour": {"a": 1}}) == Look(1, 5, probed=True)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "signals.jsonl").mkdir()
    with pytest.raises(DamagedRecord, match=r"cannot read signals\.jsonl"):
        _ = RunFolder(tmp_path).signals


def test_the_noise_scale_is_variance_over_square() -> None:
    look = Look(0, 0, gradient_square={"model": 4.0, "other": -1.0}, gradient_variance={"model": 10.0, "other": 1.0})
    assert look.noise_scale() == 2.5
    assert look.noise_scale("other") is None  # noise hides the gradient
    assert look.noise_scale("third") is None

"""Losses of a generator beside its quality, from the records of a run."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from paribus.analysis import quality as analysis
from paribus.errors import DataError
from paribus.plots.quality import quality as draw
from paribus.records.run import RunFolder


def recorded(path: Path, *rows: tuple[float, float]) -> RunFolder:
    run = RunFolder(path)
    for epoch, (loss, distance) in enumerate(rows, 1):
        run.append_metrics({"epoch": epoch, "val/generator_loss": loss, "val/frechet": distance})
    return run


def test_losses_and_distance_stand_beside_each_other(tmp_path):
    found = analysis.quality(recorded(tmp_path, (0.7, 8.0), (0.7, 4.0), (math.nan, 1.0)))
    assert found.values == {"generator loss": (0.7, 0.7), "Fréchet distance": (8, 4, 1)}
    assert found.epochs == {"generator loss": (1, 2), "Fréchet distance": (1, 2, 3)}
    _, distance = draw(found).spec["concat"]
    assert [row["value"] for row in distance["layer"][0]["data"]["values"]] == [8, 4, 1]
    assert "Fréchet" in draw(found).svg()


def test_losses_below_zero_are_drawn(tmp_path):
    loss, _ = draw(analysis.quality(recorded(tmp_path, (-1.0, 2.0), (-2.0, 1.0)))).spec["concat"]
    assert [row["value"] for row in loss["layer"][0]["data"]["values"]] == [-1, -2]
    scale = loss["layer"][0]["encoding"]["y"]["scale"]
    assert "type" not in scale
    assert scale["domain"][0] < -2


def test_without_a_distance_that_is_said(tmp_path):
    with pytest.raises(DataError, match="no Fréchet distance"):
        analysis.quality(RunFolder(tmp_path))

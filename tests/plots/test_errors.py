"""Pictures of ranks, calibration, flips and layers hold what their records say."""

from __future__ import annotations

import numpy as np
import torch

from paribus.analysis.comparison import ClassChurn, Layers
from paribus.analysis.errors.calibration import calibration
from paribus.evidence.detection import Detection, detections
from paribus.plots.compare import churn, layers
from paribus.plots.errors import CLASSES, ranks, reliability


def rows(chart, place=0):
    return chart.spec["layer"][place]["data"]["values"]


def test_of_many_classes_those_that_rank_worst_are_drawn():
    draw = np.random.default_rng(0)
    labels = np.arange(300) % 12
    scores = draw.random((300, 12))
    scores[np.arange(300), labels] += np.where(labels < 2, 3.0, 0.2)
    found = detections(scores, labels)
    drawn = ranks([f"class {one}" for one in range(12)], found.classes)
    shown = {row["class"] for row in drawn.spec["concat"][0]["layer"][1]["data"]["values"]}
    assert len(shown) == CLASSES
    assert not shown & {"class 0", "class 1"}
    assert "<svg" in drawn.svg()
    empty = Detection(0, None, None, (), ())
    assert "No class has examples" in ranks(["a"], [empty]).svg()


def test_a_dot_is_a_bin():
    shares = torch.tensor([[0.95, 0.05]] * 10 + [[0.6, 0.4]] * 10, dtype=torch.float64)
    found = calibration(shares, torch.arange(20) % 2, 0.95)
    assert [(row["n"], row["y"]) for row in rows(reliability(found), 2)] == [(10, 0.5), (10, 0.5)]


def test_flips_go_both_ways_and_layers_are_cells():
    chart = churn([ClassChurn("it's", 9, 0.5, 0.6, 2, 3, 1.0), ClassChurn("it's", 9, 0.5, 0.6, 0, 0, 1.0)])
    assert [row["number"] for row in chart.spec["data"]["values"]] == [-2, 3, 0, 0]
    drawn = layers(Layers(("a", "it's \\"), ("b",), ((0.5,), (None,)), 9), "first", "second")
    assert drawn.spec["data"]["values"] == [{"x": 0, "y": 0, "value": 0.5}]
    assert "it's" in drawn.svg()
    assert "No layer" in layers(Layers(("a",), ("b",), ((None,),), 9), "first", "second").svg()
    assert "There are no examples" in churn([]).svg()

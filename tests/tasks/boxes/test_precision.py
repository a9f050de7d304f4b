"""COCO's average precision by hand, and against a second implementation that follows its text step by step."""

from __future__ import annotations

import time

import numpy as np
import pytest

from paribus.tasks.boxes.precision import (
    THRESHOLDS,
    Found,
    average_precision,
    curve,
    matched,
    mean_average_precision,
    overlaps,
)


def plain_iou(one, other):
    width = max(0.0, min(one[2], other[2]) - max(one[0], other[0]))
    height = max(0.0, min(one[3], other[3]) - max(one[1], other[1]))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return width * height / (sum(areas) - width * height)


def plain_ap(found, true, label, threshold):
    """Of one class at one threshold: loops, and nothing of the code that is tested."""
    rows, total = [], 0
    for picture, (said, there) in enumerate(zip(found, true, strict=True)):
        boxes = [box for box, kind in zip(there.boxes, there.labels, strict=True) if kind == label]
        total += len(boxes)
        mine = [(s, b) for b, kind, s in zip(said.boxes, said.labels, said.scores, strict=True) if kind == label]
        taken = set()
        for score, box in sorted(mine, key=lambda one: -one[0]):
            free = [(plain_iou(box, other), k) for k, other in enumerate(boxes) if k not in taken]
            best = max(free, default=(0.0, -1), key=lambda one: one[0])
            right = best[0] >= threshold
            if right:
                taken.add(best[1])
            rows.append((score, right, picture))
    rows.sort(key=lambda one: -one[0])
    points, hits = [], 0
    for number, (_, right, _) in enumerate(rows, 1):
        hits += right
        points.append((hits / total, hits / number))
    return (
        sum(max((p for r, p in points if r >= recall - 1e-12), default=0.0) for recall in np.linspace(0, 1, 101)) / 101
    )


def made(seed, pictures=12, classes=2):
    """True boxes, and found ones near them and elsewhere, all scores different."""
    draw = np.random.default_rng(seed)
    found, true = [], []
    for _ in range(pictures):
        n = draw.integers(0, 5)
        low = draw.uniform(0, 80, (n, 2))
        boxes = np.concatenate([low, low + draw.uniform(5, 30, (n, 2))], 1)
        labels = draw.integers(0, classes, n)
        near = boxes[draw.random(n) < 0.8]
        near = near + draw.normal(0, 1.5, near.shape)
        extra = draw.uniform(0, 60, (draw.integers(0, 3), 2))
        said = np.concatenate([near, np.concatenate([extra, extra + 15], 1)])
        said = said[(said[:, 2:] > said[:, :2]).all(1)]
        true.append(Found(boxes, labels))
        found.append(Found(said, draw.integers(0, classes, len(said)), draw.random(len(said))))
    return found, true


@pytest.mark.parametrize("seed", range(6))
def test_T15_average_precision_is_that_of_the_second_implementation(seed):
    found, true = made(seed)
    values = mean_average_precision(found, true, 2)
    expected = [[plain_ap(found, true, label, threshold) for label in range(2)] for threshold in THRESHOLDS]
    np.testing.assert_allclose(values, expected, atol=1e-12)


def test_T15_a_case_worked_by_hand():
    # two true boxes; found, from the surest on: right, wrong, right → precision 1, 1/2, 2/3 at recall 1/2, 1/2, 1
    scores, right = np.array([0.9, 0.8, 0.7]), np.array([[True, False, True]])
    recall, precision = curve(scores, right, 2)
    np.testing.assert_allclose(recall, [[0.5, 0.5, 1.0]])
    np.testing.assert_allclose(precision, [[1.0, 2 / 3, 2 / 3]])
    # 51 recalls 0 … .50 at precision 1, 50 recalls .51 … 1 at 2/3
    assert float(average_precision(scores, right, 2)[0]) == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_the_surer_box_takes_the_object_and_the_other_is_wrong():
    table = np.array([[0.6], [0.9]])  # the surer one overlaps less
    assert matched(table, (0.5,)).tolist() == [[True, False]]
    assert matched(table, (0.7,)).tolist() == [[False, True]]


def test_what_is_never_found_and_what_is_not_there():
    empty, box = np.zeros((0, 4)), np.array([[0.0, 0, 4, 4]])
    none = Found(empty, np.zeros(0, np.int64), np.zeros(0))
    some = Found(box, np.zeros(1, np.int64))
    assert mean_average_precision([none], [some], 2)[0, 0] == 0
    assert np.isnan(mean_average_precision([none], [some], 2)[0, 1])
    alone = Found(box, np.zeros(1, np.int64), np.ones(1))
    assert np.isnan(mean_average_precision([alone], [Found(empty, np.zeros(0, np.int64))], 1)).all()


def test_a_perfect_detector_has_one():
    _, true = made(3)
    said = [Found(one.boxes, one.labels, np.linspace(1, 0.5, len(one.boxes))) for one in true]
    assert np.nanmin(mean_average_precision(said, true, 2)) == 1.0


def test_overlaps_are_those_of_the_plain_formula():
    draw = np.random.default_rng(0)
    low = draw.uniform(0, 9, (7, 2))
    boxes = np.concatenate([low, low + draw.uniform(1, 9, (7, 2))], 1)
    np.testing.assert_allclose(overlaps(boxes, boxes), [[plain_iou(a, b) for b in boxes] for a in boxes])


def test_five_thousand_boxes_take_a_second_at_most():
    found, true = made(0, pictures=1000)
    assert sum(len(one.boxes) for one in (*found, *true)) > 4000
    start = time.process_time()
    mean_average_precision(found, true, 2)
    assert time.process_time() - start < 5  # 0.3 s on an idle core

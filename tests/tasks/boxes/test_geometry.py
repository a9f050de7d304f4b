"""Overlaps by hand and by counting squares, and suppression against the loop that everybody writes."""

from __future__ import annotations

import math
import time

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from paribus.tasks.boxes.geometry import ciou, clipped, giou, iou, pairwise_iou, suppressed

CORNERS = st.tuples(*[st.integers(0, 12)] * 4).map(
    lambda c: (min(c[0], c[2]), min(c[1], c[3]), max(c[0], c[2]), max(c[1], c[3]))
)


def squares(box):
    """The unit squares that a box of whole numbers covers."""
    left, top, right, bottom = box
    return {(x, y) for x in range(left, right) for y in range(top, bottom)}


def box(*corners):
    return torch.tensor(corners, dtype=torch.float64)


@given(CORNERS, CORNERS)
def test_T15_iou_and_giou_count_squares(one, other):
    a, b = squares(one), squares(other)
    hull = (max(one[2], other[2]) - min(one[0], other[0])) * (max(one[3], other[3]) - min(one[1], other[1]))
    union = len(a | b)
    expected = len(a & b) / union if union else 0.0
    assert float(iou(box(*one), box(*other))) == pytest.approx(expected, abs=1e-9)
    if hull:
        assert float(giou(box(*one), box(*other))) == pytest.approx(expected - (hull - union) / hull, abs=1e-9)


def test_T15_published_values_by_hand():
    one, other = box(0, 0, 2, 2), box(1, 1, 3, 3)  # share 1, union 7, hull 9
    assert float(iou(one, other)) == pytest.approx(1 / 7)
    assert float(giou(one, other)) == pytest.approx(1 / 7 - 2 / 9)
    # centres (1, 1) and (2, 2): d² = 2, c² = 18; equal proportions
    assert float(ciou(one, other)) == pytest.approx(1 / 7 - 2 / 18)
    wide = box(0, 0, 4, 1)  # against a square at the same centre: v = 4/π² (atan 4 − atan 1)²
    square = box(1, -0.5, 3, 1.5)
    v = 4 / math.pi**2 * (math.atan(4) - math.atan(1)) ** 2
    overlap = 2 / (4 + 4 - 2)
    assert float(ciou(wide, square)) == pytest.approx(overlap - v * v / (1 - overlap + v))


def test_giou_has_a_slope_where_iou_has_none():
    apart = torch.tensor([10.0, 10.0, 12.0, 12.0], requires_grad=True)
    giou(apart, torch.tensor([0.0, 0.0, 2.0, 2.0])).backward()
    assert float(apart.grad.abs().sum()) > 0
    flat = torch.tensor([10.0, 10.0, 12.0, 12.0], requires_grad=True)
    iou(flat, torch.tensor([0.0, 0.0, 2.0, 2.0])).backward()
    assert float(flat.grad.abs().sum()) == 0


@pytest.mark.parametrize("function", [iou, giou, ciou])
def test_slopes_are_those_of_finite_differences(function):
    draw = torch.Generator().manual_seed(0)
    low = torch.rand(6, 2, generator=draw, dtype=torch.float64)
    boxes = torch.cat([low, low + 0.5 + torch.rand(6, 2, generator=draw, dtype=torch.float64)], 1)
    if function is ciou:  # its weight is held constant, so its slope is that of the rest: where proportions agree
        boxes[:, 2:] = boxes[:, :2] + (boxes[:, 2:3] - boxes[:, :1])
        moved = boxes.roll(1, 0).requires_grad_()
        assert torch.isfinite(torch.autograd.grad(function(moved, boxes).sum(), moved)[0]).all()
        return
    assert torch.autograd.gradcheck(lambda x: function(x, boxes.roll(1, 0)), (boxes.requires_grad_(),))


def plain(boxes, scores, threshold, labels):
    """Suppression as a loop over boxes."""
    kept = []
    for place in sorted(range(len(boxes)), key=lambda k: (-float(scores[k]), k)):
        if all(labels[k] != labels[place] or float(iou(boxes[k], boxes[place])) <= threshold for k in kept):
            kept.append(place)
    return kept


@pytest.mark.parametrize("seed", range(20))
def test_T15_suppression_is_that_of_the_loop(seed):
    draw = torch.Generator().manual_seed(seed)
    low = torch.rand(40, 2, generator=draw) * 6
    boxes = torch.cat([low, low + 1 + torch.rand(40, 2, generator=draw) * 4], 1)
    scores = (torch.rand(40, generator=draw) * 10).round() / 10  # with equal ones
    labels = torch.randint(0, 2, (40,), generator=draw)
    for threshold in (0.1, 0.3, 0.6):
        assert suppressed(boxes, scores, threshold, labels).tolist() == plain(boxes, scores, threshold, labels)
    assert suppressed(boxes, scores, 0.3).tolist() == plain(boxes, scores, 0.3, labels * 0)


def test_a_chain_of_boxes_is_resolved_to_its_end():
    boxes = torch.stack(
        [torch.tensor([k, 0.0, k + 2.0, 1.0]) for k in range(30)]
    )  # each overlaps with the next: IoU 1/3
    assert suppressed(boxes, torch.arange(30).flip(0).float(), 0.3).tolist() == list(range(0, 30, 2))


def test_no_boxes_and_boxes_without_area():
    assert suppressed(torch.zeros(0, 4), torch.zeros(0), 0.5).tolist() == []
    nothing = torch.zeros(1, 4)
    assert float(pairwise_iou(nothing, nothing)) == 0.0


def test_clipping_keeps_boxes_inside():
    assert clipped(torch.tensor([[-3.0, 2.0, 50.0, 60.0]]), 20, 30).tolist() == [[0, 2, 30, 20]]


def test_a_thousand_boxes_take_milliseconds():
    draw = torch.Generator().manual_seed(0)
    low = torch.rand(1000, 2, generator=draw) * 500
    boxes = torch.cat([low, low + 10 + torch.rand(1000, 2, generator=draw) * 90], 1)
    scores = torch.rand(1000, generator=draw)

    def seconds():
        start = time.process_time()
        suppressed(boxes, scores, 0.5)
        return time.process_time() - start

    assert min(seconds() for _ in range(10)) < 0.1  # 7 ms on an idle core: see the benchmark

"""Boxes as pure functions: overlaps, their generalisations, and the suppression of those that overlap.

A box is left, top, right, bottom in pixels, as everywhere here; one without area overlaps with nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Literal

import torch
from torch import Tensor

BoxLoss = Literal["giou", "ciou", "iou"]

TINY = 1e-9  # what areas are divided by at least


def area(boxes: Tensor) -> Tensor:
    """Of boxes (…, 4): (…), 0 where corners are swapped."""
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=0).prod(-1)


def intersection(one: Tensor, other: Tensor) -> Tensor:
    """The area that two boxes share; shapes (…, 4) are broadcast."""
    low, high = torch.maximum(one[..., :2], other[..., :2]), torch.minimum(one[..., 2:], other[..., 2:])
    return (high - low).clamp(min=0).prod(-1)


def iou(one: Tensor, other: Tensor) -> Tensor:
    """Intersection over union of boxes (…, 4), broadcast: 1 for the same box, 0 for boxes apart."""
    shared = intersection(one, other)
    return shared / (area(one) + area(other) - shared).clamp(min=TINY)


def giou(one: Tensor, other: Tensor) -> Tensor:
    """Generalised IoU (Rezatofighi et al., 2019), IoU − (hull − union)/hull: from −1 to 1."""
    shared = intersection(one, other)
    union = area(one) + area(other) - shared
    hull = area(_hull(one, other)).clamp(min=TINY)
    return shared / union.clamp(min=TINY) - (hull - union) / hull


def ciou(one: Tensor, other: Tensor) -> Tensor:
    """Complete IoU (Zheng et al., 2020): IoU less the distance of the centres and the difference of the proportions.

    IoU − d²/c² − αv, with c the diagonal of the hull, v = 4/π² (atan w/h − atan w′/h′)² and α = v / (1 − IoU + v),
    which is no function of the boxes for gradients, as in the paper.
    """
    overlap, hull = iou(one, other), _hull(one, other)
    distance = (_centre(one) - _centre(other)).square().sum(-1)
    diagonal = (hull[..., 2:] - hull[..., :2]).square().sum(-1).clamp(min=TINY)
    proportions = 4 / math.pi**2 * (_angle(one) - _angle(other)).square()
    with torch.no_grad():
        weight = proportions / (1 - overlap + proportions).clamp(min=TINY)
    return overlap - distance / diagonal - weight * proportions


def pairwise_iou(rows: Tensor, columns: Tensor) -> Tensor:
    """IoU of each of (n, 4) with each of (m, 4): (n, m); widths and heights apart, quicker than :func:`iou`."""
    shared = _common(rows[:, ::2], columns[:, ::2]) * _common(rows[:, 1::2], columns[:, 1::2])
    return shared / (area(rows)[:, None] + area(columns) - shared).clamp(min=TINY)


def suppressed(boxes: Tensor, scores: Tensor, threshold: float, labels: Tensor | None = None) -> Tensor:
    """Non-maximum suppression: the boxes that stay, int64 (k,), the best first.

    From the best on, a box stays unless it overlaps by more than the threshold with a better one that stays. That is
    the only solution of "i stays where no better one that stays overlaps with it", and whole rounds of this rule
    over all boxes come to it: as many as the longest chain of boxes of which each would suppress the next.

    Args:
        boxes: (n, 4).
        scores: (n,); of equal ones the first is the better.
        threshold: IoU above which two boxes are taken for the same object.
        labels: (n,) classes, of which each is treated on its own; all alike by default.
    """
    order = scores.argsort(descending=True, stable=True)
    ranked = boxes[order]
    over = (pairwise_iou(ranked, ranked) > threshold).float().triu_(1)  # (n, n): row, the better one, against column
    if labels is not None:
        over *= labels[order, None] == labels[None, order]
    stays = over.new_ones(len(boxes))
    for _ in range(len(boxes)):  # bounded: a chain is not longer than this
        now = (stays @ over == 0).float()  # how many better ones that stay overlap with each: a product is quickest
        if torch.equal(now, stays):
            break
        stays = now
    return order[stays > 0]


def clipped(boxes: Tensor, height: float, width: float) -> Tensor:
    """Boxes (…, 4) cut off at the edges of a picture."""
    edge = boxes.new_tensor([width, height, width, height])
    return boxes.clamp(min=0).minimum(edge)


def _common(rows: Tensor, columns: Tensor) -> Tensor:
    """The length that intervals (n, 2) and (m, 2) share: (n, m)."""
    low, high = torch.maximum(rows[:, :1], columns[:, 0]), torch.minimum(rows[:, 1:], columns[:, 1])
    return (high - low).clamp(min=0)


def _hull(one: Tensor, other: Tensor) -> Tensor:
    """The smallest box about two."""
    low, high = torch.minimum(one[..., :2], other[..., :2]), torch.maximum(one[..., 2:], other[..., 2:])
    return torch.cat([low, high], -1)


def _centre(boxes: Tensor) -> Tensor:
    return (boxes[..., :2] + boxes[..., 2:]) / 2


def _angle(boxes: Tensor) -> Tensor:
    width, height = (boxes[..., 2:] - boxes[..., :2]).clamp(min=TINY).unbind(-1)
    return torch.atan(width / height)


OVERLAPS: Mapping[BoxLoss, Callable[[Tensor, Tensor], Tensor]] = {"giou": giou, "ciou": ciou, "iou": iou}
"""What is 1 for equal boxes, by its name: losses are 1 less it."""

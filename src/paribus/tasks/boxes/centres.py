"""Between boxes and the map of answers of a network: what it should say, what is lost, and what it says."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from paribus.data.trees import Ragged
from paribus.ranks import as_share
from paribus.tasks.boxes.geometry import OVERLAPS, BoxLoss, clipped, suppressed

SPREAD = 0.54  # of a box that its hill covers (TTFNet; Liu et al., 2020)
FAR = 8.0  # largest logarithm of a distance in strides, so that nothing overflows
NEAR = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1)]  # places about a middle that learn its box
SURE = 1e-4  # how near to 0 and 1 probabilities may come in logarithms


def places(boxes: Tensor, stride: float, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Row and column of the place that each box (n, 4) has its middle in, both int64 (n,)."""
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2 / stride
    return middle[:, 1].long().clamp(0, size[0] - 1), middle[:, 0].long().clamp(0, size[1] - 1)


def hills(boxes: Ragged, labels: Tensor, classes: int, stride: float, size: tuple[int, int]) -> Tensor:
    """What the map of each class should be, (B, classes, h, w): 1 at the middle of a box, falling as a normal density.

    Args:
        boxes: of each picture, (n, 4) in pixels.
        labels: (n,) their classes.
        classes: how many there are.
        stride: pixels between neighbouring places.
        size: height and width of the map.
    """
    height, width = size
    heat = boxes.values.new_zeros(len(boxes) * classes, height * width)
    if not len(boxes.values):
        return heat.view(len(boxes), classes, height, width)
    row, column = places(boxes.values, stride, size)
    extent = (boxes.values[:, 2:] - boxes.values[:, :2]) / stride
    across, down = ((SPREAD * extent + 1) / 6).unbind(1)
    y = torch.arange(height, device=heat.device)[None] - row[:, None]  # (n, h)
    x = torch.arange(width, device=heat.device)[None] - column[:, None]  # (n, w)
    falls = (-(y**2) / (2 * down[:, None] ** 2)).exp()[:, :, None] * (-(x**2) / (2 * across[:, None] ** 2)).exp()[
        :, None
    ]
    index = (boxes.owners * classes + labels)[:, None].expand(-1, height * width)
    return heat.scatter_reduce_(0, index, falls.flatten(1), "amax").view(len(boxes), classes, height, width)


def focal(logits: Tensor, heat: Tensor) -> Tensor:
    """Focal loss of maps with hills, the sum over all places (Law & Deng, 2018, eq. 1, α = 2, β = 4)."""
    shares = logits.sigmoid().clamp(SURE, 1 - SURE)
    middles = heat == 1
    right = (1 - shares) ** 2 * shares.log()
    wrong = (1 - heat) ** 4 * shares**2 * (1 - shares).log()
    return -torch.where(middles, right, wrong).sum()


def sides(numbers: Tensor, row: Tensor, column: Tensor, stride: float) -> Tensor:
    """Boxes (…, 4) from what a network says at places: logarithms of the distances to left, top, right and bottom."""
    middle = torch.stack([column, row], -1).to(numbers.dtype) * stride + stride / 2
    far = numbers.clamp(-FAR, FAR).exp() * stride
    return torch.cat([middle - far[..., :2], middle + far[..., 2:]], -1)


def losses(outputs: Tensor, boxes: Ragged, labels: Tensor, stride: float, overlap: BoxLoss) -> tuple[Tensor, Tensor]:
    """Of the maps and of the boxes, both means over all boxes of the batch.

    The nine places about a middle learn its box, each as much as the hill is high there.

    Args:
        outputs: (B, classes + 4, h, w).
        boxes: of each picture.
        labels: (n,) their classes.
        stride: pixels between neighbouring places.
        overlap: what is to become 1.
    """
    classes, size = outputs.shape[1] - 4, (outputs.shape[2], outputs.shape[3])
    heat = hills(boxes, labels, classes, stride, size)
    count = as_share(torch.tensor(len(boxes.values)), len(outputs), least=1).to(outputs.device)
    found = focal(outputs[:, :classes], heat) / count
    row, column = places(boxes.values, stride, size)
    near = torch.tensor(NEAR, device=row.device)
    row = (row[:, None] + near[:, 0]).clamp(0, size[0] - 1)  # (n, 9)
    column = (column[:, None] + near[:, 1]).clamp(0, size[1] - 1)
    owner = boxes.owners[:, None]
    said = sides(outputs[owner, classes:, row, column], row, column, stride)  # (n, 9, 4)
    weight = heat[owner, labels[:, None], row, column]
    apart = 1 - OVERLAPS[overlap](said, boxes.values[:, None])
    return found, (weight * apart).sum() / as_share(weight.sum(), len(outputs), least=1)


def best(outputs: Tensor, stride: float, most: int) -> tuple[Tensor, Tensor, Tensor]:
    """The surest peaks of each picture: boxes (B, k, 4), scores (B, k) and classes (B, k), the surest first.

    A peak is a place that none of its eight neighbours surpasses, in the map of its class.
    """
    classes, width = outputs.shape[1] - 4, outputs.shape[3]
    shares = outputs[:, :classes].sigmoid()
    peaks = shares * (shares == F.max_pool2d(shares, 3, 1, 1))
    scores, index = peaks.flatten(1).topk(min(most, peaks[0].numel()))  # (B, k)
    label, place = index // (width * outputs.shape[2]), index % (width * outputs.shape[2])
    row, column = place // width, place % width
    numbers = outputs[torch.arange(len(outputs), device=index.device)[:, None], classes:, row, column]
    return sides(numbers, row, column, stride), scores, label


def found_in(
    outputs: Tensor, size: tuple[int, int], *, least: float, threshold: float, most: int
) -> list[tuple[Tensor, Tensor, Tensor]]:
    """The boxes in each picture after suppression: boxes (n, 4), scores (n,), classes (n,), the surest first.

    Args:
        outputs: (B, classes + 4, h, w).
        size: height and width of the pictures.
        least: score below which a box is not counted.
        threshold: IoU above which two boxes of a class are one object.
        most: boxes of a picture at most.
    """
    boxes, scores, labels = best(outputs.float(), size[0] / outputs.shape[2], most)
    boxes = clipped(boxes, *size)
    found = []
    for some, sure, label in zip(boxes, scores, labels, strict=True):
        likely = sure >= least
        some, sure, label = some[likely], sure[likely], label[likely]
        kept = suppressed(some, sure, threshold, label)
        found.append((some[kept], sure[kept], label[kept]))
    return found

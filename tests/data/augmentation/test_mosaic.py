"""Four pictures as one: every pixel, box, point and label goes where its picture goes."""

from __future__ import annotations

import pytest
import torch

from paribus.chance import Draws
from paribus.data.augmentation.compose import Compose
from paribus.data.augmentation.flip import Flip
from paribus.data.augmentation.follow import follow
from paribus.data.augmentation.mosaic import Mosaic
from paribus.data.augmentation.translate import Translate
from paribus.data.columns import Column
from paribus.data.trees import Ragged

HEIGHT, WIDTH, COUNT = 20, 30, 24
COLUMNS = {
    "boxes": Column("float32", (4,), ragged=True, kind="boxes"),
    "labels": Column("int64", ragged=True, kind="class", of="boxes"),
}
INDEX = torch.arange(COUNT)


def scenes() -> tuple[torch.Tensor, dict[str, Ragged]]:
    """Pictures of one rectangle each, as bright as its number, with its box and its number."""
    draw = torch.Generator().manual_seed(0)
    pictures = torch.zeros(COUNT, 1, HEIGHT, WIDTH, dtype=torch.uint8)
    boxes = []
    for number in range(COUNT):
        left, top = (
            int(torch.randint(0, WIDTH - 7, (), generator=draw)),
            int(torch.randint(0, HEIGHT - 5, (), generator=draw)),
        )
        pictures[number, :, top : top + 5, left : left + 7] = number + 1
        boxes.append(torch.tensor([[left, top, left + 7, top + 5]], dtype=torch.float32))
    return pictures, {"boxes": Ragged.of(boxes), "labels": Ragged.of(list(torch.arange(1, COUNT + 1)[:, None]))}


PARTS = (
    {"mosaic": Mosaic(1.0)},
    {"flip": Flip(vertical=True), "mosaic": Mosaic(1.0)},
    {"mosaic": Mosaic(0.5), "flip": Flip(), "translate": Translate(0.1, fill="zero"), "again": Mosaic(0.5)},
)


@pytest.mark.parametrize("parts", PARTS)
def test_boxes_lie_where_the_pixels_are_and_keep_their_labels(parts):
    pictures, targets = scenes()
    changed, transform = Compose(parts)(pictures, 5, INDEX)
    moved = follow(targets, transform, COLUMNS)
    seen = 0
    for picture, boxes, labels in zip(changed, moved["boxes"], moved["labels"], strict=True):
        assert len(boxes) == len(labels)
        for (left, top, right, bottom), label in zip(boxes.round().long().tolist(), labels.tolist(), strict=True):
            inside = picture[0, top:bottom, left:right]
            assert inside.numel()
            assert bool((inside == label).any())
            seen += 1
            if len(parts) == 1:  # a joined one: all of the box is the rectangle's
                assert bool((inside == label).all())
    assert seen >= COUNT / 2


def test_every_part_is_of_one_picture_and_all_four_occur():
    pictures = (
        (torch.arange(COUNT, dtype=torch.uint8) + 1)[:, None, None, None].expand(-1, 1, HEIGHT, WIDTH).contiguous()
    )
    changed, _ = Mosaic(1.0)(pictures, Draws(3, INDEX))
    own = INDEX.to(torch.uint8) + 1
    assert torch.equal(changed[:, 0, 0, 0], own)  # above left is the picture itself
    assert all(1 <= len(one.unique()) <= 4 for one in changed)
    assert sum(len(one.unique()) == 4 for one in changed) > COUNT / 2


def test_it_is_a_function_of_who_is_there_and_leaves_others_alone():
    pictures, targets = scenes()
    whole, transform = Mosaic(0.0)(pictures, Draws(1, INDEX))
    assert whole is pictures
    assert follow(targets, transform, COLUMNS) is targets
    changed, done = Mosaic(0.5)(pictures, Draws(1, INDEX))
    untouched = [k for k in range(COUNT) if torch.equal(changed[k], pictures[k])]
    assert 4 < len(untouched) < COUNT
    boxes = follow(targets, done, COLUMNS)["boxes"]
    for k in untouched:
        assert torch.equal(list(boxes)[k], list(targets["boxes"])[k])
    order = torch.randperm(COUNT, generator=torch.Generator().manual_seed(1))
    again, _ = Mosaic(0.5)(pictures[order], Draws(1, INDEX[order]))
    assert torch.equal(again, changed[order])


def test_classes_of_whole_pictures_count_by_area():
    pictures, _ = scenes()
    _, done = Mosaic(1.0)(pictures, Draws(2, INDEX))
    shares = done.shares(torch.eye(COUNT))
    assert torch.allclose(shares.sum(1), torch.ones(COUNT))
    constant = (torch.arange(COUNT, dtype=torch.uint8))[:, None, None, None].expand(-1, 1, HEIGHT, WIDTH).contiguous()
    mixed = done.masks(constant, None)
    for picture, row in zip(mixed, shares, strict=True):
        assert torch.allclose(picture.flatten().long().bincount(minlength=COUNT) / picture.numel(), row, atol=1e-6)

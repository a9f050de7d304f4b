"""Boxes, points, masks and labels after their pictures were changed, against the pixels and by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from paribus.chance import Draws
from paribus.data.augmentation.colour import Colour
from paribus.data.augmentation.compose import Compose
from paribus.data.augmentation.crop import Crop
from paribus.data.augmentation.flip import Flip
from paribus.data.augmentation.follow import VISIBLE, follow
from paribus.data.augmentation.resized_crop import ResizedCrop
from paribus.data.augmentation.rotate import Rotate
from paribus.data.augmentation.transform import Identity, Mixed, Moved, Separate
from paribus.data.augmentation.translate import Translate
from paribus.data.columns import Column
from paribus.data.trees import Ragged
from paribus.errors import RecipeError

INDEX = torch.arange(60)
HEIGHT, WIDTH = 24, 30
BOXES = {
    "boxes": Column("float32", (4,), ragged=True, kind="boxes"),
    "labels": Column("int64", ragged=True, kind="class", of="boxes"),
    "picture": Column("int64", kind="class"),
}


def spots() -> tuple[Tensor, Ragged, Ragged]:
    """Pictures with one bright rectangle each, its box, and its middle."""
    generator = torch.Generator().manual_seed(0)
    pictures = torch.zeros(len(INDEX), 1, HEIGHT, WIDTH, dtype=torch.uint8)
    left, top = (torch.randint(4, limit - 12, (len(INDEX),), generator=generator) for limit in (WIDTH, HEIGHT))
    for picture, x, y in zip(pictures, left, top, strict=True):
        picture[:, y : y + 6, x : x + 8] = 255
    boxes = torch.stack([left, top, left + 8, top + 6], 1).float()
    return pictures, Ragged.of(list(boxes[:, None])), Ragged.of(list((boxes[:, None, :2] + boxes[:, None, 2:]) / 2))


PARTS = {
    "flip": Flip(vertical=True),
    "crop": Crop(4),
    "translate": Translate(0.1, fill="zero"),
    "rotate": Rotate(90.0, fill="zero"),
    "resized_crop": ResizedCrop(0.5),
    "all": None,
}
SMOOTH = {"rotate", "resized_crop"}  # they place edges between pixels


@pytest.mark.parametrize("name", PARTS)
def test_boxes_and_points_lie_where_the_pixels_are(name):
    pictures, boxes, middles = spots()
    parts = {name: PARTS[name]} if PARTS[name] else {name: part for name, part in PARTS.items() if part}
    changed, transform = Compose(parts)(pictures, 3, INDEX)
    moved, share = transform.boxes(boxes)
    points, seen = transform.points(middles)
    slack = 1.5 if SMOOTH & {*parts} else 0  # a turned edge runs through pixels
    for picture, box, visible in zip(changed[:, 0], moved.values, share, strict=True):
        if visible < 1:
            continue
        rows, columns = (picture > 127).nonzero().T
        extent = torch.stack([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
        assert slack or torch.equal(extent.float(), box)
        assert (box[:2] <= extent[:2] + slack).all()  # a turned box holds its rectangle
        assert (box[2:] >= extent[2:] - slack).all()
    x, y = points.values[seen > 0].long().unbind(1)
    assert (changed[points.owners[seen > 0], 0, y, x] > 127).float().mean() > 0.95


def test_a_turn_by_hand():
    moved = Rotate(90.0)
    draws = Draws(1, torch.arange(1))
    degrees = draws.uniform("angle", -90.0, 90.0).item()
    _, transform = moved(torch.zeros(1, 1, 10, 10, dtype=torch.uint8), draws)
    points, _ = transform.points(Ragged.of([torch.tensor([[8.0, 5.0]])]))  # three to the right of the centre
    angle = torch.tensor(degrees).deg2rad()
    expected = torch.stack([5 + 3 * angle.cos(), 5 - 3 * angle.sin()])  # counterclockwise, and y grows downwards
    torch.testing.assert_close(points.values[0], expected)


def shifted(right: float) -> Moved:
    move = torch.tensor([[1.0, 0, right], [0, 1, 0]])
    return Moved((10, 10), lambda: move.expand(2, 2, 3), lambda masks, outside: masks)


def test_boxes_are_clipped_and_dropped_with_their_labels():
    rows = [torch.tensor([[0.0, 0, 4, 4], [6, 6, 10, 10]]), torch.zeros(0, 4)]
    targets = {
        "boxes": Ragged.of(rows),
        "labels": Ragged.of([torch.tensor([7, 8]), torch.tensor([], dtype=torch.int64)]),
        "picture": torch.tensor([1, 2]),
    }
    kept = follow(targets, shifted(2.0), BOXES)
    assert kept["boxes"].values.tolist() == [[2, 0, 6, 4], [8, 6, 10, 10]]  # half of the second one can be seen
    assert kept["labels"].values.tolist() == [7, 8]
    kept = follow(targets, shifted(3.1), BOXES)
    assert VISIBLE == 0.25
    assert kept["boxes"].offsets.tolist() == kept["labels"].offsets.tolist() == [0, 1, 1]
    assert kept["labels"].values.tolist() == [7]
    assert torch.equal(kept["picture"], targets["picture"])


def test_what_leaves_the_picture_on_the_way_does_not_come_back():
    box = Ragged.of([torch.tensor([[6.0, 0, 10, 4]]), torch.zeros(0, 4)])
    there, share = shifted(2.0).boxes(box)
    back, _ = shifted(-2.0).boxes(there)
    assert back.values.tolist() == [[6, 0, 8, 4]]
    assert share.tolist() == [0.5]


def test_boxes_and_points_of_equal_number_keep_their_rows():
    columns = {"": Column("float32", (2, 2), kind="points")}
    points = torch.tensor([[[1.0, 2], [9, 9]], [[3, 4], [5, 5]]])
    assert follow(points, shifted(4.0), columns).tolist() == [[[5, 2], [13, 9]], [[7, 4], [9, 5]]]


def test_masks_of_any_integers_follow():
    pictures, _, _ = spots()
    masks = (pictures[:, 0] > 0).long() * 1000
    changed, transform = Compose({"flip": Flip(), "rotate": Rotate(30.0, "nearest", "zero")})(pictures, 3, INDEX)
    moved = follow(masks, transform, {"": Column("int64", (HEIGHT, WIDTH), kind="mask")}, ignore=-1)
    assert set(moved.unique().tolist()) == {-1, 0, 1000}
    assert torch.equal(moved == 1000, changed[:, 0] > 127)


def test_classes_become_shares_where_pictures_are_mixed():
    mixed = Mixed(torch.tensor([1, 2, 0]), torch.tensor([1.0, 0.25, 0.5]))
    shares = follow(torch.tensor([0, 1, 1]), mixed, {"": Column("int64", kind="class")}, classes=3)
    assert shares.tolist() == [[1, 0, 0], [0, 1, 0], [0.5, 0.5, 0]]
    labels = torch.tensor([0, 1, 1])
    assert follow(labels, Identity(), {"": Column("int64", kind="class")}, classes=3) is labels


@pytest.mark.parametrize("transform", [Mixed(torch.tensor([0]), torch.tensor([1.0])), Separate()])
def test_places_that_no_longer_are_in_one_picture_are_refused(transform):
    boxes = Ragged.of([torch.tensor([[0.0, 0, 4, 4]])])
    for kind, targets in {"boxes": boxes, "points": boxes, "mask": torch.zeros(1, 3, 3)}.items():
        with pytest.raises(RecipeError, match="no one"):
            follow(targets, transform, {"": Column("float32", kind=kind)})


def test_several_pictures_are_changed_each_in_its_own_way():
    pictures, _, _ = spots()
    words = Ragged.of([torch.arange(3)] * len(INDEX))
    changed, transform = Compose({"crop": Crop(4)})({"one": pictures, "two": pictures, "words": words}, 3, INDEX)
    assert not torch.equal(changed["one"], changed["two"])
    assert changed["words"] is words
    assert isinstance(transform, Separate)
    _, transform = Compose({"crop": Crop(4)})({"one": pictures, "words": words}, 3, INDEX)
    assert isinstance(transform, Moved)
    with pytest.raises(RecipeError, match="needs pictures"):
        Compose({"crop": Crop(4)})({"words": words}, 3, INDEX)


def test_colours_leave_everything_in_its_place():
    pictures, boxes, _ = spots()
    _, transform = Compose({"colour": Colour()})(pictures, 3, INDEX)
    assert isinstance(transform, Identity)
    assert transform.boxes(boxes)[0] is boxes


def test_an_augmentation_that_does_not_say_what_it_did_is_told_how():
    with pytest.raises(RecipeError, match=r"what was done to them\n.*old returned a Tensor\n.*Identity"):
        Compose({"old": lambda images, draws: images})(spots()[0], 3, INDEX)

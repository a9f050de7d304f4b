"""The promises of a chain: who draws what, and on what it depends."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from paribus.chance import Draws
from paribus.data.augmentation import PARTS
from paribus.data.augmentation.colour import Colour
from paribus.data.augmentation.compose import Compose
from paribus.data.augmentation.crop import Crop
from paribus.data.augmentation.cutout import Cutout
from paribus.data.augmentation.erase import Erase
from paribus.data.augmentation.flip import Flip
from paribus.data.augmentation.randaugment import RandAugment
from paribus.data.augmentation.resized_crop import ResizedCrop
from paribus.data.augmentation.rotate import Rotate
from paribus.data.augmentation.transform import Identity
from paribus.data.augmentation.translate import Translate
from paribus.errors import RecipeError
from paribus.records.options import describe, options
from paribus.records.parts import Part, build, find

ALL = {
    "flip": Flip(vertical=True),
    "crop": Crop(3),
    "rotate": Rotate(30.0),
    "translate": Translate(0.2),
    "colour": Colour(),
    "cutout": Cutout(5),
    "resized_crop": ResizedCrop(),
    "erase": Erase(),
    "randaugment": RandAugment(2, 20.0),
}
IMAGES = torch.randint(0, 256, (64, 3, 12, 10), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
INDEX = torch.randperm(1000, generator=torch.Generator().manual_seed(0))[:64]


class Spy:
    """An augmentation that changes nothing and remembers what it could have drawn."""

    def __init__(self) -> None:
        self.drawn = torch.empty(0)

    def __call__(self, images: Tensor, draws: Draws) -> tuple[Tensor, Identity]:
        self.drawn = draws.uniform("x")
        return images, Identity()


def changed(chain: Compose, images: Tensor, key: int, index: Tensor = INDEX) -> Tensor:
    return chain(images, key, index)[0]


def moved_masks(parts: dict, masks: Tensor, outside: int | None = None) -> Tensor:
    """Masks as pictures of the same index move with key 5."""
    return Compose(parts)(IMAGES, 5, INDEX)[1].masks(masks, outside)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 63), min_size=1, max_size=64, unique=True))
def test_an_example_is_augmented_alike_in_every_batch(rows):
    whole = changed(Compose(ALL), IMAGES, 5)
    assert torch.equal(changed(Compose(ALL), IMAGES[rows], 5, INDEX[rows]), whole[rows])


def test_the_key_and_the_example_decide():
    chain = Compose(ALL)
    assert torch.equal(changed(chain, IMAGES, 5), changed(chain, IMAGES, 5))
    assert not torch.equal(changed(chain, IMAGES, 5), changed(chain, IMAGES, 6))
    same = IMAGES[:1].expand_as(IMAGES)
    assert len(changed(chain, same, 5).unique(dim=0)) > 60


def test_another_part_leaves_the_draws_of_a_part_as_they_were():
    alone, among = Spy(), Spy()
    Compose({"spy": alone})(IMAGES, 5, INDEX)
    Compose({"flip": Flip(), "spy": among, "crop": Crop()})(IMAGES, 5, INDEX)
    assert torch.equal(alone.drawn, among.drawn)


def test_two_parts_of_one_class_draw_apart():
    one, two = Spy(), Spy()
    Compose({"one": one, "two": two})(IMAGES, 5, INDEX)
    assert not torch.equal(one.drawn, two.drawn)


def test_global_random_state_is_neither_read_nor_changed():
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = changed(Compose(ALL), IMAGES, 5)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(2)
    assert torch.equal(changed(Compose(ALL), IMAGES, 5), first)


def test_masks_move_with_their_pictures():
    labels = torch.tensor([10, 240], dtype=torch.uint8)
    masks = labels[(IMAGES[:, :1] > 127).long()]
    whole = {name: part for name, part in ALL.items() if name not in ("cutout", "erase", "randaugment")}
    nearest = {"rotate": Rotate(30.0, interpolation="nearest"), "resized_crop": ResizedCrop(interpolation="nearest")}
    geometry = {**whole, **nearest, "colour": Colour(0, 0, 0)}
    moved = moved_masks(whole, masks)
    assert torch.equal(moved, changed(Compose(geometry), masks, 5))
    assert set(moved.unique().tolist()) <= {0, 10, 240}


@pytest.mark.parametrize("outside", [255, 7, 0])
@pytest.mark.parametrize("name", ["flip", "crop", "rotate", "translate"])
def test_T11_what_comes_in_from_outside_has_the_label_for_it(name, outside):
    """A picture that shows its own labels still shows them after any move; elsewhere the label is the one given."""
    kinds = {"crop": Crop(3, fill="zero"), "rotate": Rotate(30.0, interpolation="nearest", fill="zero")}
    part = {**ALL, **kinds, "translate": Translate(0.2, fill="zero")}[name]
    masks = torch.randint(1, 5, (64, 1, 12, 10), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    shown = changed(Compose({name: part}), 50 * masks, 5)  # no label is black, so black is what came in
    moved = moved_masks({name: part}, masks, outside)
    assert torch.equal(moved, torch.where(shown > 0, shown // 50, outside))
    assert (moved != outside).any()
    assert (shown == 0).any() == (name != "flip")


def test_masks_do_not_copy_what_pictures_repeat_at_their_edges():
    parts = {"crop": Crop(4, fill="reflect"), "translate": Translate(0.3, fill="edge")}
    masks = torch.ones(64, 1, 12, 10, dtype=torch.uint8)
    assert set(moved_masks(parts, masks, 255).unique().tolist()) == {1, 255}


def test_a_hole_in_a_picture_is_none_in_its_mask():
    masks = torch.randint(0, 4, (64, 1, 12, 10), dtype=torch.uint8)
    assert torch.equal(moved_masks({"cutout": Cutout(5), "erase": Erase(), "colour": Colour()}, masks, 255), masks)


def test_what_is_no_picture_is_refused_unless_nothing_is_asked():
    features = torch.zeros(4, 7)
    assert Compose({})(features, 0, torch.arange(4))[0] is features
    with pytest.raises(RecipeError, match=r"pictures.*\n.*\(4, 7\) torch.float32"):
        Compose({"flip": Flip()})(features, 0, torch.arange(4))


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_gives_the_same_pictures():
    there = changed(Compose(ALL), IMAGES.cuda(), 5).cpu()
    # The draws are equal; a value that falls on the border between two levels may round to either.
    assert (there.int() - changed(Compose(ALL), IMAGES, 5).int()).abs().max() <= 1


@pytest.mark.parametrize("name", PARTS)
def test_every_part_is_built_by_name_and_explains_its_options(name):
    assert callable(build("augment", Part(name)))
    summary, texts = describe(find("augment", name))
    assert summary.endswith(".")
    assert set(texts) == {option.name for option in options("augment", find("augment", name))}


@pytest.mark.parametrize(
    "part",
    [
        Part("flip", probability=1.5),
        Part("crop", padding=-1),
        Part("colour", contrast=2),
        Part("rotate", fill=1),
        Part("mixup", alpha=-0.1),
        Part("cutmix", probability=2),
        Part("randaugment", magnitude=31),
        Part("resized_crop", smallest=0),
        Part("erase", largest=0),
    ],
)
def test_impossible_options_are_refused(part):
    with pytest.raises(RecipeError, match="augment"):
        build("augment", part)


def test_the_table_needs_no_torch():
    code = "import sys, paribus.data.augmentation; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)

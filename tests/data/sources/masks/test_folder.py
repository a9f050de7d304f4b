"""Pictures with masks: what is read from the disk, and each mistake in one message that names the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paribus.data.metadata import MaskInfo, Metadata
from paribus.data.prepare import cache
from paribus.data.prepare.survey import survey
from paribus.data.sources.masks.folder import Masks
from paribus.data.sources.masks.labels import IGNORE, classes_of
from paribus.data.sources.masks.pairs import pairs
from paribus.errors import DataError

LABELS = np.zeros((24, 32), np.uint8)
LABELS[6:, 8:] = 1
LABELS[:3, :3] = 2


def write_mask(path: Path, labels: np.ndarray = LABELS, kind: str = "grey") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "red":
        noise = np.random.default_rng(0).integers(0, 256, (*labels.shape, 3), dtype=np.uint8)
        noise[..., 0] = labels
        Image.fromarray(noise).save(path)
        return
    image = Image.fromarray(labels)
    if kind == "palette":
        image = Image.fromarray(labels).copy()
        image.putpalette([200, 10, 10, 10, 200, 10, 10, 10, 200])
    image.save(path)


@pytest.fixture
def scenes(tmp_path, picture):
    """Pictures and masks that belong together; further arguments change the layout."""

    def make(parts=("",), count: int = 4, kind: str = "grey", images: str = "images", masks: str = "masks") -> Path:
        root = tmp_path / "scenes"
        for part in parts:
            for number in range(count):
                picture(root / part / images / f"{number:02}.png", (number * 9, 40, 200), (32, 24))
                write_mask(root / part / masks / f"{number:02}.png", kind=kind)
        return root

    return make


def load(root: Path, **options):
    return cache.load(Masks(**{"path": str(root), "size": (24, 32), **options}))


@pytest.mark.parametrize("kind", ["grey", "palette", "red"])
@pytest.mark.parametrize("named", [True, False])
def test_T11_masks_of_every_format(scenes, kind, named):
    root = scenes(kind=kind)
    if kind == "red":
        assert np.unique(np.asarray(Image.open(root / "masks/00.png"))[..., 1]).size > 50  # other channels are not read
    dataset = load(root, format=kind if named else "auto")
    assert dataset.classes == ("0", "1", "2")
    assert (dataset.targets == LABELS).all()
    assert dataset.columns["targets"].kind == "mask"
    assert dataset.metadata == Metadata(masks=MaskInfo(IGNORE))
    assert dataset.counts.tolist() == [[np.sum(k == LABELS) for k in range(3)]] * 4
    assert dataset.names == tuple(f"images/{number:02}.png" for number in range(4))


@pytest.mark.parametrize("inside", [True, False])
def test_official_parts(scenes, tmp_path, inside):
    root = scenes(("train", "val", "test"))
    if inside:
        (tmp_path / "new").mkdir()
        for part in ("train", "val", "test"):
            for kind in ("images", "masks"):
                (tmp_path / "new" / kind).mkdir(exist_ok=True)
                (root / part / kind).rename(tmp_path / "new" / kind / part)
        root = tmp_path / "new"
    assert load(root).official == {"train": (0, 4), "val": (4, 8), "test": (8, 12)}


def test_side_by_side_with_a_suffix(tmp_path, picture):
    picture(tmp_path / "s/a.jpg", size=(32, 24))
    write_mask(tmp_path / "s/a_label.png")
    assert [tuple(vars(pair).values())[:2] for pair in pairs(tmp_path / "s", ".", ".", "_label")] == [
        ("a.jpg", "a_label.png")
    ]


def test_values_names_and_groups(scenes):
    root = scenes()
    write_mask(root / "masks/00.png", np.where(LABELS == 1, 255, 7).astype(np.uint8))
    for number in range(1, 4):
        write_mask(root / f"masks/{number:02}.png", np.where(LABELS == 1, 255, 128).astype(np.uint8))
    (root / "classes.txt").write_text("ground\nthing\n")
    dataset = load(root, values=(128, 255), ignore=7, group=r"(\d)\.png")
    assert dataset.classes == ("ground", "thing")
    assert (dataset.targets[0] == np.where(LABELS == 1, 1, IGNORE)).all()
    assert (dataset.targets[1] == (LABELS == 1)).all()
    assert dataset.groups.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("fit", ["stretch", "crop", "pad", "cut"])
def test_masks_are_fitted_like_their_pictures(tmp_path, fit):
    """A picture that shows its own labels, brought to another size, still shows them."""
    write_mask(tmp_path / "images/a.png", np.kron(LABELS, np.full((5, 4), 100, np.uint8)))
    write_mask(tmp_path / "masks/a.png", np.kron(LABELS, np.full((5, 4), 1, np.uint8)))
    dataset = load(tmp_path, fit=fit, size=(40, 64), colour="grey")
    shown, labels = dataset.inputs[0, 0].numpy(), dataset.targets[0].numpy()
    known = labels != IGNORE
    assert (np.rint(shown[known] / 100) == labels[known]).mean() > 0.9  # but where the picture's filter mixes borders
    assert (shown[~known] == 255).all()  # what is padded is white there
    assert known.all() or fit == "pad"


def spoiled_size(root):
    write_mask(root / "masks/02.png", LABELS[:20])


def spoiled_value(root):
    write_mask(root / "masks/02.png", np.where(LABELS == 2, 77, LABELS).astype(np.uint8))


def spoiled_jpeg(root):
    (root / "masks/02.png").unlink()
    Image.fromarray(LABELS).save(root / "masks/02.jpg")


def spoiled_missing(root):
    (root / "masks/02.png").unlink()


def spoiled_alone(root):
    (root / "images/02.png").unlink()


def spoiled_damaged(root):
    (root / "masks/02.png").write_bytes((root / "masks/02.png").read_bytes()[:60])


def spoiled_float(root):
    (root / "masks/02.png").unlink()
    Image.fromarray(LABELS.astype(np.float32)).save(root / "masks/02.tiff")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (spoiled_size, "size of its picture, here 32 × 20 and 32 × 24"),
        (spoiled_value, r"must be 0 … 2, and it holds 77"),
        (spoiled_jpeg, "JPEG blurs label values"),
        (spoiled_missing, "every picture needs a mask"),
        (spoiled_alone, "every mask needs a picture"),
        (spoiled_damaged, "damaged"),
        (spoiled_float, "one value per pixel"),
    ],
)
def test_a_bad_mask_is_found_before_training_and_named(scenes, spoil, message):
    root = scenes()
    spoil(root)
    with pytest.raises(DataError, match=message) as raised:
        load(root, classes=("a", "b", "c"))
    assert "02." in raised.value.got


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"format": "red"}, "format red was expected, this one is grey"),
        ({"classes": ("a",)}, "two classes"),
        ({"values": (0, 1), "classes": ("a", "b", "c")}, "one of data.values for each"),
        ({"masks": "labels"}, "missing"),
        ({"group": "("}, "no regular expression"),
        ({"group": "x"}, "must match every picture's name"),
    ],
)
def test_a_wrong_option_says_so(scenes, options, message):
    with pytest.raises(DataError, match=message):
        load(scenes(), **options)


def test_empty_and_missing_folders(tmp_path):
    with pytest.raises(DataError, match="must be a folder"):
        load(tmp_path / "nowhere")
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    with pytest.raises(DataError, match="holds no pictures"):
        load(tmp_path)


def test_a_change_of_a_mask_is_another_data_set(scenes):
    root = scenes()
    before = cache.identity(Masks(str(root)))
    write_mask(root / "masks/00.png", LABELS[::-1].copy())
    assert cache.identity(Masks(str(root))) != before


def test_the_table_of_values():
    values = np.arange(256, dtype=np.uint8)[[0, 1, 2, 11, 255]]
    assert classes_of(values[:3], (), 3, None).tolist() == [0, 1, 2]
    assert classes_of(values, (), 3, 11).tolist() == [0, 1, 2, IGNORE, IGNORE]
    assert classes_of(values[[0, 4]], (0, 255), 2, None).tolist() == [0, 1]
    assert classes_of(values[:2], (), 2, 0).tolist() == [IGNORE, 1]


def test_a_survey_finds_all_that_is_wrong_at_once(scenes):
    root = scenes()
    spoiled_size(root)
    write_mask(root / "masks/01.png", np.where(LABELS == 2, 77, LABELS).astype(np.uint8))
    (root / "images/03.png").write_bytes(b"")
    found = survey(root)
    assert found.splits == {"train": 2}
    assert found.sizes == {(24, 32): 2}
    shares = [np.mean(k == LABELS) for k in range(3)]
    assert found.values == pytest.approx({0: shares[0], 1: shares[1], 2: shares[2] / 2, 77: shares[2] / 2})
    assert [name for name, _ in found.bad] == ["masks/02.png", "masks/03.png"]
    assert "empty" in found.bad[1][1]

import numpy as np
import pytest

from paribus.chance import Seeds
from paribus.data.prepare import cache
from paribus.data.sources.images.decoding import decode
from paribus.data.sources.images.folder import Folder
from paribus.errors import DataError, RecipeError
from paribus.records.parts import Part, build
from paribus.records.sections import Split


def test_a_folder_becomes_a_data_set(classes, tmp_path):
    root = tmp_path / "pictures"
    classes({"a": 3, "b": 2}, root / "train")
    classes({"a": 1, "b": 1}, root / "test")
    dataset = cache.load(Folder(str(root), size=8))
    assert dataset.inputs.shape == (7, 3, 8, 8)
    assert dict(dataset.official) == {"train": (0, 5), "test": (5, 7)}
    assert dataset.targets.tolist() == [0, 0, 0, 1, 1, 0, 1]
    assert dataset.classes == ("a", "b")
    assert dataset.groups is None
    for row, name in enumerate(dataset.names):
        assert np.array_equal(dataset.inputs[row].numpy(), decode(root / name, 8))


def test_R16_prediction_decodes_as_training_did(classes):
    root = classes({"a": 1, "b": 1})
    source = Folder(str(root), size=9, colour="grey", fit="pad")
    dataset = cache.load(source)
    assert np.array_equal(dataset.inputs[0].numpy(), decode(root / "a" / "000.png", **source.decoding))


def test_R13_bad_files_are_skipped_or_stop_it(classes):
    root = classes({"a": 2, "b": 2})
    (root / "a" / "empty.png").write_bytes(b"")
    dataset = cache.load(Folder(str(root), size=8))
    assert len(dataset) == 4
    assert dataset.skipped == (("a/empty.png", "the file is empty"),)
    with pytest.raises(DataError, match="1 file cannot be used") as caught:
        cache.load(Folder(str(root), size=8, bad="fail"))
    assert "a/empty.png: the file is empty" in caught.value.got


def test_R13_a_class_without_a_readable_picture_is_an_error(classes):
    root = classes({"a": 1, "b": 2})
    (root / "a" / "000.png").write_bytes(b"")
    with pytest.raises(DataError, match="without one: a"):
        cache.load(Folder(str(root), size=8))
    for path in (root / "b").iterdir():
        path.write_bytes(b"")
    with pytest.raises(DataError, match="no picture can be read"):
        cache.load(Folder(str(root), size=8))


def test_groups_are_never_separated(classes):
    root = classes({"a": 12, "b": 12})
    dataset = cache.load(Folder(str(root), size=8, group=r"/\d(\d\d)"))
    rows = dataset.split(Split(val=0.25, test=0), Seeds(0))
    assert dataset.groups is not None
    train, validation = (set(dataset.groups[rows[part]].tolist()) for part in ("train", "val"))
    assert not train & validation
    assert len(train | validation) == 12


def test_a_changed_picture_is_decoded_anew(classes, picture):
    root = classes({"a": 1, "b": 1})
    before = cache.load(Folder(str(root), size=8)).inputs[0].float().mean()
    picture(root / "a" / "000.png", "white", size=(11, 11))
    assert cache.load(Folder(str(root), size=8)).inputs[0].float().mean() != before


def test_options_are_checked_and_described(tmp_path):
    assert build("data", Part("folder", path=str(tmp_path), size=32)).size == 32
    for options in ({"size": 2}, {"colour": "blue"}, {"fit": "squeeze"}, {"bad": "maybe"}, {"sise": 3}):
        with pytest.raises(RecipeError):
            build("data", Part("folder", path=str(tmp_path), **options))


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "train", "test", "count"),
    [("brain_mri", 575, 156, 4), ("grocery_food", 865, 349, 10), ("xray", 196, 49, 3)],
)
def test_real_folders(real_data, name, train, test, count):
    dataset = cache.load(Folder(name, size=32))
    assert dict(dataset.official) == {"train": (0, train), "test": (train, train + test)}
    assert len(dataset.classes) == count
    assert dataset.skipped == ()
    assert dataset.targets[:train].bincount(minlength=count).min() > 0


def test_groups_are_asked_of_the_files_that_can_be_used(classes):
    root = classes({"a": 3, "b": 3})
    (root / "a" / "scan.png").write_bytes(b"")
    assert cache.load(Folder(str(root), size=8, group=r"/(\d)")).skipped == (("a/scan.png", "the file is empty"),)
    (root / "a" / "scan.png").write_bytes((root / "a" / "000.png").read_bytes())
    with pytest.raises(DataError, match="match every file name") as caught:
        cache.load(Folder(str(root), size=8, group=r"/(\d)"))
    assert caught.value.got == "a/scan.png"

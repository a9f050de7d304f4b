import gzip
import hashlib
import shutil
import struct

import numpy as np
import pytest

from paribus.data.prepare import cache
from paribus.data.sources.images.mnist import FashionMnist, Mnist
from paribus.errors import DataError

SIZES = {"train": 300, "t10k": 50}


def idx(array, magic=None):
    header = struct.pack(f">{array.ndim + 1}I", magic or 0x0800 + array.ndim, *array.shape)
    return header + array.tobytes()


@pytest.fixture
def originals(own_data):
    """Four idx files as MNIST has them; returns their arrays by file name."""
    random = np.random.default_rng(0)
    arrays = {}
    (own_data / "mnist").mkdir()
    for prefix, count in SIZES.items():
        arrays[f"{prefix}-images-idx3-ubyte.gz"] = random.integers(0, 256, (count, 28, 28), np.uint8)
        arrays[f"{prefix}-labels-idx1-ubyte.gz"] = random.integers(0, 10, count, np.uint8)
    for name, array in arrays.items():
        (own_data / "mnist" / name).write_bytes(gzip.compress(idx(array)))
    return arrays


def test_four_files_become_a_data_set(originals):
    dataset = cache.load(Mnist())
    images = [originals[f"{prefix}-images-idx3-ubyte.gz"] for prefix in SIZES]
    labels = [originals[f"{prefix}-labels-idx1-ubyte.gz"] for prefix in SIZES]
    assert np.array_equal(dataset.inputs[:, 0].numpy(), np.concatenate(images))
    assert np.array_equal(dataset.targets.numpy(), np.concatenate(labels))
    assert dict(dataset.official) == {"train": (0, 300), "test": (300, 350)}


def test_what_was_decoded_serves_when_the_files_are_gone_be_they_the_published_ones_or_not(originals, own_data, caplog):
    first = cache.load(Mnist())
    shutil.rmtree(own_data / "mnist")
    again = cache.load(Mnist())
    assert np.array_equal(again.targets.numpy(), first.targets.numpy())
    assert cache.record(Mnist()) == again.record == first.record
    assert "not at hand any more, so the decoded copy in the cache is used" in caplog.text


def test_unpacked_files_serve_too(originals, own_data):
    for name, array in originals.items():
        (own_data / "mnist" / name).unlink()
        (own_data / "mnist" / name.removesuffix(".gz")).write_bytes(idx(array))
    assert len(cache.load(Mnist())) == 350


def test_a_chunk_boundary_changes_nothing(originals, monkeypatch):
    monkeypatch.setattr("paribus.data.sources.images.idx.CHUNK_BYTES", 28 * 28 * 7)
    dataset = cache.load(Mnist())
    assert np.array_equal(dataset.targets[:300].numpy(), originals["train-labels-idx1-ubyte.gz"])
    assert np.array_equal(dataset.inputs[:300, 0].numpy(), originals["train-images-idx3-ubyte.gz"])


def cut_packed(array):
    return gzip.compress(idx(array))[:-100]


def cut_inside(array):
    return gzip.compress(idx(array)[:-1])


def too_long(array):
    return gzip.compress(idx(array) + b"x")


def wrong_magic(array):
    return gzip.compress(idx(array, magic=0x0D03))


def only_header(array):
    return gzip.compress(idx(array)[:10])


def text(array):
    return b"this is not gzip"


def flipped(array):
    content = bytearray(gzip.compress(idx(array)))
    content[len(content) // 2] ^= 0xFF
    return bytes(content)


def fewer(array):
    return gzip.compress(idx(array[:-1]))


@pytest.mark.parametrize("damage", [cut_packed, cut_inside, too_long, wrong_magic, only_header, text, flipped])
@pytest.mark.parametrize("name", ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"])
def test_R13_damage_is_one_clear_error(originals, own_data, damage, name):
    (own_data / "mnist" / name).write_bytes(damage(originals[name]))
    with pytest.raises(DataError, match=f"{name} is damaged") as caught:
        cache.load(Mnist())
    assert str(own_data) in caught.value.got


def test_counts_that_disagree_are_an_error(originals, own_data):
    name = "train-labels-idx1-ubyte.gz"
    (own_data / "mnist" / name).write_bytes(fewer(originals[name]))
    with pytest.raises(DataError, match="one label for each picture") as caught:
        cache.load(Mnist())
    assert caught.value.got == "299 labels, 300 pictures"


def test_impossible_labels_are_an_error(originals, own_data):
    name = "train-labels-idx1-ubyte.gz"
    (own_data / "mnist" / name).write_bytes(gzip.compress(idx(originals[name] + 10)))
    with pytest.raises(DataError, match="class indices are 0 … 9"):
        cache.load(Mnist())


def test_changed_files_are_decoded_anew(originals, own_data):
    first = cache.identity(Mnist())
    (own_data / "mnist" / "t10k-labels-idx1-ubyte.gz").write_bytes(b"")
    assert cache.identity(Mnist()) != first


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("source", "train", "test"),
    [(Mnist, "6bbc9ace", "2646ac64"), (FashionMnist, "f4a8712d", "8181f547")],
)
def test_the_real_pictures_have_the_published_checksum(real_data, source, train, test):
    dataset = cache.load(source())
    for expected, rows in ((train, slice(0, 60_000)), (test, slice(60_000, 70_000))):
        pixels = dataset.inputs[rows, 0].numpy()
        assert hashlib.md5(idx(np.ascontiguousarray(pixels))).hexdigest().startswith(expected)
    assert dataset.targets.bincount().tolist()[0] in (6903, 7000)
    assert len(dataset.classes) == 10

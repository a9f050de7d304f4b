import io
import tarfile

import numpy as np
import pytest

from paribus.data.prepare import cache
from paribus.data.sources.images.cifar import Cifar10, Cifar100
from paribus.errors import DataError

NAMES10 = b"zero\none\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n\n"
FINE = "".join(f"fine{number}\n" for number in range(100)).encode()
COARSE = "".join(f"coarse{number}\n" for number in range(20)).encode()


def records(count, labels, seed=0):
    """Label bytes and pixels of ``count`` records, (count, label bytes + 3072) uint8."""
    random = np.random.default_rng(seed)
    columns = [random.integers(0, classes, (count, 1)) for classes in labels]
    return np.concatenate([*columns, random.integers(0, 256, (count, 3072))], axis=1).astype(np.uint8)


def pack(path, members):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(f"folder/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


@pytest.fixture
def cifar10(own_data):
    batches = {f"data_batch_{n}.bin": records(20, [10], n) for n in (3, 1)} | {"test_batch.bin": records(9, [10], 9)}
    members = {"test_batch.bin": batches["test_batch.bin"].tobytes(), "batches.meta.txt": NAMES10}
    members |= {name: batch.tobytes() for name, batch in batches.items()}
    pack(own_data / "cifar10" / "cifar-10-binary.tar.gz", members)
    return batches, members


def test_all_batches_found_are_read_in_order(cifar10):
    batches, _ = cifar10
    dataset = cache.load(Cifar10())
    together = np.concatenate([batches[f"{name}.bin"] for name in ("data_batch_1", "data_batch_3", "test_batch")])
    assert np.array_equal(dataset.inputs.numpy().reshape(49, -1), together[:, 1:])
    assert np.array_equal(dataset.targets.numpy(), together[:, 0])
    assert dict(dataset.official) == {"train": (0, 40), "test": (40, 49)}
    assert dataset.classes[:2] == ("zero", "one")


def test_cifar100_has_two_kinds_of_labels(own_data):
    train, test = records(30, [20, 100], 1), records(10, [20, 100], 2)
    members = {"train.bin": train.tobytes(), "test.bin": test.tobytes()}
    members |= {"fine_label_names.txt": FINE, "coarse_label_names.txt": COARSE}
    pack(own_data / "cifar100" / "cifar-100-binary.tar.gz", members)
    fine, coarse = cache.load(Cifar100()), cache.load(Cifar100(labels="coarse"))
    assert fine.targets.tolist() == [*train[:, 1], *test[:, 1]]
    assert coarse.targets.tolist() == [*train[:, 0], *test[:, 0]]
    assert (len(fine.classes), len(coarse.classes)) == (100, 20)
    assert np.array_equal(fine.inputs.numpy().reshape(40, -1), np.concatenate([train, test])[:, 2:])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data_batch_1.bin": b"x" * 3074}, "multiple of 3,073 bytes"),
        ({"data_batch_1.bin": b"\x0b" + bytes(3072)}, "class indices"),
        ({"batches.meta.txt": None}, r"must contain batches\.meta\.txt"),
        ({"data_batch_1.bin": None, "data_batch_3.bin": None}, "no training batch"),
    ],
)
def test_R13_an_archive_with_wrong_content_is_one_clear_error(cifar10, own_data, changes, message):
    members = {name: content for name, content in (cifar10[1] | changes).items() if content is not None}
    pack(own_data / "cifar10" / "cifar-10-binary.tar.gz", members)
    with pytest.raises(DataError, match=message):
        cache.load(Cifar10())


def test_R13_a_truncated_archive_is_one_clear_error(cifar10, own_data):
    path = own_data / "cifar10" / "cifar-10-binary.tar.gz"
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(DataError, match=r"cifar-10-binary\.tar\.gz is damaged"):
        cache.load(Cifar10())


@pytest.mark.realdata
def test_the_real_archives(real_data):
    ten, hundred = cache.load(Cifar10()), cache.load(Cifar100())
    assert ten.inputs.shape[1:] == hundred.inputs.shape[1:] == (3, 32, 32)
    assert ten.classes[3:6] == ("cat", "deer", "dog")
    assert (len(hundred.classes), hundred.classes[0]) == (100, "apple")
    mean = ten.moments[:, :, 0].mean(0) / 1024 / 255  # the well-known channel means of CIFAR-10
    assert np.allclose(mean, (0.4914, 0.4822, 0.4465), atol=0.01)

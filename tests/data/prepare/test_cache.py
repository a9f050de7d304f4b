import json
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from paribus.cache import paths
from paribus.chance import Seeds
from paribus.data.columns import Column
from paribus.data.info import DataInfo
from paribus.data.prepare import cache
from paribus.errors import DataError
from paribus.records.sections import Split


class Squares:
    """A source whose pictures are easy to foresee; counts how often it is decoded."""

    def __init__(self, count: int = 6, log: str = "", damaged: bool = False) -> None:
        self.count, self.log, self.damaged = count, log, damaged

    def key(self):
        return {"count": self.count}

    def write(self, writer) -> None:
        if self.log:
            with Path(self.log).open("a") as file:
                file.write("decoded\n")
        pixels = np.arange(self.count, dtype=np.uint8)[:, None, None, None] * np.ones((1, 3, 2, 2), np.uint8)
        writer.start(classes=["even", "odd"], shape=(3, 2, 2), count=self.count)
        names = [f"{row}.png" for row in range(self.count)]
        half = self.count // 2
        writer.add(pixels[:half], np.arange(half) % 2, groups=np.zeros(half), names=names[:half])
        if self.damaged:
            raise DataError("damaged")
        writer.add(pixels[half:], np.arange(half, self.count) % 2, "test", groups=np.ones(half), names=names[half:])
        writer.skip("x.txt", "not a picture")


def folders(cache_folder: Path) -> list[Path]:
    return [entry for entry in (cache_folder / "datasets").iterdir() if entry.is_dir()]


def test_what_was_written_is_what_is_loaded():
    dataset = cache.load(Squares())
    assert dataset.inputs.shape == (6, 3, 2, 2)
    assert dataset.inputs.dtype == torch.uint8
    assert dataset.inputs[:, 0, 0, 0].tolist() == [0, 1, 2, 3, 4, 5]
    assert dataset.targets.tolist() == [0, 1, 0, 1, 0, 1]
    assert dataset.classes == ("even", "odd")
    assert dataset.official == {"train": (0, 3), "test": (3, 6)}
    assert dataset.moments[5].tolist() == [[20.0, 100.0]] * 3
    assert dataset.groups is not None
    assert dataset.groups.tolist() == [0, 0, 0, 1, 1, 1]
    assert dataset.names[5] == "5.png"
    assert dataset.skipped == (("x.txt", "not a picture"),)


def test_decoded_once_and_then_mapped(tmp_path):
    log = tmp_path / "log"
    first = cache.load(Squares(log=str(log)))
    second = cache.load(Squares(log=str(log)))
    assert log.read_text() == "decoded\n"
    assert torch.equal(first.inputs, second.inputs)
    second.inputs[0] = 77  # a copy of this process: neither the file nor the others see it
    assert int(first.inputs[0, 0, 0, 0]) == 0
    assert int(cache.load(Squares()).inputs[0, 0, 0, 0]) == 0


def test_another_key_another_entry(cache_folder):
    assert len(cache.load(Squares(4))) == 4
    assert len(cache.load(Squares(8))) == 8
    assert len(folders(cache_folder)) == 2


def test_an_edited_class_is_another_source(tmp_path, monkeypatch):
    identities = set()
    for version in ("1", "2"):
        (tmp_path / "mine.py").write_text(f"class Mine:\n    version = {version}\n    def key(self): return {{}}\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        sys.modules.pop("mine", None)
        sys.dont_write_bytecode = True
        import linecache

        import mine

        linecache.clearcache()
        identities.add(cache.identity(mine.Mine()))
    sys.modules.pop("mine", None)
    assert len(identities) == 2


def test_R1_a_failed_decoding_leaves_nothing(cache_folder):
    with pytest.raises(DataError, match="damaged"):
        cache.load(Squares(damaged=True))
    assert folders(cache_folder) == []
    assert len(cache.load(Squares())) == 6


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from test_cache import Squares
from paribus.data.prepare import cache
class Dies(Squares):
    def write(self, writer):
        writer.start(classes=["a", "b"], shape=(3, 2, 2))
        os.kill(os.getpid(), signal.SIGKILL)
import paribus.data.prepare.cache
paribus.data.prepare.cache._identity = lambda source, record: sys.argv[2]
cache.load(Dies())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL there")
def test_R1_a_killed_decoder_blocks_nobody_and_is_cleaned_up(cache_folder):
    name = cache.identity(Squares())
    died = subprocess.run([sys.executable, "-c", KILLED, str(Path(__file__).parent), name], check=False)
    assert died.returncode == -9
    assert [entry.name.startswith(f".tmp-{name}") for entry in folders(cache_folder)] == [True]
    (cache_folder / "datasets" / ".tmp-0123456789abcdef-of-another").mkdir()
    assert len(cache.load(Squares())) == 6
    assert [entry.name for entry in folders(cache_folder)] == [name]


TOGETHER = """
import sys
sys.path.insert(0, sys.argv[1])
from test_cache import Squares
from paribus.data.prepare import cache
print(int(cache.load(Squares(log=sys.argv[2])).inputs.sum()))
"""


def test_R11_processes_that_start_together_decode_once(tmp_path):
    log = tmp_path / "log"
    command = [sys.executable, "-c", TOGETHER, str(Path(__file__).parent), str(log)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert {process.communicate()[0] for process in running} == {"180\n"}
    assert log.read_text() == "decoded\n"


@pytest.mark.parametrize("damage", ["truncate", "delete", "meta", "format"])
def test_R3_an_incomplete_entry_is_decoded_again(cache_folder, damage):
    cache.load(Squares())
    (folder,) = folders(cache_folder)
    if damage == "truncate":
        (folder / "inputs.npy").write_bytes((folder / "inputs.npy").read_bytes()[:-1])
    elif damage == "delete":
        (folder / "targets.npy").unlink()
    elif damage == "meta":
        (folder / "meta.json").write_text('{"format": ')
    else:
        meta = json.loads((folder / "meta.json").read_text())
        (folder / "meta.json").write_text(json.dumps({**meta, "format": 0}))
    assert cache.load(Squares()).targets.tolist() == [0, 1, 0, 1, 0, 1]


def test_R2_the_cache_stays_clean_when_the_disk_is_full(cache_folder):
    script = (
        "import resource, sys; sys.path.insert(0, sys.argv[1])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "from test_cache import Squares\nfrom paribus.data.prepare import cache\nfrom paribus.errors import RunError\n"
        "try: cache.load(Squares(200))\nexcept RunError as error: print(error)"
    )
    pytest.importorskip("resource")
    command = [sys.executable, "-c", script, str(Path(__file__).parent)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "size limit" in output
    assert str(cache_folder) in output
    assert folders(cache_folder) == []


def test_an_unwritable_cache_is_still_read(monkeypatch, cache_folder):
    cache.load(Squares())
    monkeypatch.setattr(paths, "_can_write", lambda folder: False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(cache.load(Squares())) == 6


def test_size_and_clear(cache_folder):
    cache.load(Squares())
    (cache_folder / "downloads").mkdir()
    (cache_folder / "downloads" / "file").write_bytes(b"12345")
    assert cache.size()["downloads"] == 5
    held = cache.size()["datasets"]
    assert held > 500
    assert cache.clear() == held
    assert cache.size() == {"datasets": 0, "downloads": 5}
    assert cache.clear(downloads=True) == 5


def test_progress_counts_to_the_end():
    seen = []
    cache.load(Squares(), lambda what, done, total: seen.append((what, done, total)))
    assert seen == [("decoding", 3, 6), ("decoding", 6, 6)]


STREAM = """
import resource, sys
import numpy as np
from paribus.data.prepare import cache
class Large:
    def key(self): return {}
    def write(self, writer):
        writer.start(classes=["a", "b"], shape=(3, 64, 64), count=40_000)
        chunk = np.zeros((1000, 3, 64, 64), np.uint8)
        for start in range(40):
            writer.add(chunk, np.arange(1000) % 2)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
dataset = cache.load(Large())
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(dataset.inputs.nbytes // 10**6, (after - before) // (1024 if sys.platform != "darwin" else 1024**2))
"""


@pytest.mark.slow
def test_sets_larger_than_memory_stream():
    pytest.importorskip("resource")
    output = subprocess.run([sys.executable, "-c", STREAM], capture_output=True, text=True, check=True).stdout
    megabytes, grown = map(int, output.split())
    assert megabytes == 491
    assert grown < 120


class Boxes:
    """Pictures with boxes in them, and a row of numbers beside each."""

    def key(self):
        return {}

    def write(self, writer):
        draw = np.random.default_rng(0)
        pixels = draw.integers(0, 256, (6, 1, 4, 4), np.uint8)
        numbers = draw.random((6, 3), np.float32)
        boxes = [draw.random((count, 4), np.float32) for count in (2, 0, 1, 3, 0, 1)]
        writer.start(
            classes=("one", "two"),
            inputs={"picture": Column("uint8", (1, 4, 4)), "numbers": Column("float32", (3,))},
            targets={
                "boxes": Column("float32", (4,), ragged=True),
                "whole": Column("int64", kind="class"),
            },
        )
        writer.add({"picture": pixels, "numbers": numbers}, {"boxes": boxes, "whole": [0, 1] * 3})


def test_several_tensors_come_back_mapped(cache_folder):
    dataset = cache.load(Boxes())
    assert len(dataset) == 6
    assert dataset.inputs["picture"].shape == (6, 1, 4, 4)
    assert dataset.input_shape == (1, 4, 4)
    assert dataset.labels.tolist() == [0, 1] * 3
    inputs, targets = dataset.take(torch.tensor([3, 1, 0]))
    assert torch.equal(inputs["numbers"], dataset.inputs["numbers"][[3, 1, 0]])
    assert targets["boxes"].lengths.tolist() == [3, 0, 2]
    assert torch.equal(next(iter(targets["boxes"])), list(dataset.targets["boxes"])[3])
    rows = dataset.split(Split(val=0.4, test=0), Seeds(0))
    info = dataset.info(rows, {})
    assert DataInfo.read(json.loads(json.dumps(info.plain()))) == info
    assert info.columns["targets.boxes"].ragged
    assert sum(info.class_counts) == len(rows["train"])
    assert info.mean == ()
    assert dataset.nbytes == 6 * 16 + 6 * 12 + 7 * 16 + 7 * 8 + 6 * 8

"""TensorBoard's event files, against the package that writes them where it is installed, and torn anywhere."""

from __future__ import annotations

import struct

import pytest

from paribus.commands import events
from paribus.errors import RunError
from paribus.wire.events import _masked


def varint(number: int) -> bytes:
    found = b""
    while number > 0x7F:
        found += bytes([number & 0x7F | 0x80])
        number >>= 7
    return found + bytes([number])


def field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def record(content: bytes) -> bytes:
    head = struct.pack("<Q", len(content))
    checks = [_masked(part) for part in (head, content)]
    return head + checks[0] + content + checks[1]


def event(step: int, tag: str, value: bytes) -> bytes:
    summary = field(1, field(1, tag.encode()) + value)
    return record(b"\x09" + struct.pack("<d", 1.7e9) + b"\x10" + varint(step) + field(5, summary))


def simple(value: float) -> bytes:
    return b"\x15" + struct.pack("<f", value)


def tensor(value: float) -> bytes:
    return field(8, b"\x08\x01" + field(2, b"") + field(4, struct.pack("<f", value)))


def floats(value: float) -> bytes:
    return field(8, b"\x08\x01" + field(5, struct.pack("<f", value)))


WHOLE = record(b"\x1a\x0dbrain.Event:2") + b"".join(
    event(step, tag, write(value))
    for step, value, write in [(0, 0.25, simple), (300, 0.5, tensor), (70_000, 0.75, floats)]
    for tag in ("val/acc", "loss")
)


def test_scalars_of_all_three_kinds_are_read(tmp_path):
    (tmp_path / "events.out.tfevents.1").write_bytes(WHOLE)
    rows = events.read(tmp_path, "val/acc")
    assert [(row["step"], row["val/acc"], row["loss"]) for row in rows] == [
        (0, 0.25, 0.25),
        (300, 0.5, 0.5),
        (70_000, 0.75, 0.75),
    ]


def test_a_file_that_is_torn_anywhere_gives_what_is_whole(tmp_path):
    path = tmp_path / "events.out.tfevents.1"
    known = []
    for length in range(len(WHOLE) + 1):
        path.write_bytes(WHOLE[:length])
        known.append(len([*events.scalars(path)]))
    assert known == sorted(known)
    assert known[-1] == 6


def test_a_flipped_bit_ends_the_file_and_never_changes_a_figure(tmp_path):
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(WHOLE)
    sound = [*events.scalars(path)]
    for place in range(len(WHOLE)):
        damaged = bytearray(WHOLE)
        damaged[place] ^= 0x10
        path.write_bytes(damaged)
        found = [*events.scalars(path)]
        assert found == sound[: len(found)]


def test_what_is_missing_is_named_with_what_is_there(tmp_path):
    with pytest.raises(RunError, match="is not there"):
        events.read(tmp_path / "tb", "x")
    with pytest.raises(RunError, match="no event file"):
        events.read(tmp_path, "x")
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "events.out.tfevents.1").write_bytes(WHOLE)
    with pytest.raises(RunError, match="the tag val/ac") as error:
        events.read(tmp_path, "val/ac")
    assert "did you mean 'val/acc'" in error.value.hint
    (tmp_path / "validation").mkdir()
    (tmp_path / "validation" / "events.out.tfevents.2").write_bytes(WHOLE)
    with pytest.raises(RunError, match="2 folders") as error:
        events.read(tmp_path, "val/acc")
    assert "train, validation" in error.value.hint


def test_files_of_one_folder_are_one_training(tmp_path):
    (tmp_path / "events.out.tfevents.1").write_bytes(event(1, "a", simple(1.0)))
    (tmp_path / "events.out.tfevents.2").write_bytes(event(2, "a", simple(2.0)))
    assert [row["a"] for row in events.read(tmp_path, "a")] == [1.0, 2.0]


def test_against_tensorboard(tmp_path):
    pytest.importorskip("tensorboard", reason="tensorboard is not installed")
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(tmp_path)) as writer:
        for step in range(20):
            writer.add_scalar("val/acc", step / 8, step, new_style=step % 2 == 0)
    rows = events.read(tmp_path, "val/acc")
    assert [(row["step"], row["val/acc"]) for row in rows] == [(step, step / 8) for step in range(20)]

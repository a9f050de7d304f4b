"""TensorBoard's event files: the scalars in them, without TensorBoard.

A file is a sequence of records: length (8 bytes), its checksum (4), content (length), its checksum (4); a content is a
protocol buffer ``Event`` (tensorflow/core/util/event.proto), of which step, tags and scalar values are read here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from paribus import files
from paribus.commands.source import Row
from paribus.errors import RunError, nearest

MOST_BYTES = 1 << 30  # of an event file
CHECKED_BYTES = 1 << 12  # contents up to this length are checked whole: scalars are, pictures are not looked at
FLOAT, DOUBLE = 1, 2  # types of tensors (tensorflow/core/framework/types.proto)


def read(place: Path, tag: str) -> list[Row]:
    """A row for each step at which a tag was written, with the other tags of that step.

    Args:
        place: an event file, or a folder with event files, in it or below.
        tag: as TensorBoard shows it.

    Raises:
        RunError: where there is no event file, none has that tag, or files of two folders have it.
    """
    found: dict[str, dict[str, dict[int, float]]] = {}
    for path in _event_files(place):
        of_folder = found.setdefault(str(path.parent), {})
        for step, name, value in scalars(path):
            of_folder.setdefault(name, {})[step] = value
    having = [folder for folder, tags in found.items() if tag in tags]
    if not having:
        hint = nearest(tag, {name for tags in found.values() for name in tags})
        raise RunError(f"no event file in {place.name} has the tag {tag}", got=str(place), hint=hint)
    if len(having) > 1:
        names = ", ".join(sorted(str(Path(folder).relative_to(place)) for folder in having))
        hint = f"name one of these folders after the @: {names}"
        raise RunError(f"event files of {len(having)} folders have the tag {tag}", got=str(place), hint=hint)
    tags = found[having[0]]
    steps = sorted(tags[tag])
    return [{"step": float(step), **{name: values.get(step) for name, values in tags.items()}} for step in steps]


def scalars(path: Path) -> Iterator[tuple[int, str, float]]:
    """Step, tag and value of each scalar in an event file; it ends where the file is torn or damaged.

    Raises:
        RunError: if it is no regular file, or too large.
    """
    for content in _records(path):
        step = 0
        summaries = []
        for number, value in _fields(content):
            if number == 2 and isinstance(value, int):
                step = value
            elif number == 5 and isinstance(value, bytes):
                summaries.append(value)
        for summary in summaries:
            for number, value in _fields(summary):
                if number == 1 and isinstance(value, bytes):
                    yield from ((step, tag, scalar) for tag, scalar in _value(value))


def _event_files(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    found = sorted(path for path in place.rglob("*tfevents*") if path.is_file())
    if not found:
        what = "holds no event file of TensorBoard" if place.is_dir() else "is not there"
        raise RunError(f"{place.name} {what}", got=str(place), hint="the command writes it below {folder}")
    return found


def _records(path: Path) -> Iterator[bytes]:
    with files.open_regular(path, MOST_BYTES, RunError) as file:
        while len(head := file.read(12)) == 12:
            length, checksum = struct.unpack("<QI", head)
            if _masked(head[:8]) != checksum:
                return
            content, tail = file.read(length), file.read(4)
            if len(content) < length or len(tail) < 4:
                return
            if length <= CHECKED_BYTES and struct.unpack("<I", tail)[0] != _masked(content):
                return
            yield content


def _value(content: bytes) -> Iterator[tuple[str, float]]:
    """The tag and the number of one ``Summary.Value``; nothing of a picture, a histogram or a longer tensor."""
    tag, scalar = "", None
    for number, value in _fields(content):
        if number == 1 and isinstance(value, bytes):
            tag = value.decode("utf-8", "replace")
        elif number == 2 and isinstance(value, float):
            scalar = value
        elif number == 8 and isinstance(value, bytes):
            scalar = _tensor(value)
    if tag and scalar is not None:
        yield tag, scalar


def _tensor(content: bytes) -> float | None:
    """The number in a ``TensorProto`` that holds one."""
    kind, packed = 0, b""
    for number, value in _fields(content):
        if number == 1 and isinstance(value, int):
            kind = value
        elif number in (5, 6) and isinstance(value, float):  # float_val, double_val, if not packed
            return value
        elif number in (4, 5, 6) and isinstance(value, bytes):  # as bytes, or packed
            packed = value
    letter = {FLOAT: "<f", DOUBLE: "<d"}.get(kind)
    if letter is None or len(packed) != struct.calcsize(letter):
        return None
    return float(struct.unpack(letter, packed)[0])


def _fields(content: bytes) -> Iterator[tuple[int, int | float | bytes]]:
    """The fields of a protocol buffer: number and value; it ends where that is damaged."""
    at = 0
    while at < len(content):
        key, at = _varint(content, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(content, at)
            yield number, value
        elif wire in (1, 5):
            letter, size = ("<d", 8) if wire == 1 else ("<f", 4)
            if at + size > len(content):
                return
            yield number, float(struct.unpack_from(letter, content, at)[0])
            at += size
        elif wire == 2:
            length, at = _varint(content, at)
            yield number, content[at : at + length]
            at += length
        else:
            return


def _varint(content: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and where it ends."""
    value = shift = 0
    for place in range(at, min(at + 10, len(content))):
        value |= (content[place] & 0x7F) << shift
        if content[place] < 0x80:
            return value, place + 1
        shift += 7
    return value, len(content)


def _masked(content: bytes) -> int:
    """The checksum of a record: CRC-32C, turned and shifted (tensorflow/core/lib/hash/crc32c.h)."""
    crc, table = 0xFFFFFFFF, _table()
    for byte in content:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


@cache
def _table() -> tuple[int, ...]:
    """CRC-32C (Castagnoli) of each byte."""
    found = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ (0x82F63B78 if byte & 1 else 0)
        found.append(byte)
    return tuple(found)

"""Protocol buffers as they lie in files: numbered fields, without the schemas of whoever wrote them.

Two tools keep scalars in such messages (TensorBoard, Weights & Biases). What is read of them are a dozen fields whose
numbers can never change, so neither tool has to be installed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # kinds of fields

Value = int | bytes  # what is no varint stays bytes: who reads it knows what it is


def fields(message: bytes) -> Iterator[tuple[int, Value]]:
    """The fields of a message: number and content, in their order.

    Raises:
        ValueError: if it ends within a field, or is no message.
    """
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        kind = key & 7
        if kind == VARINT:
            value, place = _varint(message, place)
            yield key >> 3, value
            continue
        if kind == BYTES:
            size, place = _varint(message, place)
        elif kind in (FIXED64, FIXED32):
            size = 8 if kind == FIXED64 else 4
        else:
            raise ValueError(f"no message has a field of kind {kind}")
        if place + size > len(message):
            raise ValueError("the message ends within a field")
        yield key >> 3, message[place : place + size]
        place += size


def first(message: bytes, number: int) -> Value | None:
    """The content of the last field of this number, which is the one that counts; ``None`` if there is none."""
    return dict(fields(message)).get(number)


def nested(message: bytes, number: int) -> Iterator[bytes]:
    """The messages, or texts, in all fields of this number."""
    return (value for found, value in fields(message) if found == number and isinstance(value, bytes))


def text(value: Value | None) -> str:
    """A field as text; nothing where there is none."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""


def float32(value: Value | None) -> float:
    """Four bytes as a number."""
    return float(struct.unpack("<f", value)[0]) if isinstance(value, bytes) else float(value or 0)


def float64(value: Value | None) -> float:
    """Eight bytes as a number."""
    return float(struct.unpack("<d", value)[0]) if isinstance(value, bytes) else float(value or 0)


def signed(value: Value | None) -> int:
    """A varint as a whole number that may be negative."""
    number = value if isinstance(value, int) else 0
    return number - (1 << 64) if number >= 1 << 63 else number


def field(number: int, value: bool | int | float | str | bytes) -> bytes:
    """A field: whole numbers as varints, others in eight bytes, texts and messages with their length."""
    if isinstance(value, int):
        return _encoded(number << 3 | VARINT) + _encoded(value & (1 << 64) - 1)
    if isinstance(value, float):
        return _encoded(number << 3 | FIXED64) + struct.pack("<d", value)
    content = value.encode() if isinstance(value, str) else value
    return _encoded(number << 3 | BYTES) + _encoded(len(content)) + content


def field32(number: int, value: float) -> bytes:
    """A field of four bytes."""
    return _encoded(number << 3 | FIXED32) + struct.pack("<f", value)


def _varint(message: bytes, place: int) -> tuple[int, int]:
    """The varint at a place, and where it ends: seven bits a byte, the lowest first."""
    number = shift = 0
    while True:
        if place >= len(message) or shift > 63:
            raise ValueError("the message ends within a number")
        byte = message[place]
        number |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return number, place


def _encoded(number: int) -> bytes:
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    found.append(number)
    return bytes(found)

"""TensorBoard's event files: records with checksums, each a message with scalars or hyperparameters.

A record is its length, a checksum of that, its content, a checksum of that (TFRecord). Floats have 32 bits there, as
whatever reads these files expects.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from paribus import files
from paribus.errors import RunError
from paribus.wire import messages as wire

MOST_BYTES = 1 << 30  # of an event file
CHECKED_BYTES = 1 << 12  # of a content whose checksum is compared: scalars are shorter, pictures are not looked at
VERSION = "brain.Event:2"
PATTERN = "*tfevents*"
# numbers of fields: of an event, its summary, the values of that, their metadata, tensors, hyperparameters
TIME, STEP, FILE_VERSION, SUMMARY = 1, 2, 3, 5
VALUE = 1
TAG, SIMPLE, TENSOR, METADATA = 1, 2, 8, 9
PLUGIN, PLUGIN_NAME, PLUGIN_CONTENT = 1, 1, 2
SESSION_START, HPARAMS, KEY, CONTENT = 3, 1, 1, 2
NUMBER_VALUE, TEXT_VALUE, TRUTH_VALUE = 2, 3, 4
KIND, SHAPE, RAW = 1, 2, 4
TENSORS = {1: ("<f", 5), 2: ("<d", 6)}  # type of a tensor → its format, and the field of its values


Event = tuple[float, list[tuple[int, str, float]], dict[str, Any]]
"""When it was, the scalars in it (step, tag, value), and hyperparameters."""


@dataclass
class Events:
    """What event files say of a run: figure → (step, value) as they were logged, hyperparameters, faults."""

    points: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    started: float = 0.0
    torn: bool = False


def read(path: Path) -> Events:
    """The scalars and hyperparameters of an event file, up to where it is torn, if it is.

    Raises:
        RunError: if it is no regular file, or too large.
    """
    found = Events()
    for time, logged, params in _events(path, found):
        found.started = found.started or time
        found.params |= params
        for step, tag, value in logged:
            found.points.setdefault(tag, []).append((step, value))
    return found


def scalars(path: Path) -> Iterator[tuple[int, str, float]]:
    """Step, tag and value of each scalar in an event file, as they were logged; see :func:`read`."""
    for _, logged, _ in _events(path, Events()):
        yield from logged


def write(path: Path, curves: Mapping[str, Any], params: Mapping[str, Any], time: float) -> None:
    """An event file with these scalars, figure → (step, value), and hyperparameters."""
    messages = [wire.field(FILE_VERSION, VERSION), _hparams(params)]
    for tag, points in curves.items():
        for step, value in points:
            scalar = wire.field(TAG, tag) + wire.field32(SIMPLE, _single(value))
            messages.append(wire.field(STEP, step) + wire.field(SUMMARY, wire.field(VALUE, scalar)))
    stamp = wire.field(TIME, float(time))
    path.write_bytes(b"".join(_record(stamp + message) for message in messages))


def _single(value: float) -> float:
    """A number that four bytes can hold."""
    return value if abs(value) < 3.4e38 or not math.isfinite(value) else math.copysign(math.inf, value)


def _hparams(params: Mapping[str, Any]) -> bytes:
    """The event by which TensorBoard knows the hyperparameters of a run."""
    entries = b"".join(
        wire.field(HPARAMS, wire.field(KEY, name) + wire.field(CONTENT, _value(value)))
        for name, value in params.items()
    )
    content = wire.field(SESSION_START, entries)
    plugin = wire.field(PLUGIN_NAME, "hparams") + wire.field(PLUGIN_CONTENT, content)
    value = wire.field(TAG, "_hparams_/session_start_info") + wire.field(METADATA, wire.field(PLUGIN, plugin))
    return wire.field(SUMMARY, wire.field(VALUE, value))


def _value(value: Any) -> bytes:
    if isinstance(value, bool):
        return wire.field(TRUTH_VALUE, value)
    if isinstance(value, (int, float)):
        return wire.field(NUMBER_VALUE, float(value))
    return wire.field(TEXT_VALUE, str(value))


def _events(path: Path, found: Events) -> Iterator[Event]:
    """The events of a file; what is none is left out, and noted."""
    for message in _messages(path, found):
        try:
            event = _event(message)
        except ValueError:
            found.torn = True
        else:
            yield event


def _messages(path: Path, found: Events) -> Iterator[bytes]:
    """The messages of a file; what is torn ends it."""
    with files.open_regular(path, MOST_BYTES, RunError) as file:
        while head := file.read(12):
            size = struct.unpack("<Q", head[:8])[0] if len(head) == 12 and _masked(head[:8]) == head[8:] else None
            body, check = file.read(min(size or 0, MOST_BYTES)), file.read(4)
            if size is None or len(body) < size or (size <= CHECKED_BYTES and check != _masked(body)):
                found.torn = True
                return
            yield body


def _record(body: bytes) -> bytes:
    size = struct.pack("<Q", len(body))
    return size + _masked(size) + body + _masked(body)


def _event(message: bytes) -> Event:
    event = dict(wire.fields(message))
    summary, step = event.get(SUMMARY), wire.signed(event.get(STEP))
    logged: list[tuple[int, str, float]] = []
    params: dict[str, Any] = {}
    for value in wire.nested(summary, VALUE) if isinstance(summary, bytes) else ():
        content = dict(wire.fields(value))
        if (scalar := _scalar(content)) is not None:
            logged.append((step, wire.text(content.get(TAG)), scalar))
        if isinstance(meta := content.get(METADATA), bytes):
            params |= dict(_session(meta))
    return wire.float64(event.get(TIME)), logged, params


def _scalar(content: Mapping[int, wire.Value]) -> float | None:
    """The number that a value holds, plain or as a tensor without dimensions; ``None`` for pictures and the like."""
    if SIMPLE in content:
        return wire.float32(content[SIMPLE])
    if not isinstance(given := content.get(TENSOR), bytes):
        return None
    tensor = dict(wire.fields(given))
    kind = TENSORS.get(wire.signed(tensor.get(KIND)))
    if kind is None or tensor.get(SHAPE, b"") != b"":
        return None
    layout, place = kind
    raw = tensor.get(RAW) or tensor.get(place)
    whole = isinstance(raw, bytes) and len(raw) == struct.calcsize(layout)
    return float(struct.unpack(layout, raw)[0]) if whole and isinstance(raw, bytes) else None


def _session(meta: bytes) -> Iterator[tuple[str, Any]]:
    """The hyperparameters in the metadata of a value."""
    for plugin in wire.nested(meta, PLUGIN):
        if wire.text(wire.first(plugin, PLUGIN_NAME)) != "hparams":
            continue
        for content in wire.nested(plugin, PLUGIN_CONTENT):
            for session in wire.nested(content, SESSION_START):
                for entry in wire.nested(session, HPARAMS):
                    name, value = wire.text(wire.first(entry, KEY)), wire.first(entry, CONTENT)
                    yield name, _plain(value if isinstance(value, bytes) else b"")


def _plain(value: bytes) -> Any:
    content = dict(wire.fields(value))
    if NUMBER_VALUE in content:
        number = wire.float64(content[NUMBER_VALUE])
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    if TRUTH_VALUE in content:
        return bool(content[TRUTH_VALUE])
    return wire.text(content[TEXT_VALUE]) if TEXT_VALUE in content else None


def _masked(data: bytes) -> bytes:
    """The checksum of TFRecord: CRC-32C, turned by 15 bits, plus a constant."""
    crc, table = 0xFFFFFFFF, _table()
    for byte in data:
        crc = table[(crc ^ byte) & 255] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


@cache
def _table() -> tuple[int, ...]:
    """CRC-32C (Castagnoli) of single bytes."""
    found = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        found.append(byte)
    return tuple(found)

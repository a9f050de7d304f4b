"""TensorBoard's event files: what is written is read back, and what is torn is read up to there."""

from __future__ import annotations

import math
import struct

import pytest
from tests.logged import runs

from paribus.exchange import tensorboard
from paribus.wire import events
from paribus.wire import messages as wire

CURVES = {"val/accuracy": ((1, 0.5), (2, 0.75)), "loss": ((1, 2.0), (2, math.inf))}
PARAMS = {"lr": 0.1, "layers": 3, "norm": "batch", "bias": True}


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "events.out.tfevents.0.x"
    events.write(file, CURVES, PARAMS, 1.7e9)
    return file


def test_what_is_written_is_read_back(path):
    found = events.read(path)
    assert {name: tuple(points) for name, points in found.points.items()} == CURVES
    assert (found.params, found.started, found.torn) == (PARAMS, 1.7e9, False)
    assert [type(value) for value in found.params.values()] == [float, int, str, bool]


def test_nan_is_kept(path):
    events.write(path, {"loss": ((3, math.nan),)}, {}, 0.0)
    [(step, value)] = events.read(path).points["loss"]
    assert (step, math.isnan(value)) == (3, True)


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_file_torn_at_the_end_gives_what_stands_before(path, cut):
    path.write_bytes(path.read_bytes()[:-cut])
    found = events.read(path)
    assert found.torn
    assert found.points["loss"] == [(1, 2.0)]


def test_a_flipped_byte_ends_the_file(path):
    content = bytearray(path.read_bytes())
    content[-10] ^= 1
    path.write_bytes(bytes(content))
    assert events.read(path).torn


def test_the_checksum_is_that_of_tfrecord():
    # RFC 3720, B.4: CRC-32C of 32 zeros is 0x8a9136aa; TFRecord turns it and adds a constant
    crc = 0x8A9136AA
    turned = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
    assert events._masked(bytes(32)) == struct.pack("<I", turned)


def test_a_scalar_may_be_a_tensor(path):
    for kind, layout in ((1, "<f"), (2, "<d")):
        tensor = wire.field(1, kind) + wire.field(2, b"") + wire.field(4, struct.pack(layout, 0.25))
        value = wire.field(1, "acc") + wire.field(8, tensor)
        event = wire.field(2, 7) + wire.field(5, wire.field(1, value))
        path.write_bytes(events._record(event))
        assert events.read(path).points == {"acc": [(7, 0.25)]}


def test_numbers_of_any_sign_and_size_survive():
    for number in (0, 1, 127, 128, 2**40, -1, -5):
        [(field, value)] = wire.fields(wire.field(3, number))
        assert (field, wire.signed(value)) == (3, number)


def test_a_message_that_ends_within_a_field_is_refused():
    for message in (wire.field(1, "some text")[:-2], b"\x80", b"\x0b"):
        with pytest.raises(ValueError, match="message"):
            list(wire.fields(message))


@pytest.mark.filterwarnings("default")  # theirs are not ours
def test_tensorboard_itself_reads_what_is_written(tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator", reason="no tensorboard")
    tensorboard.write(runs(), tmp_path, tmp_path)
    for run in runs():
        found = accumulator.EventAccumulator(str(tmp_path / run.name.replace(", ", "-")))
        found.Reload()
        for name, points in run.curves.items():
            assert [(one.step, one.value) for one in found.Scalars(name)] == list(points)

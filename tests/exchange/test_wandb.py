"""Offline runs of Weights & Biases: written by its client, read from its files without it."""

from __future__ import annotations

import json
import struct

import pytest
from tests.logged import runs, same

from paribus.exchange import wandb
from paribus.wire import messages as wire


def record(path, *messages: bytes) -> None:
    """A run's file: a log of records, divided where a block ends."""
    content = bytearray(b":W&B" + struct.pack("<HB", 0xBEE1, 0))
    for message in messages:
        first = True
        while True:
            left = wandb.BLOCK - len(content) % wandb.BLOCK
            if left < wandb.HEAD:
                content += bytes(left)
                continue
            piece, message = message[: left - wandb.HEAD], message[left - wandb.HEAD :]
            kind = (1 if not message else 2) if first else (4 if not message else 3)
            content += struct.pack("<IHB", 0, len(piece), kind) + piece
            first = False
            if not message:
                break
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(content))


def items(**entries) -> bytes:
    return b"".join(
        wire.field(1, wire.field(1, name) + wire.field(16, json.dumps(value))) for name, value in entries.items()
    )


def written(one) -> list[bytes]:
    config = wire.field(4, items(**{**one.params, "_wandb": {"x": 1}}))
    found = [wire.field(17, wire.field(1, "abc") + wire.field(3, one.study) + config + wire.field(8, one.name))]
    for step in range(1, 5):
        row = {name: dict(points)[step] for name, points in one.curves.items()}
        found.append(wire.field(2, items(_step=step, _runtime=1.5, **row)))
    return [*found, wire.field(18, wire.field(1, 0))]


def test_offline_runs_are_read(tmp_path):
    for place, one in enumerate(runs()):
        record(tmp_path / "wandb" / f"offline-run-{place}" / f"run-{place}.wandb", *written(one))
    found, notes = wandb.read(tmp_path)
    assert notes == []
    same(found, runs())


def test_records_longer_than_a_block_are_put_together(tmp_path):
    one = runs()[0]
    big = wire.field(5, wire.field(1, wire.field(1, "text") + wire.field(16, json.dumps("x" * 100_000))))
    record(tmp_path / "run-x.wandb", big, *written(one))
    [[found], _] = wandb.read(tmp_path)
    assert len(found.params["text"]) == 100_000
    assert dict(found.curves) == dict(one.curves)


def test_a_torn_file_gives_what_stands_before(tmp_path):
    path = tmp_path / "run-x.wandb"
    record(path, *written(runs()[0]))
    path.write_bytes(path.read_bytes()[:-20])
    [found], notes = wandb.read(tmp_path)
    assert "torn" in notes[0]
    assert found.state == "crashed"
    assert [step for step, _ in found.curves["val/accuracy"]] == [1, 2, 3]


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # theirs are not ours
def test_there_and_back_by_wandb_itself(tmp_path, monkeypatch):
    pytest.importorskip("wandb", reason="wandb is not installed")
    monkeypatch.setenv("WANDB_MODE", "offline")
    wandb.write(runs()[:2], tmp_path, tmp_path)
    same(wandb.read(tmp_path)[0], runs()[:2])

"""Tables that other programs write."""

from __future__ import annotations

import json
import math

import pytest

from paribus.commands import tables
from paribus.errors import RunError

WRITTEN = {
    "plain.csv": "epoch,loss,note\n0,0.5,x\n1,nan,y\n",
    "semicolon.csv": "\ufeffepoch; loss\n0; 0.5\n1;nan\n\n",
    "tabs.tsv": "epoch\tloss\n0\t0.5\n1\tnan\n",
    "again.csv": "epoch,loss\n0,0.5\nepoch,loss\n1,nan\n",
    "torn.csv": "epoch,loss\n0,0.5\n1,nan\n2",
    "sparse.csv": "epoch,loss,lr\n0,,0.1\n0,0.5,\n1,nan,\n1,,0.1\n",
    "lines.jsonl": '{"epoch": 0, "loss": 0.5}\n{"epoch": 1, "loss": NaN}\n{"epoch": 2, "lo',
    "list.json": '[{"epoch": 0, "loss": 0.5}, {"epoch": 1, "loss": "nan"}]',
    "columns.json": '{"epoch": [0, 1], "loss": [0.5, NaN], "note": "x"}',
}


@pytest.mark.parametrize("name", WRITTEN)
def test_the_same_rows_in_every_format(tmp_path, name):
    (tmp_path / name).write_text(WRITTEN[name], encoding="utf-8")
    losses = [row["loss"] for row in tables.read(tmp_path / name) if row.get("loss") is not None]
    assert losses[0] == 0.5
    assert math.isnan(losses[1])
    assert len(losses) == 2


def test_rows_of_one_epoch_are_one(tmp_path):
    (tmp_path / "m.csv").write_text(WRITTEN["sparse.csv"])
    first, second = tables.read(tmp_path / "m.csv")
    assert first == {"epoch": 0.0, "loss": 0.5, "lr": 0.1}
    assert second["lr"] == 0.1


def test_nested_objects_have_dotted_names(tmp_path):
    content = {
        "test": {"acc": 0.9, "ok": True},
        "log_history": [{"step": 1, "loss": 2}, {"step": 2, "eval": {"f1": 3}}],
    }
    (tmp_path / "m.json").write_text(json.dumps(content))
    rows = tables.read(tmp_path / "m.json")
    assert rows[-1] == {"test.acc": 0.9, "test.ok": None}
    assert [row["log_history.loss"] for row in rows[:-1]] == [2.0, None]
    assert [row["log_history.eval.f1"] for row in rows[:-1]] == [None, 3.0]


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("a.csv", b"", "no rows"),
        ("a.csv", b"epoch,loss\n", "no rows"),
        ("a.json", b"{", "cannot read"),
        ("a.json", b"[" * 100_000, "cannot read"),
        ("a.jsonl", b"\xff\x00\n", "no rows"),
    ],
)
def test_what_holds_nothing_says_so(tmp_path, name, content, rule):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RunError, match=rule):
        tables.read(tmp_path / name)


def test_a_file_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "MOST_BYTES", 100)
    (tmp_path / "m.csv").write_text("loss\n" + "0.5\n" * 100)
    with pytest.raises(RunError, match="more than 100 bytes"):
        tables.read(tmp_path / "m.csv")
    (tmp_path / "link.csv").symlink_to("/dev/zero")
    with pytest.raises(RunError, match="no regular file"):
        tables.read(tmp_path / "link.csv")

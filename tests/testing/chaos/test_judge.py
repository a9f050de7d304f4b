"""What is said and what is left are read as a person would read them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from paribus.testing.chaos.commands import Ended
from paribus.testing.chaos.judge import Way, complaint, differences, leftovers, outcome, way_on

RUN = "runs/x/1/seed-0"


def ended(code: int | None = 1, out: str = "", err: str = "") -> Ended:
    return Ended(code, out, err, "", 0.0)


@pytest.mark.parametrize(
    ("end", "wrong"),
    [
        (ended(0, "done"), ""),
        (ended(1, err="error: no\n  next: try again"), ""),
        (ended(None), "it hung"),
        (ended(-9), "it died of signal 9"),
        (ended(120), "flushed"),
        (ended(1, err="Traceback (most recent call last):\n  File x\nKeyError: 'a'\n"), "a traceback: KeyError: 'a'"),
        (ended(0, "Traceback (most recent call last):\n  File x\n"), "a traceback"),
    ],
)
def test_what_is_wrong_with_an_end_is_named(end, wrong):
    assert complaint(end) == wrong if not wrong else wrong in complaint(end)


@pytest.fixture
def place(tmp_path) -> Path:
    (tmp_path / RUN).mkdir(parents=True)
    (tmp_path / RUN / "status.json").write_text("{")
    return tmp_path


@pytest.mark.parametrize(
    ("said", "way"),
    [
        (f"error: bad\n  received: {RUN}\n  next: delete the folder and train again", Way(delete=(RUN,))),  # type: ignore[arg-type]
        (f"error: bad\n  received: {RUN}/status.json\n  next: delete it", Way(delete=(f"{RUN}/status.json",))),  # type: ignore[arg-type]
        (f"error: held\n  received: {RUN} (process 7 on x)\n  next: wait for it, or stop it first", Way(wait=True)),
        ("error: cut\n  next: decode anew with paribus data --clear", Way(clear=True)),
        ("error: new\n  next: go back, or --data-changed restart", Way(options=("--data-changed", "restart"))),
        ("error: stopped\n  next: run the same command again to go on", Way()),
        ("error: bad\n  received: /etc\n  next: delete the folder", None),
        ("error: [Errno 2] No such file or directory", None),
        ("", None),
    ],
)
def test_the_way_that_a_message_names_is_found(place, said, way):
    found = way_on(ended(err=said), place)
    if way and way.delete:
        way = Way(delete=tuple(place / path for path in way.delete))
    assert found == way
    assert way is None or str(found)


def test_nothing_outside_the_runs_and_the_cache_is_ever_deleted(place):
    (place / "pictures").mkdir()
    said = f"error: bad\n  received: {place}/pictures\n  next: delete the folder"
    assert way_on(ended(err=said), place) is None


def test_what_a_place_holds_is_compared_without_times(run, tmp_path):
    """The same training elsewhere and at another time is the same; any figure, row or weight is not."""
    there = tmp_path / "runs"
    there.mkdir()
    run.path.rename(there / "run")
    before = outcome(tmp_path)
    path = there / "run" / "result.json"
    result = json.loads(path.read_text())
    path.write_text(json.dumps({**result, "seconds": 99.0, "peak_memory_mb": 1.0}))
    assert not differences(before, outcome(tmp_path))
    path.write_text(json.dumps({**result, "metrics": {"val/loss": 0.0}}))
    assert [what for what in differences(before, outcome(tmp_path)) if what.key == "result"]
    path.write_text(json.dumps(result))
    for name, key in (("metrics.jsonl", "rows"), ("weights.safetensors", "weights"), ("status.json", "state")):
        content = (there / "run" / name).read_bytes()
        (there / "run" / name).write_bytes(content[: len(content) // 2])
        assert key in {what.key for what in differences(before, outcome(tmp_path))}
        (there / "run" / name).write_bytes(content)
    assert not differences(before, outcome(tmp_path))
    (there / "run" / "recipe.json").unlink()
    assert list(map(str, differences(before, outcome(tmp_path)))) == ["runs/run is missing"]


def test_half_written_files_are_seen(place):
    assert leftovers(place, "x") == []
    (place / RUN / ".tmp-1").touch()
    assert leftovers(place, "x") == [f"{RUN}/.tmp-1"]
    assert leftovers(place, "y") == []  # what lies with others is theirs

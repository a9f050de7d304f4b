"""Every file of a run or study folder, damaged in every way, before every command: an answer or one clear message."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.small import QUICK, Heard, small

from paribus.cli.app import app
from paribus.errors import ParibusError

FILES = (  # of a run, its study, and the folder of all studies
    *("recipe.json", "info.json", "environment.json", "status.json", "metrics.jsonl", "result.json"),
    *("weights.safetensors", "test.json", "../../study.json", "../../analysis.json", "../../../.index.json"),
)

Damage = Callable[[bytes], bytes | None]


def _changed(change: Callable[[dict[str, Any]], Any]) -> Damage:
    """Change the first object of a file; nothing to change in weights."""

    def damage(content: bytes) -> bytes | None:
        first, _, rest = content.partition(b"\n") if content.startswith(b'{"epoch"') else (content, b"", b"")
        try:
            value = json.loads(first)
        except ValueError:
            return None
        changed = change(value)
        return json.dumps(value if changed is None else changed).encode() + b"\n" + rest

    return damage


def _drop_first(value: dict[str, Any]) -> None:
    del value[next(iter(value))]


def _drop_last(value: dict[str, Any]) -> None:
    value.popitem()


def _other_types(value: dict[str, Any]) -> dict[str, Any]:
    kept = {"format": value["format"]} if "format" in value else {}
    return {name: [1] if isinstance(entry, (str, dict)) else "x" for name, entry in value.items()} | kept


def _other_types_within(value: dict[str, Any]) -> dict[str, Any]:
    return {name: {key: [None] for key in entry} if isinstance(entry, dict) else entry for name, entry in value.items()}


DAMAGE: dict[str, Damage] = {
    "empty": lambda content: b"",
    "truncated": lambda content: content[: len(content) // 2],
    "not JSON": lambda content: b"\xff\x00 no JSON",
    "deep": lambda content: b"[" * 100_000,
    "a list": lambda content: b"[1, 2]\n",
    "a number": lambda content: b"7\n",
    "first key missing": _changed(_drop_first),
    "last key missing": _changed(_drop_last),
    "an unknown key": _changed(lambda value: {**value, "colour": "red"}),
    "other types": _changed(_other_types),
    "other types within": _changed(_other_types_within),
}
CHANGES = [f"{name}={json.dumps(value)}" for name, value in QUICK.items()]
TRAIN = ["--device", "cpu", "--jobs", "1", "--name", "s"]
COMMANDS = {
    "list runs": ["list", "runs"],
    "list studies": ["list", "studies"],
    "show run": ["show", "{run}"],
    "show study": ["show", "{study}"],
    "report run": ["report", "{run}"],
    "report study": ["report", "{study}"],
    "plan": ["plan", "{study}"],
    "study": ["study", "digits/mlp", *CHANGES, "--vary", "optimizer.lr=0.05,0.1", "--seeds", "1", *TRAIN],
    "run": ["run", "digits/mlp", *CHANGES, "optimizer.lr=0.05", "--device", "cpu"],
    "diagnose": ["diagnose", "{run}"],
    "test": ["test", "{run}"],
    "predict": ["predict", "{run}", "{picture}"],
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A study of two runs, one of which was tested."""
    root = tmp_path_factory.mktemp("whole")
    small(seeds=1, name="s", runs=root / "runs").run(listen=Heard(), jobs=1)
    app(["test", str(root / "runs" / "s" / "lr=0.05" / "seed-0")], standalone_mode=False)
    app(["list", "runs", "--runs", str(root / "runs")], standalone_mode=False)
    from PIL import Image

    Image.new("L", (8, 8), 7).save(root / "picture.png")
    return root


def ends_well(whole: Path, place: Path, file: str, damage: str, command: str) -> str:
    """Run a command behind a damage: how it ended, or nothing where there was nothing to damage.

    Raises:
        Exception: what people would see as a traceback.
    """
    root = place / "here"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(whole, root)
    study = root / "runs" / "s"
    run = study / "lr=0.05" / "seed-0"
    path = run / file
    damaged = DAMAGE[damage](path.read_bytes() if path.exists() else b'{"version": 2}')
    if damaged is None:
        return ""
    path.write_bytes(damaged)
    places = {"{run}": run, "{study}": study, "{picture}": root / "picture.png"}
    words = [str(places.get(word, word)) for word in COMMANDS[command]]
    if command in ("list runs", "list studies", "study", "run"):
        words += ["--runs", str(root / "runs")]
    try:
        app(words, standalone_mode=False)
    except ParibusError as error:
        return f"message: {error.rule}"
    except SystemExit as end:
        return f"exit {end.code}"
    return "answer"


@pytest.mark.parametrize("file", FILES)
def test_R32_no_damage_of_a_record_is_a_traceback(whole, tmp_path, file):
    """A 22nd of all: every file meets half of the damages, and half of the commands."""
    shift = FILES.index(file)
    pairs = [(damage, [*COMMANDS][(place + shift) % len(COMMANDS)]) for place, damage in enumerate(DAMAGE)]
    chosen = pairs[shift % 2 :: 2]
    ends = [ends_well(whole, tmp_path, file, damage, command) for damage, command in chosen]
    assert any(ends)


def test_R2_a_damaged_environment_hides_nothing_of_a_run(paribus):
    paribus("run", "digits/mlp", *(f"{field}={value}" for field, value in QUICK.items()))
    [file] = Path("runs").glob("*/*/seed-0/environment.json")
    file.write_text('{"python": ')
    again = paribus("run", "digits/mlp", *(f"{field}={value}" for field, value in QUICK.items()))
    assert (again.code, "finished before" in again.out) == (0, True)
    assert "delete that file" in paribus("report", "last").err

"""Weights & Biases: offline runs, written by its own client, read from their files without it."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from paribus import files
from paribus.errors import ParibusError
from paribus.exchange.logged import FINISHED, Logged, flat, in_order, number
from paribus.wire import messages as wire

BLOCK, HEAD = 32768, 7  # of the log: records never cross the end of a block without being divided
FIRST, MIDDLE, LAST = 2, 3, 4  # pieces of a divided record; 1 is a whole one
MOST_BYTES = 1 << 30
# numbers of fields of a record, and within
HISTORY, SUMMARY, CONFIG, RUN, EXIT = 2, 3, 5, 17, 18
ITEM, KEY, NESTED, JSON = 1, 1, 2, 16
RUN_CONFIG, PROJECT, DISPLAY_NAME, EXIT_CODE, STEP = 4, 3, 8, 1, 2
_FORBIDDEN = re.compile(r"[/\\\\#?%:]")  # in the name of a project
OWN = "_"  # begins figures that are the tool's own: _step, _runtime


def write(runs: Sequence[Logged], folder: Path, place: Path) -> None:
    """Write offline runs into ``folder/wandb``; ``wandb sync`` sends them where they are wanted."""
    import wandb

    quiet = wandb.Settings(console="off", silent=True, disable_git=True, disable_code=True, x_disable_stats=True)
    for run in runs:
        made = wandb.init(
            mode="offline",
            dir=folder,
            project=_FORBIDDEN.sub("-", run.study) or "paribus",
            name=run.name,
            group=run.arm or None,
            config=dict(run.params),
            settings=quiet,
            reinit="finish_previous",
        )
        for step, row in _rows(run.curves).items():
            made.log(row, step=step)
        made.finish(exit_code=0 if run.state in (FINISHED, "diverged") else 1)
    for path in (folder / "wandb").iterdir():
        if path.is_symlink():  # to where this folder stands before it is put in its place
            path.unlink()


def _rows(curves: Mapping[str, Any]) -> dict[int, dict[str, float]]:
    """Figures by step, in their order."""
    rows: dict[int, dict[str, float]] = {}
    for name, points in curves.items():
        for step, value in points:
            rows.setdefault(step, {})[name] = value
    return dict(sorted(rows.items()))


def run_files(root: Path) -> list[Path]:
    """The files of runs below a folder: of offline ones, and local copies of others."""
    return sorted({path.resolve() for path in root.rglob("run-*.wandb")})  # the newest has a link beside it


def read(root: Path) -> tuple[list[Logged], list[str]]:
    """All runs below a folder, and what is to be known of them."""
    notes: list[str] = []
    return [_read_run(path, notes) for path in run_files(root)], notes


def _read_run(path: Path, notes: list[str]) -> Logged:
    """A run from its log of records."""
    about: dict[str, Any] = {"name": path.stem.removeprefix("run-"), "project": "", "code": None}
    config: dict[str, Any] = {}
    points: dict[str, list[tuple[int, float]]] = {}
    try:
        for record in _records(path):
            _take(dict(wire.fields(record)), about, config, points)
    except ValueError as error:
        notes.append(f"{path.name} is torn ({error}); what stands before is read")
    curves = in_order(points, about["name"], notes)
    params = {name: value for name, value in flat(config) if not name.startswith("_wandb")}
    state = FINISHED if about["code"] == 0 else "crashed" if about["code"] is None else "failed"
    return Logged(about["name"], about["project"], params, curves, state=state)


def _take(
    record: Mapping[int, wire.Value],
    about: dict[str, Any],
    config: dict[str, Any],
    points: dict[str, list[tuple[int, float]]],
) -> None:
    """Take over what a record says."""
    if isinstance(run := record.get(RUN), bytes):
        content = dict(wire.fields(run))
        about["project"] = wire.text(content.get(PROJECT)) or about["project"]
        about["name"] = wire.text(content.get(DISPLAY_NAME)) or about["name"]
        if isinstance(given := content.get(RUN_CONFIG), bytes):
            config |= dict(_items(given))
    if isinstance(given := record.get(CONFIG), bytes):
        config |= dict(_items(given))
    if isinstance(end := record.get(EXIT), bytes):
        about["code"] = wire.signed(wire.first(end, EXIT_CODE))
    if isinstance(row := record.get(HISTORY), bytes):
        items = dict(_items(row))
        step = int(items.get("_step", wire.signed(_step(row))))
        for name, value in flat(items):
            figure = number(value)
            if figure is not None and not name.startswith(OWN):
                points.setdefault(name, []).append((step, figure))


def _step(row: bytes) -> wire.Value | None:
    given = wire.first(row, STEP)
    return wire.first(given, 1) if isinstance(given, bytes) else None


def _items(message: bytes) -> Iterator[tuple[str, Any]]:
    """The entries of a row or a configuration; their values are JSON."""
    for item in wire.nested(message, ITEM):
        content = list(wire.fields(item))
        path = [wire.text(value) for field, value in content if field in (KEY, NESTED)]
        raw = wire.text(dict(content).get(JSON))
        try:
            value = json.loads(raw)
        except ValueError:
            value = raw
        yield ".".join(filter(None, path)), value


def _records(path: Path) -> Iterator[bytes]:
    """The records of a run's file, a log as LevelDB writes it.

    Raises:
        ValueError: where it is torn.
    """
    content = files.read_regular(path, MOST_BYTES, ParibusError)
    if content[:4] != b":W&B":
        raise ValueError("it does not begin as such files do")
    place, pieces = HEAD, b""
    while place + HEAD <= len(content):
        if (left := BLOCK - place % BLOCK) < HEAD:
            place += left
            continue
        size, kind = struct.unpack("<HB", content[place + 4 : place + HEAD])
        body = content[place + HEAD : place + HEAD + size]
        if len(body) < size or not kind:
            raise ValueError("its last record is not whole")
        pieces = body if kind not in (MIDDLE, LAST) else pieces + body
        if kind not in (FIRST, MIDDLE):
            yield pieces
        place += HEAD + size

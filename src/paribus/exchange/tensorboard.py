"""TensorBoard: a folder of event files for each run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from paribus.exchange.logged import FINISHED, Logged, as_text, from_text, in_order
from paribus.records.study import slug
from paribus.wire import events

SPLITS = ("train", "validation", "val", "test", "eval")  # folders that are one run, as Keras writes them
_STAMP = re.compile(r"\d{10}(\.\d+)?")  # a folder of hyperparameters, as torch writes them
_PAIR = re.compile(r"([A-Za-z][\w.]*?)=(.*?)(?=[-_, ]+[A-Za-z][\w.]*=|\Z)")
_SEED = re.compile(r"(?:\A|(?<=[-_, ]))seed[-_]?(\d+)\Z", re.IGNORECASE)


def write(runs: Sequence[Logged], folder: Path, place: Path) -> None:
    """Write a folder for each run, ``ARM/seed-N``; lists and the like among settings become texts."""
    for run in runs:
        home = folder.joinpath(*(slug(part) for part in run.name.rsplit("/", 1)))
        home.mkdir(parents=True)
        params = {name: value if _is_plain(value) else as_text(value) for name, value in run.params.items()}
        events.write(home / f"events.out.tfevents.{run.started:.0f}.paribus", run.curves, params, run.started)


def read(root: Path) -> tuple[list[Logged], list[str]]:
    """All runs below a folder, and what is to be known of them."""
    found: dict[str, events.Events] = {}
    notes: list[str] = []
    for path in sorted(root.rglob(events.PATTERN)):
        name, split = _run_of(path.parent.relative_to(root).as_posix())
        one = events.read(path)
        if one.torn:
            notes.append(f"{path.relative_to(root)} is torn; what stands before is read")
        _merge(found.setdefault(name, events.Events()), one, split)
    runs = [_logged(name, one, root, notes) for name, one in found.items()]
    return runs, notes


def _run_of(name: str) -> tuple[str, str]:
    """The run that a folder belongs to, and the split that it is of."""
    home, _, last = name.rpartition("/")
    if last in SPLITS:
        return home or ".", f"{last}/"
    return (home, "") if home and _STAMP.fullmatch(last) else (name, "")


def _merge(target: events.Events, one: events.Events, split: str) -> None:
    """Add what one file says; a run that was resumed has several."""
    for tag, points in one.points.items():
        target.points.setdefault(split + tag, []).extend(points)
    target.params |= one.params
    target.started = target.started or one.started


def _logged(name: str, one: events.Events, root: Path, notes: list[str]) -> Logged:
    curves = in_order(one.points, name, notes)
    said = _from_name(name)
    if one.params:  # they say more than the name
        said = {key: value for key, value in said.items() if key in ("run", "seed")}
    params = {**said, **one.params}
    return Logged(name, root.name, params, curves, state=FINISHED, started=one.started)


def _from_name(name: str) -> dict[str, Any]:
    """What the name of a run's folder says: ``lr=0.1_bs=32/seed-3``; without its seed it is the ``run``."""
    found: dict[str, Any] = {}
    rest = []
    for part in name.split("/"):
        seed = _SEED.search(part)
        without = _SEED.sub("", part).rstrip("-_, ") if seed else part
        if seed:
            found["seed"] = int(seed[1])
        found |= {key: from_text(value) for key, value in _PAIR.findall(without)}
        rest += [without] if without else []
    return {"run": "/".join(rest) or name, **found}


def _is_plain(value: Any) -> bool:
    return isinstance(value, (bool, int, float))

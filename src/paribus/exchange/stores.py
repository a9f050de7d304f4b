"""Stores of other tools: what lies in a place is recognised, and its runs are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paribus.errors import ParibusError
from paribus.exchange import mlflow, optuna, tensorboard, wandb
from paribus.exchange.logged import Logged
from paribus.wire import events

DATABASES = (".db", ".sqlite", ".sqlite3")
HINT = (
    "a folder of MLflow (mlruns), Weights & Biases (wandb) or TensorBoard (event files), or a database of MLflow or "
    "Optuna"
)


@dataclass(frozen=True)
class Store:
    """What was found in a place.

    Args:
        kind: the tool's name.
        runs: all of its runs, in the order in which they began, as far as that is known.
        notes: what is to be known of them: what is torn, what was logged twice.
    """

    kind: str
    runs: Sequence[Logged]
    notes: Sequence[str] = ()


Reader = Callable[[Path], tuple[list[Logged], list[str]]]


def is_store(given: Any) -> bool:
    """Whether something is the path of what may be a store: a folder, or a database. Tables are none."""
    if not isinstance(given, (str, Path)):
        return False
    place = Path(given)
    return place.is_dir() or not place.suffix or place.suffix.lower() in DATABASES


def read(place: Path) -> Store:
    """The runs of a store.

    Raises:
        ParibusError: if it is no store that is known, or holds no run.
    """
    if not place.exists():
        raise ParibusError("there is no such store of runs", got=str(place), hint=f"name {HINT}")
    kind, reader, root = _reader(place)
    runs, notes = reader(root)
    if not runs:
        raise ParibusError(f"this store of {kind} holds no run", got=str(place))
    in_time = sorted(runs, key=lambda run: run.started)  # the arm that began first is the reference
    return Store(kind, in_time, notes)


def _reader(place: Path) -> tuple[str, Reader, Path]:
    if place.is_file():
        return _database(place)
    found = list(_found(place))
    if len(found) == 1:
        return found[0]
    if found:
        said = ", ".join(kind if root == place else f"{kind} ({root.name})" for kind, _, root in found)
        hint = f"name the folder or database of one of them: {said}"
        raise ParibusError("this folder holds runs of several tools", got=str(place), hint=hint)
    raise ParibusError("this folder holds no runs of a tool that is known", got=str(place), hint=f"name {HINT}")


def _found(place: Path) -> Iterator[tuple[str, Reader, Path]]:
    """The stores in a folder; below it too, where a tool makes such folders."""
    for root in (place / "mlruns", place):
        if root.is_dir() and mlflow.is_store(root):
            yield "MLflow", mlflow.read, root
    if wandb.run_files(place):
        yield "Weights & Biases", wandb.read, place
    if any(place.rglob(events.PATTERN)):
        yield "TensorBoard", tensorboard.read, place
    for path in sorted(place.iterdir()):
        if path.suffix.lower() in DATABASES:
            with suppress(ParibusError):  # somebody else's
                yield _database(path)


def _database(path: Path) -> tuple[str, Reader, Path]:
    if mlflow.is_database(path):
        return "MLflow", mlflow.read_database, path
    if optuna.is_database(path):
        return "Optuna", optuna.read, path
    raise ParibusError("this is no database of MLflow or Optuna", got=str(path), hint=f"name {HINT}")

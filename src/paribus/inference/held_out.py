"""The held-out test: opened once, written down, never used to choose."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path

from paribus import files
from paribus.errors import DamagedRecord
from paribus.inference.trained import load, loader_of, prepared_with
from paribus.records.run import RunFolder
from paribus.tasks.evaluation import evaluate


@dataclass(frozen=True)
class HeldOut:
    """Figures on the test examples.

    Args:
        metrics: by name: ``test/accuracy``.
        examples: how many test examples there are.
        opened: when the test was opened, in seconds since 1970.
    """

    metrics: dict[str, float]
    examples: int
    opened: float


def test(folder: RunFolder) -> HeldOut:
    """Evaluate a finished run on its test examples, in float32 on the CPU; asked again, the recorded figures.

    Raises:
        DataError: if the data set has no test split.
        DamagedRecord: if what was recorded cannot be read.
    """
    path = folder.path / "test.json"
    if path.exists():
        return _read(path)
    trained = load(folder)
    prepared = prepared_with(trained, "test")
    trained.task.prepare(prepared)
    figures = evaluate(trained.task, trained.network, loader_of(prepared, "test"), "test")
    found = HeldOut(figures, len(prepared.rows["test"]), time.time())
    files.write_json(path, asdict(found))
    return found


def _read(path: Path) -> HeldOut:
    try:
        found = HeldOut(**files.read_json(path))
        numbers: list[object] = [found.examples, found.opened, *found.metrics.values()]
    except (TypeError, AttributeError):
        numbers = [None]
    if not all(isinstance(number, (int, float)) for number in numbers):
        raise DamagedRecord(
            "test.json is damaged", got=str(path), hint="delete it and run the same command again: the figures return"
        )
    return found

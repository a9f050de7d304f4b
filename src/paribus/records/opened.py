"""The held-out test of a run, as it was written down when it was opened: ``test.json`` in its folder."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from paribus import files
from paribus.errors import DamagedRecord

FILE = "test.json"


@dataclass(frozen=True)
class HeldOut:
    """Figures on the test examples.

    Args:
        metrics: by name: ``test/accuracy``.
        examples: how many test examples there are.
        opened: when the test was opened, in seconds since 1970.
        because: why, as whoever opened it said; empty where nobody did.
    """

    metrics: dict[str, float | None]
    examples: int
    opened: float
    because: str = ""


def read(run: Path) -> HeldOut | None:
    """What the test of a run said; ``None`` as long as it is closed.

    Raises:
        DamagedRecord: if the file cannot be read.
    """
    path = run / FILE
    if not path.exists():
        return None
    numbers: list[float | None]
    try:
        found = HeldOut(**files.read_json(path))
        numbers = [found.examples, found.opened, *(value for value in found.metrics.values() if value is not None)]
    except (TypeError, AttributeError):
        numbers = [None]
    if not all(isinstance(number, (int, float)) for number in numbers):
        hint = "delete it and run the same command again: the figures return"
        raise DamagedRecord(f"{FILE} is damaged", got=str(path), hint=hint)
    return found


def write(run: Path, found: HeldOut) -> None:
    """Write down what the test said."""
    files.write_json(run / FILE, asdict(found))

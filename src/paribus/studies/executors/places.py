"""Places for runs on other machines, as whoever hands runs out sees them: ray's tasks, jobs of SLURM's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from paribus import files
from paribus.errors import ParibusError
from paribus.studies.executors.orders import Report

INSTALLED = "is paribus installed on all machines of the cluster, in the version that is used here?"

Token = Callable[[Path], str]  # of a run folder: a file beside it, by which nodes know that they see the same


@dataclass(frozen=True)
class Gone:
    """A place that is there no more.

    Args:
        why: in a line.
        error: what makes all places useless, not only this one.
    """

    why: str
    error: ParibusError | None = None


class Places(Protocol):
    """Where runs find room. Each place takes one run."""

    def ask(self) -> str:
        """Ask for a place; gives its name. It says that it is ready when it is there."""
        ...

    def give(self, place: str, thing: Any) -> None:
        """Give a place that is ready its order, or what it lacks; ``None`` where there is nothing left to do."""
        ...

    def heard(self, seconds: float) -> Iterator[tuple[str, Report | Gone]]:
        """What places say, each with its name, as soon as one says something, for so long at most."""
        ...

    def ring(self) -> None:
        """Let all runs save and stop."""
        ...

    def cancel(self, place: str, force: bool) -> None:
        """Give a place up; with ``force`` one that has a run."""
        ...

    def forget(self, place: str) -> None:
        """A place has nothing more to say."""
        ...

    def free(self) -> str:
        """What is free where runs wait for places, in words."""
        ...


@contextmanager
def tokens() -> Iterator[Token]:
    """Makes a file in the folder that holds a run folder, by which nodes see that they share it; gone at the end."""
    made: dict[Path, Path] = {}

    def token(path: Path) -> str:
        folder = next(place for place in path.absolute().parents if place.is_dir())
        if folder not in made:
            made[folder] = folder / files.temporary_name()
            with files.disk_errors(made[folder]):
                made[folder].touch()
        return str(made[folder])

    try:
        yield token
    finally:
        for file in made.values():
            with suppress(OSError):
                file.unlink(missing_ok=True)

"""Decoded data on their way to machines that do not share this one's cache: what there is to send, and its arrival."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from paribus.cache import paths
from paribus.cache.lock import locked
from paribus.data.prepare import cache
from paribus.errors import ParibusError
from paribus.files import write_folder, write_shared
from paribus.progress import silent
from paribus.records.parts import Part, build


@dataclass(frozen=True)
class Entry:
    """Decoded data as they lie in the cache.

    Args:
        name: of their folder.
        folder: where that is on this machine.
        places: what is remembered of where they came from, by the name of its file: with it a machine that does not
            have the originals finds the copy.
    """

    name: str
    folder: Path
    places: dict[str, bytes]

    @property
    def files(self) -> list[Path]:
        """All that is to be sent."""
        return sorted(path for path in self.folder.iterdir() if path.is_file())


def entry_of(part: Part) -> Entry | None:
    """The decoded data of a recipe's ``data``, decoded first if need be; none where that fails: the run itself says so.

    Args:
        part: what the recipe names.
    """
    with suppress(ParibusError, OSError):
        source = build("data", part)
        cache.load(source, silent)
        name, names = cache.whereabouts(source)
        known = [root / "places" / place for root in paths.caches() for place in names]
        remembered = next((path.read_bytes() for path in known if path.is_file()), None)
        places = dict.fromkeys(names, remembered) if remembered else {}  # there the folder may lie elsewhere
        for root in paths.caches():
            if (folder := root / "datasets" / name).is_dir():
                return Entry(name, folder, places)
    return None


def is_here(name: str) -> bool:
    """Whether decoded data of this name are in this machine's cache."""
    return any((root / "datasets" / name / "meta.json").is_file() for root in paths.caches())


def receive(name: str, places: dict[str, bytes], fill: Callable[[Path], None]) -> None:
    """Put decoded data into this machine's cache, once however many processes ask for it.

    Args:
        name: of their folder.
        places: as in :class:`Entry`.
        fill: writes their files into a folder.

    Raises:
        RunError: if the disk is full.
    """
    root = paths.writable_cache()
    folder = root / "datasets" / name
    with paths.cache_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder.parent / f"{name}.lock", lambda: None):
        if not is_here(name):
            write_folder(folder, fill)
        (root / "places").mkdir(exist_ok=True)
        for place, content in places.items():
            if not (root / "places" / place).is_file():
                write_shared(root / "places" / place, content)

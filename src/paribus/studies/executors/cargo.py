"""What is put into a cluster's object store for its nodes to fetch: decoded data, once, and run folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from paribus.data.prepare import travel
from paribus.errors import StudyError
from paribus.records.recipe import Recipe
from paribus.studies.executors.job import Job
from paribus.studies.executors.parcel import Changes

Sent = tuple[tuple[str, tuple[Any, ...]], ...]  # of a folder: files, and the references of their pieces


class Cargo:
    """What the runs of a study need on other machines.

    Args:
        ray: the library.
    """

    def __init__(self, ray: Any) -> None:
        self.ray = ray
        self._entries: dict[str, travel.Entry | None] = {}  # what a recipe reads
        self._sent: dict[str, tuple[Sent, dict[str, bytes]]] = {}  # by name in the cache

    def data_of(self, job: Job) -> tuple[str, ...]:
        """The decoded data that a job reads, by their name in the cache."""
        if not isinstance(job.recipe, Recipe):
            return ()
        known = repr(job.recipe.data)
        if known not in self._entries:
            self._entries[known] = travel.entry_of(job.recipe.data)
        entry = self._entries[known]
        return (entry.name,) if entry else ()

    def entry(self, name: str) -> tuple[Sent, dict[str, bytes]]:
        """Decoded data for a node that lacks them: their files, and what is remembered of where they came from."""
        if name not in self._sent:
            entry = next(entry for entry in self._entries.values() if entry and entry.name == name)
            self._sent[name] = self.put(entry.folder), entry.places
        return self._sent[name]

    def put(self, folder: Path) -> Sent:
        """Put the files of a folder where nodes can fetch them, in pieces.

        Raises:
            StudyError: where there is no room.
        """
        found: dict[str, list[Any]] = {}
        errors = self.ray.exceptions
        try:
            for piece in Changes(folder).pieces():
                found.setdefault(piece.name, []).append(self.ray.put(piece.content))
        except (errors.ObjectStoreFullError, errors.OutOfDiskError) as error:
            hint = "let nodes share a cache (PARIBUS_CACHE), or start them with a larger --object-store-memory"
            said = str(error).splitlines()[0]
            raise StudyError("the cluster's object store has no room", got=said, hint=hint) from None
        return tuple((name, tuple(pieces)) for name, pieces in found.items())

"""The files that data are read from, and what of them decides the data: names, content, labels, splits, groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from paribus.cache import manifests
from paribus.cache.checksums import checksums
from paribus.cache.download import PublishedFile
from paribus.cache.manifests import Manifest
from paribus.errors import MissingData
from paribus.progress import Announce, silent
from paribus.records.inputs import DataRecord, place_of


@dataclass(frozen=True)
class Original:
    """A file that data are read from.

    Args:
        name: its path below the root, with slashes.
        label, split, group: what was said of it beside its content, where something was.
        checksum: where it is known without reading it: of published files.
    """

    name: str
    label: str = ""
    split: str = ""
    group: str = ""
    checksum: str = ""


@dataclass(frozen=True)
class Originals:
    """All files that a source reads.

    Args:
        root: the folder that they lie in.
        files: each of them.
        noun: what one of them is called.
        missing: those that are not on this machine, though their content is known.
    """

    root: Path
    files: tuple[Original, ...]
    noun: str = "file"
    missing: tuple[str, ...] = ()

    @classmethod
    def of(cls, root: Path, names: Iterable[str], noun: str = "file") -> Originals:
        """Files of which nothing is said beside their content."""
        return cls(root, tuple(map(Original, names)), noun)

    def manifest(self, progress: Announce = silent) -> Manifest:
        """All that decides the data, by name; files that have not changed since the last time are not read again."""
        unread = [file.name for file in self.files if not file.checksum]
        found = checksums(self.root, unread, progress)
        return {
            file.name: (file.checksum or found[file.name], file.label, file.split, file.group) for file in self.files
        }

    def record(self, progress: Announce = silent) -> DataRecord:
        """What a run writes down of them."""
        digest = manifests.keep(self.manifest(progress))
        counts = dict(sorted(Counter(file.label for file in self.files if file.label).items()))
        return DataRecord(digest, place_of(self.root), self.noun, len(self.files), counts)


def published(files: Sequence[PublishedFile]) -> Originals:
    """The files of a public data set, on this machine or not."""
    known = tuple(Original(file.name, checksum=file.checksum()) for file in files)
    missing = tuple(file.name for file in files if file.find() is None)
    return Originals(Path(files[0].folder), known, missing=missing)


def existing(path: Path) -> Path:
    """A file that is there.

    Raises:
        MissingData: if it is not.
    """
    if not path.is_file():
        raise MissingData("there is no such file", got=str(path), hint="give a path from here, or below PARIBUS_DATA")
    return path

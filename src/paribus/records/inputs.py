"""What a run was made of beside its recipe: the data and the files that were really read, by their content."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from paribus.cache import manifests
from paribus.cache.manifests import Manifest
from paribus.records.wording import count

OnChange = Literal["refuse", "restart"]  # what is done when data are others than those of the run that is there


@dataclass(frozen=True)
class DataRecord:
    """The data that a run read.

    Args:
        digest: over all that was read; empty where the recipe alone decides, as for what is generated.
        place: a hash of the folder that it lay in; empty where there is none.
        noun: what one of its pieces is called: picture, file, column.
        pieces: how many there were.
        counts: how many of each class, where files have one.
    """

    digest: str = ""
    place: str = ""
    noun: str = "file"
    pieces: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Inputs:
    """All that a run read.

    Args:
        data: its examples.
        files: other files that options name, such as weights to start from: ``model.weights`` → checksum.
        by_seed: those of these files of which every seed has its own, as where an arm is named to start from.
    """

    data: DataRecord = field(default_factory=DataRecord)
    files: Mapping[str, str] = field(default_factory=dict)
    by_seed: tuple[str, ...] = ()

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> Inputs:
        """Back from plain data."""
        return cls(DataRecord(**content["data"]), dict(content["files"]), tuple(content.get("by_seed", ())))

    def plain(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)

    @property
    def digest(self) -> str:
        """Over all that was read; empty where nothing was."""
        known = [self.data.digest, dict(sorted(self.files.items()))]
        return hashlib.sha256(json.dumps(known).encode()).hexdigest()[:16] if any(known) else ""

    def identity(self, recipe: str) -> str:
        """The identity of a run: that of its recipe, and where something was read, of this too."""
        return hashlib.sha256(f"{recipe} {self.digest}".encode()).hexdigest()[:16] if self.digest else recipe

    def setting(self, recipe: str) -> str:
        """What runs of one setting share, whatever their seeds: the identity, but for files that are of one seed."""
        shared = {name: checksum for name, checksum in self.files.items() if name not in self.by_seed}
        return replace(self, files=shared).identity(recipe)


def identity_of(recipe: str, inputs: Inputs | None) -> str:
    """The identity of a run: of its recipe alone where it is not known, or not recorded, what was read."""
    return inputs.identity(recipe) if inputs else recipe


def place_of(path: Path) -> str:
    """A folder as a hash: whether two are the same can be said, and no record tells where people keep their data."""
    return hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:16]


def changes(before: Inputs, now: Inputs) -> list[str]:
    """What is different now, in words: ``12 pictures added, 1 changed``, ``class 'x' is new``."""
    found = [*_data_changes(before.data, now.data)] if before.data.digest != now.data.digest else []
    for name in sorted({*before.files, *now.files}):
        if before.files.get(name) != now.files.get(name):
            news = "has another content" if name in now.files else "is not found any more"
            found.append(f"the file that {name} names {news}")
    return found


def code_changes(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Which own parts have another fingerprint, in words."""
    names = sorted(name for name in {*before, *now} if before.get(name) != now.get(name))
    return [f"the code of {name}, or of what it uses, is another one" for name in names]


def _data_changes(before: DataRecord, now: DataRecord) -> Iterator[str]:
    old, new = manifests.find(before.digest), manifests.find(now.digest)
    if old is not None and new is not None:
        yield ", ".join(_listed(old, new, now.noun))
    elif before.pieces != now.pieces:
        yield f"{count(before.pieces, before.noun)} before, {count(now.pieces, now.noun)} now"
    else:
        yield f"other content in {count(now.pieces, now.noun)}"
    for label in sorted(now.counts.keys() - before.counts.keys() if before.counts else ()):
        yield f"class {label!r} is new"
    for label in sorted(before.counts.keys() - now.counts.keys() if now.counts else ()):
        yield f"class {label!r} is gone"


def _listed(old: Manifest, new: Manifest, noun: str) -> Iterator[str]:
    """``12 pictures added``, ``1 changed``: the noun once."""
    both = old.keys() & new.keys()
    groups = {
        "added": new.keys() - old.keys(),
        "removed": old.keys() - new.keys(),
        "changed": {name for name in both if old[name][0] != new[name][0]},
        "of another class, split or group": {
            name for name in both if old[name][0] == new[name][0] and old[name] != new[name]
        },
    }
    first = True
    for what, names in groups.items():
        if names:
            yield f"{count(len(names), noun) if first else f'{len(names):,}'} {what}{_named(sorted(names))}"
            first = False


def _named(names: list[str]) -> str:
    """The names of a few."""
    return f" ({', '.join(names)})" if len(names) <= 3 else ""

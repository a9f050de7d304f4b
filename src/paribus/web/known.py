"""What lies below the folder of the page, by ids: nothing is ever opened by a path that a browser sends.

An id is a hash of the place of a folder, so that links hold as long as folders stay. Only what a scan has found has
one, and what is a link, or lies behind one, has none.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from paribus.errors import ParibusError
from paribus.records import store
from paribus.records.run import RunFolder
from paribus.records.store import MARKERS, RunSummary
from paribus.web.answers import NotThere

Kind = Literal["run", "study", "search"]
FRESH_SECONDS = 0.5  # a scan that is younger is not repeated
PATIENCE = (
    5,
    50,
)  # nor one that is younger than so many times what it took: if something changed, if nothing is known to
KEPT = 200  # answers that are kept
MOST_SECONDS = 5.0  # one that is older is, whether anything was heard of or not: processes die without a word

Found = TypeVar("Found")


@dataclass(frozen=True)
class Group:
    """A folder right below that of the page: a study, a search, or runs that belong to none.

    Args:
        id: of the folder.
        name: of the folder.
        path: the folder.
        kind: ``study`` or ``search``, or empty.
        stamp: when its design was written, in nanoseconds.
        touched: how often something was heard of it.
        runs: its runs, by arm and seed.
    """

    id: str
    name: str
    path: Path
    kind: Literal["study", "search", ""]
    stamp: int
    touched: int
    runs: tuple[RunSummary, ...]

    @property
    def mark(self) -> int:
        """A number that changes when anything does that is known of it."""
        return hash((self.stamp, self.touched, tuple(run[4:7] + run[9:] for run in self.runs)))


@dataclass(frozen=True)
class Snapshot:
    """All that is below the folder at a moment."""

    groups: Mapping[str, Group] = field(default_factory=dict)  # by id
    runs: Mapping[str, RunSummary] = field(default_factory=dict)  # by id
    group_of: Mapping[str, str] = field(default_factory=dict)  # id of a run → id of its group
    made: float = 0.0


def id_of(place: str) -> str:
    """The id of a folder, from its place below that of the page."""
    return hashlib.sha256(os.fsencode(place)).hexdigest()[:16]


class Known:
    """The index of a folder, scanned again when something may have changed.

    Args:
        root: the folder of the run folders.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._lock, self._dirty = threading.Lock(), True
        self._touched: Counter[str] = Counter()
        self._took = 0.0  # seconds, the last scan
        self._snapshot = Snapshot()
        self._ids: dict[str, str] = {}
        self._linked: dict[str, bool] = {}  # arm folder → whether it is, or lies behind, a link
        self._kept: dict[tuple[Any, ...], tuple[threading.Lock, list[Any]]] = {}
        self._keeping = threading.Lock()

    def changed(self, *groups: str) -> None:
        """Tell that something below the folder has changed; in the folders right below it of these names, if known."""
        self._touched.update(groups)
        self._dirty = True

    def now(self, wanted: str = "") -> Snapshot:
        """What is known, at most a moment old.

        Args:
            wanted: an id; where nothing has it all is looked at again, for it may be new.
        """
        with self._lock:
            began, known = time.monotonic(), self._snapshot
            age, (some, most) = began - known.made, PATIENCE
            stale = self._dirty and age > max(FRESH_SECONDS, some * self._took)
            missing = wanted and wanted not in known.runs and wanted not in known.groups
            if missing and age < self._took:  # whoever asks for what is not there keeps it from nothing else
                time.sleep(self._took - age)
            if stale or missing or age > max(MOST_SECONDS, most * self._took) or not known.made:
                self._dirty = False
                self._snapshot = self._scan()
                self._took = self._snapshot.made - began
            return self._snapshot

    def folder(self, wanted: str) -> Path:
        """The folder of a run, a study or a search.

        Raises:
            NotThere: if nothing has this id, or it has gone since.
        """
        snapshot = self.now(wanted)
        if wanted in snapshot.runs:
            return self._own(Path(snapshot.runs[wanted].path))
        return self._own(self.group(wanted).path)

    def run(self, wanted: str) -> RunFolder:
        """The folder of a run; as :meth:`folder`."""
        if wanted not in self.now(wanted).runs:
            raise self._missing("run", wanted)
        return RunFolder(self.folder(wanted))

    def summary(self, wanted: str) -> RunSummary:
        """What lists say of a run; as :meth:`folder`."""
        if (found := self.now(wanted).runs.get(wanted)) is None:
            raise self._missing("run", wanted)
        return found

    def group(self, wanted: str, kind: str = "") -> Group:
        """A study or a search; as :meth:`folder`."""
        found = self.now(wanted).groups.get(wanted)
        if found is None or (kind and found.kind != kind):
            raise self._missing(kind or "study", wanted)
        return found

    def id(self, path: str | Path) -> str:
        """The id of a folder that is below that of the page."""
        text = str(path)
        if text not in self._ids:
            self._ids[text] = id_of(text.removeprefix(f"{self.root}{os.sep}"))
        return self._ids[text]

    def once(self, key: tuple[Any, ...], mark: Any, make: Callable[[], Found]) -> Found:
        """What ``make`` gives, made anew only where ``mark`` is another; several who ask wait for one who makes it."""
        with self._keeping:
            lock, kept = self._kept.pop(key) if key in self._kept else (threading.Lock(), [])
            self._kept[key] = (lock, kept)  # the newest comes last
            while len(self._kept) > KEPT:
                del self._kept[next(iter(self._kept))]
        with lock:
            if not kept or kept[0] != mark:
                made = make()
                kept[:] = [mark, made]
            return kept[1]  # type: ignore[no-any-return]

    def _scan(self) -> Snapshot:
        """Look at all folders; those that are links, or lie behind one, are left out."""
        runs: dict[str, RunSummary] = {}
        of_group: dict[str, list[RunSummary]] = {}
        for run in store.runs(self.root):
            if not self._is_link(run.path):
                runs[self.id(run.path)] = run
                of_group.setdefault(run.study, []).append(run)
        groups = {}
        for name in sorted({*of_group, *self._designs()}):
            path = self.root / name
            if not path.is_symlink():
                found = self._group(path, tuple(of_group.get(name, ())))
                groups[found.id] = found
        group_of = {self.id(run.path): found.id for found in groups.values() for run in found.runs}
        return Snapshot(groups, runs, group_of, time.monotonic())

    def _designs(self) -> set[str]:
        return {folder.name for kind in ("study", "search") for folder in store.studies(self.root, kind)}

    def _group(self, path: Path, runs: tuple[RunSummary, ...]) -> Group:
        kinds: tuple[Literal["search", "study"], ...] = ("search", "study")
        for kind in kinds:
            try:
                stamp = (path / MARKERS[kind]).stat().st_mtime_ns
            except OSError:
                continue
            return Group(self.id(path), path.name, path, kind, stamp, self._touched[path.name], runs)
        return Group(self.id(path), path.name, path, "", 0, self._touched[path.name], runs)

    def _is_link(self, path: str) -> bool:
        """Whether a folder, its arm or its study is a link; asked once of each, and again when it is opened."""
        if path not in self._linked:
            above = os.path.dirname(path)  # noqa: PTH120  thousands are asked for
            is_run = len(path) - len(str(self.root)) > 1 and above != str(self.root)
            self._linked[path] = os.path.islink(path) or (is_run and self._is_link(above))  # noqa: PTH114
        return self._linked[path]

    def _own(self, path: Path) -> Path:
        """A folder, unless it has gone or become a link since the scan."""
        try:
            real = path.resolve(strict=True)
        except OSError:
            self.changed()
            raise NotThere("this folder has been deleted since the page was shown", got=path.name) from None
        if real != self.root.resolve() / path.relative_to(self.root):
            raise NotThere("this folder is a link, and the page shows nothing from elsewhere", got=path.name)
        return path

    def _missing(self, kind: str, wanted: str) -> ParibusError:
        hint = "it may have been deleted or moved: see the list of all"
        return NotThere(f"there is no such {kind} in {self.root}", got=wanted, hint=hint)

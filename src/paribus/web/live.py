"""What happens below the folder, told to all tabs that listen: as soon as files change, or as soon as one looks."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paribus.files import TEMPORARY, dumps
from paribus.records.store import INDEX
from paribus.web.api import listing
from paribus.web.known import Known, Snapshot
from paribus.web.rows import AllRows

WAIT_MS = 200  # how long changes are gathered
STEP_MS = 50
LOOK_SECONDS = 1.0  # between two looks, where files cannot be watched
HEARTBEAT_SECONDS = 15.0
MOST_ROWS = 500  # rows of a run that are told at once; a tab that missed more reads its curves again
MOST_STREAMS = 64
MOST_WAITING = 1000  # events that a tab may be behind

Event = dict[str, Any]


@dataclass(eq=False)
class Stream:
    """One tab that listens.

    Args:
        follow: ids of the runs whose rows it wants.
        loop: where it waits.
    """

    follow: frozenset[str]
    loop: asyncio.AbstractEventLoop
    events: asyncio.Queue[Event | None] = field(default_factory=lambda: asyncio.Queue(MOST_WAITING))

    def tell(self, event: Event | None) -> None:
        """Tell it something, from any thread; a tab that is far behind is told to start over."""
        with suppress(RuntimeError):  # its loop is closed
            self.loop.call_soon_threadsafe(self._put, event)

    def _put(self, event: Event | None) -> None:
        if self.events.full():
            while not self.events.empty():
                self.events.get_nowait()
            self.events.put_nowait({"kind": "reset"})
        self.events.put_nowait(event)


class Live:
    """Watches the folder while somebody listens.

    Args:
        known: the index.
        rows: those of the runs.
    """

    def __init__(self, known: Known, rows: AllRows) -> None:
        self.known, self.rows = known, rows
        self._streams: set[Stream] = set()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._watcher: threading.Thread | None = None
        self._told: dict[str, int] = {}  # id of a run → rows that were told
        self._before: Snapshot | None = None
        self.watching = ""  # by which means

    def close(self) -> None:
        """End all streams and the watching."""
        self._stop.set()
        for stream in list(self._streams):
            stream.tell(None)

    async def listen(self, follow: Iterable[str]) -> AsyncIterator[bytes]:
        """Everything that happens from now on, as server-sent events; heartbeats between."""
        stream = Stream(frozenset(follow), asyncio.get_running_loop())
        await asyncio.to_thread(self._enter, stream)
        try:
            yield _line({"kind": "hello", "watching": self.watching, "follow": sorted(stream.follow)})
            known = {wanted: count for wanted in stream.follow if (count := self._told.get(wanted, -1)) >= 0}
            for wanted, count in known.items():  # a tab that drew fewer rows before it listened asks again
                yield _line({"kind": "rows", "id": wanted, "first": count, "count": count, "rows": []})
            while not self._stop.is_set():
                try:
                    event = await asyncio.wait_for(stream.events.get(), HEARTBEAT_SECONDS)
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                if event is None:
                    return
                yield _line(event)
        finally:
            with self._lock:
                self._streams.discard(stream)

    def full(self) -> bool:
        """Whether no further tab can listen."""
        return len(self._streams) >= MOST_STREAMS

    def tell(self, event: Event) -> None:
        """Tell all tabs."""
        with self._lock:
            streams = list(self._streams)
        for stream in streams:
            stream.tell(event)

    def _enter(self, stream: Stream) -> None:
        with self._lock:
            self._streams.add(stream)
            for wanted in stream.follow:
                self._told.setdefault(wanted, -1)
            if self._watcher is None:
                self._before = self.known.now()
                self._watcher = threading.Thread(target=self._watch, daemon=True)
                self._watcher.start()
        self._tell_rows(stream.follow)

    def _watch(self) -> None:
        """Wait for changes until the page ends; where files cannot be watched, look at them every second."""
        try:
            from watchfiles import watch

            options: dict[str, Any] = {"debounce": WAIT_MS, "step": STEP_MS, "rust_timeout": 1000}
            self.watching = "watched"
            for changes in watch(
                self.known.root,
                watch_filter=lambda _, path: _matters(path),
                stop_event=self._stop,
                yield_on_timeout=True,
                raise_interrupt=False,
                **options,
            ):
                self._tell_changes([path for _, path in changes])
        except Exception:  # too many folders for the system, no such folder yet, a file system without
            self.watching = "looked at"
        while not self._stop.wait(LOOK_SECONDS):
            self._tell_changes(None)

    def _tell_changes(self, paths: list[str] | None) -> None:
        """Tell what has changed: which runs and studies, their states, and the rows of runs that are followed."""
        root = str(self.known.root)
        if paths:
            below = [path[len(root) + 1 :].split("/") for path in paths if path.startswith(root + "/")]
            self.known.changed(*{parts[0] for parts in below})
        elif paths is None:
            self.known.changed()
        with suppress(Exception):  # a folder may vanish at any moment
            followed = frozenset().union(*(stream.follow for stream in list(self._streams)))
            self._tell_rows(followed)
            self._tell_states()

    def _tell_states(self) -> None:
        before, now = self._before or Snapshot(), self.known.now()
        self._before = now
        if now is before:
            return
        changed = {wanted for wanted, run in now.runs.items() if before.runs.get(wanted) != run}
        changed |= before.runs.keys() - now.runs.keys()
        for wanted in changed & now.runs.keys():
            run = now.runs[wanted]
            told = {"done": run.epoch, "of": run.epochs, "unit": "epoch"}
            self.tell({"kind": "state", "id": wanted, "state": listing.state_of(run), "progress": told})
        groups = {now.group_of.get(wanted) or before.group_of.get(wanted) for wanted in changed}
        groups |= {wanted for wanted, one in now.groups.items() if _stamp(before, wanted) != (one.stamp, one.touched)}
        if ids := sorted(changed | {one for one in groups | (before.groups.keys() - now.groups.keys()) if one}):
            self.tell({"kind": "changed", "ids": ids[:1000], "all": len(ids) > 1000})

    def _tell_rows(self, wanted: Iterable[str]) -> None:
        """Tell the rows that were appended since the last time to those who follow their runs."""
        for run in wanted:
            summary = self.known.now().runs.get(run)
            if summary is None:
                continue
            with suppress(Exception):
                rows = self.rows.of(Path(summary.path))
                before, columns = self._told.get(run, -1), rows.read()
                now = rows.count
                self._told[run] = now
                if before < 0 or now == before:
                    continue
                first = before if now > before else 0  # it was written anew
                self._tell_followers(run, first, now, columns)

    def _tell_followers(self, run: str, first: int, last: int, columns: Any) -> None:
        first = max(first, last - MOST_ROWS)
        rows = [
            {name: _number(values[place]) for name, values in columns.items() if values[place] == values[place]}
            for place in range(first, last)
        ]
        event = {"kind": "rows", "id": run, "first": first, "count": last, "rows": rows}
        for stream in list(self._streams):
            if run in stream.follow:
                stream.tell(event)


def _stamp(snapshot: Snapshot, wanted: str) -> tuple[int, int] | None:
    found = snapshot.groups.get(wanted)
    return (found.stamp, found.touched) if found else None


def _number(value: Any) -> int | float:
    return int(value) if value == value // 1 and abs(value) < 1 << 53 else float(value)


def _matters(path: str) -> bool:
    """Whether a change of a file can be of interest: no half-written files, and not the index of lists."""
    name = path.rpartition("/")[2]
    return not name.startswith(TEMPORARY) and name not in (INDEX, "lock") and "/checkpoints/" not in path


def _line(event: Event) -> bytes:
    return f"data: {dumps(event)}\n\n".encode()

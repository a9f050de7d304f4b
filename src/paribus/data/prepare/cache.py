"""Decoded data sets on disk: decoded once, then mapped into memory by every process that trains on them.

A folder ``datasets/IDENTITY/`` holds one ``.npy`` file per tensor of a :class:`Dataset` (``inputs.npy``,
``targets.npy``; of named ones ``targets.labels.npy``; of ragged ones also ``targets.boxes.offsets.npy``) and
``meta.json``. It is written under another name and renamed when whole, so that a folder of this name is always
complete.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import marshal
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from paribus.cache import paths
from paribus.cache.lock import is_held, locked
from paribus.cache.paths import cache_errors
from paribus.data.columns import Column, part_of
from paribus.data.dataset import Dataset, Source
from paribus.data.metadata import Metadata
from paribus.data.trees import Ragged, Tree
from paribus.data.write.npy import offsets_of
from paribus.data.write.writer import Writer
from paribus.errors import RunError
from paribus.files import TEMPORARY, write_json
from paribus.progress import Announce, silent

EXTRA = ("moments", "groups", "counts")  # what is known of each example beside its inputs and targets
FORMAT = 4  # raise it when the files or the decoding of a built-in source change


def load(source: Source, progress: Announce | None = None) -> Dataset:
    """All examples of a source, mapped from the cache; decoded first where the cache does not have them.

    Several processes may ask at once: one decodes, the others wait for it. All share the pages of the files,
    which are read when touched, so the data may be larger than the memory.

    Args:
        source: what to load; its ``key()`` and its class are the identity in the cache.
        progress: told how far the decoding is.

    Raises:
        DataError: for data that are missing, damaged or unusable.
        RunError: if the disk is full.
    """
    progress = progress or silent
    name = identity(source)
    for root in paths.caches():
        if dataset := _read(root / "datasets" / name):
            return dataset
    root = paths.writable_cache() / "datasets"
    with cache_errors(root):
        root.mkdir(parents=True, exist_ok=True)
    with locked(_lock_of(root / name), lambda: progress("waiting for another process to decode", 0, 0)) as held:
        dataset = _read(root / name)
        if dataset is None:
            _decode(source, root / name, progress, clean=held)
            dataset = _read(root / name)
    if dataset is None:
        raise RunError("the decoded data vanished from the cache", got=str(root / name), hint="start again")
    return dataset


def identity(source: Source) -> str:
    """16 hexadecimal digits that change when the decoded content would."""
    kind = type(source)
    content = [FORMAT, kind.__module__, kind.__qualname__, _code(kind), source.key()]
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]


def size() -> dict[str, int]:
    """Bytes in the cache: of decoded ``datasets`` and of ``downloads``."""
    return {
        kind: sum(file.stat().st_size for root in paths.caches() for file in (root / kind).rglob("*") if file.is_file())
        for kind in ("datasets", "downloads")
    }


def clear(downloads: bool = False) -> int:
    """Delete all decoded data sets that are not being written now; returns the bytes that were freed.

    Args:
        downloads: whether to delete the downloaded originals too.
    """
    before = sum(size().values())
    for entry in list(_removable()):
        shutil.rmtree(entry, ignore_errors=True)  # a mapped file cannot be deleted on Windows: it stays
    if downloads:
        for root in paths.caches():
            shutil.rmtree(root / "downloads", ignore_errors=True)
    return before - sum(size().values())


def _removable() -> Iterator[Path]:
    for root in paths.caches():
        for entry in (root / "datasets").glob("*/"):
            if not is_held(_lock_of(entry)):
                yield entry


def _decode(source: Source, folder: Path, progress: Announce, clean: bool) -> None:
    """Let the source write into a temporary folder, then put that in place at once."""
    if clean:  # under the lock, whatever else bears this name was left by a process that died
        _remove_leftovers(folder)
    with cache_errors(folder):
        temporary = Path(tempfile.mkdtemp(prefix=f"{TEMPORARY}{folder.name}-", dir=folder.parent))
    writer = Writer(temporary, progress)
    try:
        source.write(writer)
        meta = {"format": FORMAT, "source": type(source).__qualname__, **writer.finish()}
        with cache_errors(folder):
            write_json(temporary / "meta.json", meta)
            temporary.chmod(0o755)  # mkdtemp makes folders private; a cache may be shared
            _rename(temporary, folder)
    finally:
        writer.close()
        shutil.rmtree(temporary, ignore_errors=True)


def _remove_leftovers(folder: Path) -> None:
    """Delete this entry, if it is incomplete, and all temporary folders whose writer is gone."""
    shutil.rmtree(folder, ignore_errors=True)
    for leftover in folder.parent.glob(TEMPORARY + "*"):
        if _owner(leftover) == folder.name or not is_held(_lock_of(leftover)):
            shutil.rmtree(leftover, ignore_errors=True)


def _owner(folder: Path) -> str:
    """The identity that a folder of the cache is for, be it temporary or not."""
    return folder.name.removeprefix(TEMPORARY).partition("-")[0]


def _lock_of(folder: Path) -> Path:
    return folder.parent / f"{_owner(folder)}.lock"


def _rename(temporary: Path, folder: Path) -> None:
    try:
        temporary.rename(folder)
    except OSError:
        if _read(folder) is None:  # without locks another process may have been faster: then its copy serves
            raise


def _read(folder: Path) -> Dataset | None:
    """Map a data set from its folder; ``None`` where it is missing, of another format or incomplete."""
    meta = _meta(folder)
    if meta is None:
        return None
    columns = {name: Column.read(column) for name, column in meta["columns"].items()}
    extra = {name: _map(folder / f"{name}.npy") for name in EXTRA if f"{name}.npy" in meta["files"]}
    return Dataset(
        inputs=_tree(folder, columns, "inputs"),
        targets=_tree(folder, columns, "targets"),
        classes=tuple(meta["classes"]),
        official={split: (start, stop) for split, (start, stop) in meta["official"].items()},
        moments=extra.get("moments"),
        groups=extra.get("groups"),
        names=tuple(json.loads((folder / "names.json").read_text(encoding="utf-8"))),
        skipped=tuple((name, reason) for name, reason in meta["skipped"]),
        counts=extra.get("counts"),
        metadata=Metadata.read(meta["metadata"]),
        columns=columns,
    )


def _meta(folder: Path) -> dict[str, Any] | None:
    try:
        meta: dict[str, Any] = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        whole = all((folder / name).stat().st_size == size for name, size in meta["files"].items())
    except (OSError, ValueError, KeyError):
        return None
    return meta if whole and meta.get("format") == FORMAT else None


def _tree(folder: Path, columns: Mapping[str, Column], side: str) -> Tree:
    """The inputs or the targets, mapped."""
    found: dict[str, Tree] = {}
    for name, column in part_of(columns, side).items():
        path = folder / f"{side}.{name}.npy" if name else folder / f"{side}.npy"
        values = _map(path)
        found[name] = Ragged(values, _map(offsets_of(path))) if column.ragged else values
    return found.get("", found)


def _map(path: Path) -> torch.Tensor:
    # copy-on-write: the tensor may be written to without a warning, and the file never changes
    return torch.from_numpy(np.load(path, mmap_mode="c"))


def _code(kind: type) -> str:
    """The source text of a user's own class: editing it decodes anew. Built-in ones count by FORMAT."""
    if kind.__module__.startswith("paribus."):
        return ""
    try:
        return inspect.getsource(kind)
    except (OSError, TypeError):  # typed at a prompt: its compiled methods serve as well
        return str([marshal.dumps(method.__code__) for method in vars(kind).values() if inspect.isfunction(method)])

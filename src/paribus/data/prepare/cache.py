"""Decoded data sets on disk: decoded once, then mapped into memory by every process that trains on them.

A folder ``datasets/IDENTITY/`` holds one ``.npy`` file per tensor of a :class:`Dataset` (``inputs.npy``,
``targets.npy``; of named ones ``targets.labels.npy``; of ragged ones also ``targets.boxes.offsets.npy``) and
``meta.json``. It is written under another name and renamed when whole, so that a folder of this name is always
complete. ``meta.json`` holds checksums of all files, which are looked at when they are opened (:mod:`.verify`).

A folder ``places/`` beside it remembers which decoded data came from where, for the day when the originals are gone.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from paribus.cache import manifests, paths
from paribus.cache.lock import is_held, locked
from paribus.cache.paths import cache_errors
from paribus.data.columns import Column, part_of
from paribus.data.dataset import Dataset, Source
from paribus.data.metadata import Metadata
from paribus.data.origin import origin_of
from paribus.data.originals import Originals
from paribus.data.prepare import verify
from paribus.data.trees import Ragged, Tree
from paribus.data.write.npy import offsets_of
from paribus.data.write.writer import Writer
from paribus.errors import DataError, MissingData, ParibusError, RunError
from paribus.files import TEMPORARY, read_json, write_shared
from paribus.progress import Announce, silent
from paribus.records.fingerprint import fingerprint
from paribus.records.inputs import DataRecord, place_of

logger = logging.getLogger(__name__)

EXTRA = ("moments", "groups", "counts")  # what is known of each example beside its inputs and targets
FORMAT = 5  # raise it when the files or the decoding of a built-in source change


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
    try:
        originals = originals_of(source)
        known = originals.record(progress) if originals else None
    except MissingData as error:
        return _without_originals(source, error)
    if originals and originals.missing and (copy := _kept(source)):
        _tell_kept(", ".join(originals.missing))
        return copy
    name = _identity(source, known)
    dataset = _open(source, name, progress)
    if originals and originals.missing and (found := originals_of(source)) and found.missing:
        _tell_kept(", ".join(found.missing))
    dataset = replace(dataset, record=known or _record(source, dataset))
    if originals:
        _remember(source, originals, name, dataset.record)
    return dataset


def record(source: Source, progress: Announce = silent) -> DataRecord:
    """What a run writes down of its data; nothing is decoded for that, but what a source of one's own says."""
    if _is_generated(source):
        return DataRecord()
    try:
        if originals := originals_of(source):
            kept = _kept(source) if originals.missing else None  # which need not be of the published files
            return kept.record if kept else originals.record(progress)
    except MissingData:
        if known := _remembered(source):
            return DataRecord(**known["record"])
        raise
    return load(source, progress).record


def originals_of(source: Source) -> Originals | None:
    """The files that a source reads, if it says so."""
    return source.originals() if hasattr(source, "originals") else None


def identity(source: Source) -> str:
    """16 hexadecimal digits that change when the decoded content would."""
    originals = originals_of(source)
    return _identity(source, originals.record() if originals else None)


def whereabouts(source: Source) -> tuple[str, list[str]]:
    """Of data that were loaded: the name of their decoded folder, and those under which it is remembered."""
    known = _remembered(source)
    return str(known["entry"]) if known else identity(source), _places(source)


def check() -> Iterator[tuple[str, list[str]]]:
    """Read all decoded data sets whole: name, and the files that are damaged. Those are decoded again when used."""
    for root in paths.caches():
        for entry in sorted((root / "datasets").glob("[!.]*/")):
            meta, found = _meta(entry)
            found = verify.damaged(entry, meta["blocks"], whole=True) if meta else found
            if found and not is_held(_lock_of(entry)):
                shutil.rmtree(entry, ignore_errors=True)
            yield str(meta.get("source", entry.name)), found


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


def _identity(source: Source, originals: DataRecord | None) -> str:
    content = [FORMAT, *_called(source), originals.digest if originals else ""]
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _called(source: Source) -> list[Any]:
    """What a source is, but for the content of files. Built-in ones count by FORMAT."""
    kind = type(source)
    code = "" if _ships(kind) else fingerprint(kind)
    return [kind.__module__, kind.__qualname__, code, source.key()]


def _ships(kind: type) -> bool:
    return kind.__module__.startswith("paribus.")


def _is_generated(source: Source) -> bool:
    """Whether the options alone decide the data."""
    return _ships(type(source)) and origin_of(source).way in ("built in", "generated")


def _record(source: Source, dataset: Dataset) -> DataRecord:
    """What is known of data whose source names no files: the checksums of what it wrote."""
    if _is_generated(source):
        return DataRecord()
    digest = manifests.keep(dataset.contents)
    labels = dataset.labels
    numbers = labels.bincount(minlength=len(dataset.classes)).tolist() if labels is not None else ()
    counts = dict(zip(dataset.classes, numbers, strict=False))
    return DataRecord(digest, noun="column", pieces=len(dataset.contents), counts=counts)


def _open(source: Source, name: str, progress: Announce) -> Dataset:
    """The decoded data of this name, decoded first if need be."""
    for root in paths.caches():
        if dataset := _read(root / "datasets" / name, progress):
            return dataset
    root = paths.writable_cache() / "datasets"
    with cache_errors(root):
        root.mkdir(parents=True, exist_ok=True)
    with locked(_lock_of(root / name), lambda: progress("waiting for another process to decode", 0, 0)) as held:
        dataset = _read(root / name, say=False)
        if dataset is None:
            _decode(source, root / name, progress, clean=held)
            if originals_of(source) and identity(source) != name:
                shutil.rmtree(root / name, ignore_errors=True)
                raise DataError("the data changed while they were read", hint="start again when they are complete")
            dataset = _read(root / name)
    if dataset is None:
        raise RunError("the decoded data vanished from the cache", got=str(root / name), hint="start again")
    return dataset


def _without_originals(source: Source, error: MissingData) -> Dataset:
    """The decoded data of a source whose files are not at hand any more."""
    if (found := _kept(source)) is None:
        raise error
    _tell_kept(f"{error.rule} ({error.got})")
    return found


def _kept(source: Source) -> Dataset | None:
    """The decoded copy of what a source read last, where it is in the cache."""
    known = _remembered(source)
    found = (_read(root / "datasets" / known["entry"]) for root in paths.caches()) if known else ()
    dataset = next((one for one in found if one is not None), None)
    return replace(dataset, record=DataRecord(**known["record"])) if known and dataset else None


@lru_cache
def _tell_kept(what: str) -> None:
    """Say it once: a run opens its data to be checked, and to be trained on."""
    logger.warning("%s: not at hand any more, so the decoded copy in the cache is used", what)


def _remember(source: Source, originals: Originals, name: str, known: DataRecord) -> None:
    """Write down where decoded data came from."""
    content = {"entry": name, "record": asdict(known)}
    path = paths.writable_cache() / "places" / _places(source, originals.root)[0]
    with suppress(ParibusError, OSError):  # a cache that is full, or not ours
        text = json.dumps(content).encode()
        if not path.is_file() or path.read_bytes() != text:  # new, changed, or damaged
            write_shared(path, text)


def _remembered(source: Source) -> dict[str, Any] | None:
    """What was written down of a source whose files are gone."""
    for name in _places(source):
        for root in paths.caches():
            with suppress(ParibusError, KeyError, TypeError):
                if (path := root / "places" / name).exists():
                    content: dict[str, Any] = read_json(path)
                    return {"entry": str(content["entry"]), "record": dict(content["record"])}
    return None


def _places(source: Source, root: Path | None = None) -> list[str]:
    """Names under which a source may be remembered: by its path, or for public data by what it is called there."""
    path = getattr(source, "path", "")
    own = paths.own_data()
    public = root is not None and own is not None and root.resolve().is_relative_to(own.resolve())
    places = [str(path)] if public or not path else [place_of(paths.find_folder(path))]
    if root is None and path:
        places.append(str(path))
    contents = ([*_called(source), place] for place in places)
    return [
        hashlib.sha256(json.dumps(one, sort_keys=True, default=str).encode()).hexdigest()[:16] + ".json"
        for one in contents
    ]


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
        meta["blocks"] = {name: verify.blocks_of(temporary / name) for name in meta["files"]}
        with cache_errors(folder):
            verify.write_meta(temporary / "meta.json", meta)
            verify.stamp(temporary, meta["blocks"])
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


def _read(folder: Path, progress: Announce = silent, say: bool = True) -> Dataset | None:
    """Map a data set from its folder; ``None`` where it is missing, of another format, incomplete or damaged."""
    meta, wrong = _meta(folder)
    if meta:
        wrong = verify.damaged(folder, meta["blocks"], progress=progress)
    if wrong and say:
        names = ", ".join(wrong)
        logger.warning("the decoded data in the cache are damaged (%s in %s): they are not used", names, folder)
    if not meta or wrong:
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
        contents={name: ("".join(blocks),) for name, blocks in _contents(meta).items()},
    )


def _contents(meta: Mapping[str, Any]) -> dict[str, list[str]]:
    """Checksums of all that decides what is learned: the stored columns, and what is said about them."""
    about = {name: meta[name] for name in ("classes", "official", "columns", "metadata")}
    text = json.dumps(about, sort_keys=True)
    derived = ("names.json", "moments.npy", "counts.npy")
    stored = {name.removesuffix(".npy"): blocks for name, blocks in meta["blocks"].items() if name not in derived}
    return {**stored, "description": [hashlib.sha256(text.encode()).hexdigest()[:16]]}


def _meta(folder: Path) -> tuple[dict[str, Any], list[str]]:
    """The description of decoded data, and the files that show at a glance that it is not what was written."""
    path = folder / "meta.json"
    if not path.exists():
        return {}, []
    try:
        meta: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if meta["format"] != FORMAT:
            return {}, []
        if not verify.is_whole(meta):
            return {}, ["meta.json"]
        sizes = {name: (folder / name).stat().st_size if (folder / name).exists() else 0 for name in meta["files"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}, ["meta.json"]
    wrong = [name for name, size in meta["files"].items() if sizes[name] != size]
    return ({}, wrong) if wrong else (meta, [])


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

"""Checkpoints: any tree of tensors and plain values as one safetensors file with its checksum beside it.

No pickle is ever written or read. ``step-00000120.safetensors`` holds the tensors, and the rest of the tree as JSON
in its header; ``step-00000120.json`` is written last and holds its SHA-256. A checkpoint without it does not exist.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from torch import Tensor

from paribus import files
from paribus.errors import CorruptCheckpoint

KEPT = 2  # the newest, and one to fall back on


def save(folder: Path, step: int, tree: Mapping[str, Any]) -> Path:
    """Write ``tree`` as the checkpoint of ``step`` and drop all but the :data:`KEPT` last ones up to it.

    Those of later steps were damaged: a training goes back behind them for no other reason.
    """
    path = folder / f"step-{step:08d}.safetensors"
    checksum = path.with_suffix(".json")
    content = pack(tree)
    files.write_bytes(path, content)
    files.write_json(checksum, {"step": step, "sha256": sha256(content).hexdigest()})
    present = sorted(folder.glob("step-*.json"))
    kept = [other for other in present if other <= checksum][-KEPT:]
    for other in present:
        if other not in kept:
            remove(other)
    return path


def remove(checksum: Path) -> None:
    """Delete a checkpoint, its checksum first so that no moment shows half of it."""
    for path in (checksum, checksum.with_suffix(".safetensors")):
        with files.disk_errors(path):  # somebody's folder may stand there
            path.unlink(missing_ok=True)


def newest(folder: Path) -> tuple[dict[str, Any] | None, list[str]]:
    """The newest checkpoint that is whole, and what was found wrong with newer ones."""
    problems: list[str] = []
    for checksum in sorted(folder.glob("step-*.json"), reverse=True):
        try:
            return load(checksum.with_suffix(".safetensors")), problems
        except CorruptCheckpoint as error:
            problems.append(str(error))
    return None, problems


def load(path: Path) -> dict[str, Any]:
    """Read a checkpoint back.

    Raises:
        CorruptCheckpoint: if it is not, to the last bit, what was written.
    """
    try:
        expected = json.loads(path.with_suffix(".json").read_text())["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _corrupt(path, f"its checksum is unreadable ({type(error).__name__})") from None
    if not path.is_file() or files.sha256_of(path) != expected:
        raise _corrupt(path, "its content does not match its checksum")
    return read(path)


def pack(tree: Mapping[str, Any]) -> bytes:
    """A tree of dicts, lists, plain values and tensors as the content of one safetensors file."""
    from safetensors.torch import save as serialise

    tensors: dict[str, Tensor] = {}
    outline = json.dumps(_outline(tree, "", tensors))
    return serialise(tensors, metadata={"tree": outline})


def read(path: Path) -> dict[str, Any]:
    """The tree that :func:`pack` packed, its tensors on the CPU."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            outline = json.loads(file.metadata()["tree"])
            tree: dict[str, Any] = _fill(outline, {name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
            return tree
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, RuntimeError, MemoryError) as error:
        raise _corrupt(path, str(error) or type(error).__name__) from None


def unpack(content: bytes) -> dict[str, Any]:
    """The tree that :func:`pack` packed, from its bytes."""
    from safetensors.torch import load as deserialise

    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    tree: dict[str, Any] = _fill(json.loads(header["__metadata__"]["tree"]), deserialise(content))
    return tree


def tidy(folder: Path) -> None:
    """Remove what a killed process left half written."""
    files.remove_leftovers(folder)
    for path in folder.glob("step-*.safetensors"):
        if not path.with_suffix(".json").exists():
            with files.disk_errors(path):
                path.unlink()


def clear(folder: Path) -> None:
    """Delete all checkpoints of a finished run."""
    for checksum in sorted(folder.glob("step-*.json")):
        remove(checksum)
    with suppress(OSError):
        folder.rmdir()


_TENSOR, _ENTRIES, _FLOAT = "⟨tensor⟩", "⟨entries⟩", "⟨float⟩"


def _outline(value: Any, name: str, tensors: dict[str, Tensor]) -> Any:
    """``value`` with its tensors moved to ``tensors`` under their path; what JSON lacks is spelt out."""
    if isinstance(value, Tensor):
        name = f"{len(tensors)}{name}"  # paths alone can be the same: of 1 and "1", of "a/b" and "b" in "a"
        tensors[name] = value.detach().cpu().contiguous().clone()
        return {_TENSOR: name}
    if isinstance(value, Mapping):  # a list of pairs, since optimizers have integer keys
        return {_ENTRIES: [[key, _outline(entry, f"{name}/{key}", tensors)] for key, entry in value.items()]}
    if isinstance(value, (list, tuple)):
        return [_outline(entry, f"{name}/{i}", tensors) for i, entry in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        return {_FLOAT: str(value)}
    return value


def _fill(outline: Any, tensors: Mapping[str, Tensor]) -> Any:
    if isinstance(outline, dict):
        if _TENSOR in outline:
            return tensors[outline[_TENSOR]]
        if _FLOAT in outline:
            return float(outline[_FLOAT])
        return {key: _fill(entry, tensors) for key, entry in outline[_ENTRIES]}
    if isinstance(outline, list):
        return [_fill(entry, tensors) for entry in outline]
    return outline


def _corrupt(path: Path, reason: str) -> CorruptCheckpoint:
    return CorruptCheckpoint(
        f"{path.name} is damaged: {reason}", got=str(path.parent), hint="the one before it is used"
    )

"""NumPy files with inputs and targets, under the names that people give them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from paribus.cache.archive import check_npz
from paribus.data.splits import SPLIT_NAMES
from paribus.data.write.npy import Array
from paribus.errors import DataError

INPUTS = ("inputs", "input", "x", "images", "image", "data", "features")
TARGETS = ("targets", "target", "y", "labels", "label", "masks")
FURTHER = ("classes", "names", "groups")

_WORDS = re.compile(r"[^a-z]+")


def read(path: Path) -> tuple[dict[str, tuple[Any, Any]], dict[str, Array]]:
    """Inputs and targets by split, and what else is known: classes, names, groups.

    Known are the names that Keras, MedMNIST and scikit-learn use: ``x_train`` and ``y_train``, ``train_images`` and
    ``train_labels``, ``data`` and ``target``.

    Raises:
        DataError: if it is no such file, has arrays of other names, or holds Python objects.
    """
    arrays = _arrays(path)
    splits: dict[str, dict[str, Array]] = {}
    further: dict[str, Array] = {}
    for name, array in arrays.items():
        split, role = _meaning(name)
        if role in FURTHER:
            further[role] = array
        elif not role or role in splits.setdefault(split, {}):
            rule = f"{path.name} has arrays called inputs and targets, or x_train, y_train, x_test, y_test and the like"
            hint = "save it with np.savez(FILE, inputs=…, targets=…)"
            raise DataError(rule, got=", ".join(arrays), hint=hint)
        else:
            splits[split][role] = array
    if alone := [split for split, found in splits.items() if "inputs" not in found]:
        raise DataError(f"{path.name} has inputs for every split", got=f"none for {alone[0]}: {', '.join(arrays)}")
    if "train" not in splits:
        raise DataError(f"{path.name} has training examples", got=", ".join(arrays) or "an empty file")
    return {split: (found["inputs"], found.get("targets")) for split, found in splits.items()}, further


def _arrays(path: Path) -> dict[str, Array]:
    check_npz(path)
    try:
        with np.load(path, allow_pickle=False) as found:
            return {name: found[name] for name in found.files}
    except (OSError, ValueError, EOFError, KeyError) as error:
        reason = "it holds Python objects" if "allow_pickle" in str(error) else str(error)
        hint = "save arrays of numbers with np.savez(FILE, inputs=…, targets=…)"
        raise DataError(f"cannot read {path.name}: {reason}", got=str(path), hint=hint) from None


def _meaning(name: str) -> tuple[str, str]:
    """The split and the role of an array: ``x_train``, ``train_images``, ``X``; no role where the name is unknown."""
    words = [word for word in _WORDS.split(name.lower()) if word]
    splits = [SPLIT_NAMES[word] for word in words if word in SPLIT_NAMES]
    roles = list(_roles(word for word in words if word not in SPLIT_NAMES))
    return (splits[0] if splits else "train"), roles[0] if len(roles) == 1 and len(splits) < 2 else ""


def _roles(words: Iterator[str]) -> Iterator[str]:
    known: Mapping[str, str] = {
        **dict.fromkeys(INPUTS, "inputs"),
        **dict.fromkeys(TARGETS, "targets"),
        **{name: name for name in FURTHER},
    }
    return (known.get(word, "") for word in words)

"""Which picture belongs to which mask: two folders, with equal names in both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from paribus.data.sources.images.decoding import SUFFIXES
from paribus.data.sources.images.walk import walk
from paribus.data.sources.pieces import grouped
from paribus.data.splits import SPLIT_NAMES, SPLITS
from paribus.errors import DataError, MissingData

EXAMPLE = r"patient(\d+)"  # of data.group


@dataclass(frozen=True)
class Pair:
    """A picture and its mask.

    Args:
        picture: path of the picture below the root, with slashes.
        mask: path of its mask.
        split: ``train``, ``val`` or ``test``.
        group: pairs of one group must not be separated; empty where there are no groups.
    """

    picture: str
    mask: str
    split: str = "train"
    group: str = ""


def pairs(root: Path, images: str, masks: str, suffix: str = "", group: str | None = None) -> tuple[Pair, ...]:
    """All pairs below a folder: training first, then validation, then test.

    Pictures and masks lie in ``images`` and ``masks``, either directly, or in folders for each split within or around
    them: ``images/train`` or ``train/images``. In both names ``{split}`` stands for the split: ``{split}`` and
    ``{split}_labels``.

    Args:
        root: the folder.
        images, masks: folders below it; ``.`` is the root itself.
        suffix: what a mask's name has behind the name of its picture: ``_label``.
        group: a regular expression with one group in parentheses that is searched in the pictures' names.

    Raises:
        DataError: if folders are missing or empty, or if a picture or a mask is alone; names the first ones.
    """
    if not root.is_dir():
        hint = "check data.path; a relative path starts at the current folder or at PARIBUS_DATA"
        raise MissingData("data.path must be a folder of pictures and masks", got=str(root), hint=hint)
    found = [pair for place in _places(root, images, masks) for pair in _matched(root, *place, suffix)]
    if not any(pair.split == "train" for pair in found):
        hint = f"put pictures into {images} and their masks into {masks}, or set data.images and data.masks"
        raise DataError("there are no pictures with masks to train on", got=str(root), hint=hint)
    found = [replace(pair, group=grouped(pair.picture, group, EXAMPLE)) for pair in found] if group else found
    return tuple(sorted(found, key=lambda pair: (SPLITS.index(pair.split), pair.picture)))


def same_size(picture: tuple[int, int], mask: tuple[int, ...], pair: Pair) -> None:
    """Refuse a mask of another size than its picture, both (height, width)."""
    if picture != mask:
        rule = f"a mask has the size of its picture, here {mask[1]} × {mask[0]} and {picture[1]} × {picture[0]} pixels"
        raise DataError(rule, got=f"{pair.mask} for {pair.picture}", hint="export it again without scaling")


def _places(root: Path, images: str, masks: str) -> list[tuple[str, str, str]]:
    """Folders of pictures and masks, and the split that they are for."""
    found = {}
    for name, split in SPLIT_NAMES.items():
        named = {"split": name, "part": name}  # the latter in recipes of earlier versions
        forms = [(images.format(**named), masks.format(**named))]
        if "{" not in images:
            forms = [(f"{images}/{name}", f"{masks}/{name}"), (f"{name}/{images}", f"{name}/{masks}")]
        for form in forms:
            folders = str(PurePosixPath(form[0])), str(PurePosixPath(form[1]))
            if (root / folders[0]).is_dir():
                found[folders] = split
    if not found and "{" not in images:
        return [(images, masks, "train")]
    return [(*folders, split) for folders, split in found.items()]


def _matched(root: Path, images: str, masks: str, split: str, suffix: str) -> Iterator[Pair]:
    """Pairs of two folders by the names of their files."""
    alone = "every picture needs a mask of the same name" + (f" and {suffix!r}" if suffix else "")
    pictures, labels = _files(root, images), _files(root, masks)
    if suffix:
        pictures = {key: name for key, name in pictures.items() if not key.endswith(suffix)}
        labels = {key.removesuffix(suffix): name for key, name in labels.items() if key.endswith(suffix)}
    if single := sorted(pictures.keys() - labels.keys()):
        raise DataError(alone, got=_list(pictures[key] for key in single), hint=f"put their masks into {masks}")
    if single := sorted(labels.keys() - pictures.keys()):
        raise DataError("every mask needs a picture", got=_list(labels[key] for key in single), hint=f"see {images}")
    for key, name in pictures.items():
        yield Pair(name, labels[key], split)


def _files(root: Path, folder: str) -> dict[str, str]:
    """Picture files below a folder: name without ending → path below the root."""
    if not (root / folder).is_dir():
        hint = "set data.images and data.masks to the folders of pictures and of masks"
        raise DataError("the folder of pictures or masks is missing", got=str(root / folder), hint=hint)
    found: dict[str, str] = {}
    for name in walk((root / folder).resolve())[0]:
        if Path(name).suffix.lower() not in SUFFIXES:
            continue
        key = str(Path(name).with_suffix(""))
        if key in found:
            raise DataError("names must differ by more than their ending", got=f"{found[key]}, {name}")
        found[key] = name if folder == "." else f"{folder}/{name}"
    if not found:
        raise DataError("this folder holds no pictures", got=str(root / folder), hint="check its name and content")
    return found


def _list(names: Iterable[str]) -> str:
    first, *more = names
    return f"{first} and {len(more)} more" if more else first

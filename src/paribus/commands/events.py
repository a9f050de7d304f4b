"""The scalars that a command wrote into TensorBoard's event files."""

from __future__ import annotations

from pathlib import Path

from paribus.commands.source import Row
from paribus.errors import RunError, nearest
from paribus.wire.events import scalars


def read(place: Path, tag: str) -> list[Row]:
    """A row for each step at which a tag was written, with the other tags of that step.

    Args:
        place: an event file, or a folder with event files, in it or below.
        tag: as TensorBoard shows it.

    Raises:
        RunError: where there is no event file, none has that tag, or files of two folders have it.
    """
    found: dict[str, dict[str, dict[int, float]]] = {}
    for path in _event_files(place):
        of_folder = found.setdefault(str(path.parent), {})
        for step, name, value in scalars(path):
            of_folder.setdefault(name, {})[step] = value
    having = [folder for folder, tags in found.items() if tag in tags]
    if not having:
        hint = nearest(tag, {name for tags in found.values() for name in tags})
        raise RunError(f"no event file in {place.name} has the tag {tag}", got=str(place), hint=hint)
    if len(having) > 1:
        names = ", ".join(sorted(str(Path(folder).relative_to(place)) for folder in having))
        hint = f"name one of these folders after the @: {names}"
        raise RunError(f"event files of {len(having)} folders have the tag {tag}", got=str(place), hint=hint)
    tags = found[having[0]]
    steps = sorted(tags[tag])
    return [{"step": float(step), **{name: values.get(step) for name, values in tags.items()}} for step in steps]


def _event_files(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    found = sorted(path for path in place.rglob("*tfevents*") if path.is_file())
    if not found:
        what = "holds no event file of TensorBoard" if place.is_dir() else "is not there"
        raise RunError(f"{place.name} {what}", got=str(place), hint="the command writes it below {folder}")
    return found

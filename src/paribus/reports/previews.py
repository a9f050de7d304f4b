"""Previews of a run: outputs for a few examples, from the files it kept while training."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from paribus import files
from paribus.plots import forecast
from paribus.records import wording
from paribus.records.run import RunFolder
from paribus.reports.page import Figure, Photo, Section

MOMENTS = 4  # moments of the training that are shown


def section(folder: RunFolder) -> Iterator[Section]:
    """One section, or none where the task has nothing to look at."""
    pictures = _chosen(sorted(folder.previews.glob("*.png")))
    texts = _chosen(sorted(folder.previews.glob("*.txt")))
    curves = folder.previews / "final.json"
    figure = None
    if curves.exists():
        chart = forecast.examples(files.read_json(curves), "Some validation examples")
        figure = Figure("examples", chart, "Curves of single examples: past, truth and answer.")
    if pictures or texts or figure:
        yield Section(
            "What it makes of a few examples",
            figure=figure,
            photos=tuple(map(_photo, pictures)),
            code=tuple(f"{_moment(path)}\n\n{path.read_text(encoding='utf-8')}" for path in texts),
        )


def _chosen(paths: list[Path]) -> list[Path]:
    """Some of the files, from the first to the last; ``final`` comes last by its name."""
    if len(paths) <= MOMENTS:
        return paths
    return [paths[round(place * (len(paths) - 1) / (MOMENTS - 1))] for place in range(MOMENTS)]


def _moment(path: Path) -> str:
    return "at the end" if path.stem == "final" else f"after {wording.count(int(path.stem), 'epoch')}"


def _photo(path: Path) -> Photo:
    columns = _columns(path)
    text = f"{_moment(path)}: {', '.join(columns)}" if columns else _moment(path)
    return Photo(f"preview-{path.stem}", path.read_bytes(), text, small=path.stem != "final")


def _columns(path: Path) -> list[str]:
    """The names of the columns, which stand in the file."""
    from PIL import Image

    with Image.open(path) as picture:
        return [wording.clean(str(name)) for name in json.loads(picture.info.get("columns", "[]"))]

"""Small trainings of the families for the gallery: pretexts, spaces, words, texts in pictures, boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

Changes = dict[str, object]
SENTENCES = ("the {} sleeps in the house", "a {} runs through the field", "the {} and the {} eat")
ANIMALS = ("cat", "dog", "horse", "sheep", "mouse", "goat")
SIZE = (64, 96)  # height and width of a photograph


@dataclass(frozen=True)
class Small:
    """A run that takes seconds, and what is asked of it.

    Args:
        recipe: its name.
        changes: to the recipe.
        asked: analyses that its report shows.
    """

    recipe: str
    changes: Changes
    asked: Sequence[str] = field(default=())


def families(folder: Path) -> dict[str, Small]:
    """A run of each family; what data they need is made below a folder."""
    space: Changes = {
        "task": {"use": "embedding", "dimension": 16, "ways": 5},
        "training.sampling": "episodes",
        "training.batch_size": 40,
        "training.per_class": 8,
        "optimizer": {"use": "adam", "lr": 0.003},
        "budget.epochs": 4,
    }
    boxes: Changes = {
        "data": {"use": "boxes", "path": str(photographs(folder / "photographs")), "size": list(SIZE)},
        "model": {"use": "detector", "backbone": "small", "width": 8},
        "budget.epochs": 10,
        "training.batch_size": 4,
    }
    pretext: Changes = {"model.norm": "batch", "budget.epochs": 8}
    return {
        "rotation": Small("digits/cnn", {**pretext, "task": {"use": "pretext", "kind": "rotation"}}, ("probe",)),
        "hidden patches": Small("digits/cnn", {**pretext, "task": {"use": "pretext", "kind": "masked", "patch": 2}}),
        "space": Small("digits/cnn", space, ("retrieval", "embed")),
        "words": Small("text/words", {"data.path": str(text(folder / "animals.txt")), "data.window": 3}, ("words",)),
        "texts": Small("plates/made", {"data.plates": 200, "budget.epochs": 4, "training.batch_size": 16}),
        "boxes": Small("plates/detector", boxes),
    }


def text(path: Path) -> Path:
    """A text in which some words stand where others do."""
    draw = np.random.default_rng(0)
    lines = [str(draw.choice(SENTENCES)).format(*draw.permutation(ANIMALS)[:2]) for _ in range(800)]
    path.write_text(". ".join(lines), encoding="utf-8")
    return path


def photographs(folder: Path) -> Path:
    """Noise with a bright board in each picture, and a table of where it is."""
    draw = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["file,x,y,w,h"]
    for number in range(60):
        picture = draw.integers(0, 110, (*SIZE, 3)).astype(np.uint8)
        wide, tall = draw.integers(24, 44), draw.integers(9, 16)
        x, y = draw.integers(2, SIZE[1] - wide - 2), draw.integers(2, SIZE[0] - tall - 2)
        picture[y : y + tall, x : x + wide] = draw.integers(170, 255, 3)
        Image.fromarray(picture).save(folder / f"{number:02}.png")
        lines.append(f"{number:02}.png,{x},{y},{wide},{tall}")
    (folder / "boards.csv").write_text("\n".join(lines), encoding="utf-8")
    return folder

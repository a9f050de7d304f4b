"""What a network makes of single examples: where it is wrong, and where it is right."""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from paribus.chance import key, seeded
from paribus.inference.trained import SplitName, Trained, loader_of, prepared_with
from paribus.tasks.inspection import Inspection, Unit

if TYPE_CHECKING:
    from PIL.Image import Image

LIKELIEST = 3  # classes that are named of each example
CELL, CELLS, SMALL = 4, 80, 96  # examples of a cell of the confusion matrix, cells that have some, and their pixels
SHARP, LARGE = 64, 224  # pixels up to which a picture may be kept exactly, and of the largest that is kept
HEAVY = 5000  # bytes from which a small picture is compressed with losses, too: noise
TEXT = 400  # letters of a text


@dataclass(frozen=True)
class Example:
    """One example.

    Args:
        row: where it stands in the data set.
        error: how wrong the network is.
        truth, said: what it is, and what the network says, in a word or two.
        likeliest: class → probability, falling.
        pictures: as addresses of HTML, small.
        curves: name → values over positions.
        text: in words.
    """

    row: int
    error: float
    truth: str = ""
    said: str = ""
    likeliest: Mapping[str, float] | None = None
    pictures: tuple[str, ...] = ()
    curves: Mapping[str, tuple[float | None, ...]] | None = None
    text: str = ""


@dataclass(frozen=True)
class Cell:
    """Examples of one class that were taken for another, or rightly for their own; the most wrong first."""

    truth: int
    said: int
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Examples:
    """Examples of a split.

    Args:
        split: which.
        looked, of: how many examples were looked at, and how many there are.
        figure: what their errors are.
        columns: what the pictures of an example are.
        classes: their names.
        confusion: how often a class (row) was taken for another (column).
        unit: what that counts.
        worst, best: examples with the largest and the smallest errors.
        cells: examples of cells of the confusion.
    """

    split: str
    looked: int
    of: int
    figure: str
    columns: tuple[str, ...]
    classes: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    unit: Unit
    worst: tuple[Example, ...]
    best: tuple[Example, ...]
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True)
class Answers:
    """What a network says of examples that are of one class each, on the CPU.

    Args:
        rows: (N,) where they stand in the data set.
        labels: (N,) their classes.
        shares: (N, K) the probabilities of all classes.
    """

    rows: Tensor
    labels: Tensor
    shares: Tensor

    @property
    def right(self) -> Tensor:
        """Whether the likeliest class is that of the label (N,)."""
        return self.shares.argmax(1) == self.labels


def look(trained: Trained, split: SplitName, most: int, shown: int) -> tuple[Examples, Answers | None]:
    """Look at a network's answers, example by example; all probabilities, where an example is of one class.

    Args:
        trained: the network.
        split: the part of the data.
        most: examples that are looked at, the first ones of the split.
        shown: how many of the worst and of the best are kept.

    Raises:
        DataError: if the task says nothing of single examples.
    """
    prepared = prepared_with(trained, split)
    worst, best, cells = Kept(shown), Kept(shown), dict[tuple[int, int], Kept]()
    looked, confusion, last = 0, None, None
    answers: list[tuple[Tensor, Tensor, Tensor]] = []
    with torch.inference_mode(), seeded(key("examples")):
        for batch in loader_of(prepared, split, most).in_order():
            last = seen = trained.task.inspect(trained.network, batch)
            errors = seen.errors.nan_to_num(nan=float("inf")).tolist()
            rows = [_Row(seen, place, int(row)) for place, row in enumerate(batch.rows.tolist())]
            worst.offer([-error for error in errors], rows)
            best.offer(errors, rows)
            for place, (true, said) in enumerate(seen.pairs.tolist() if seen.pairs is not None else ()):
                cells.setdefault((true, said), Kept(CELL)).offer([-errors[place]], [rows[place]])
            if seen.confusion is not None:
                confusion = seen.confusion if confusion is None else confusion + seen.confusion
            if seen.pairs is not None and seen.shares is not None:
                answers.append((batch.rows.cpu(), seen.pairs[:, 0].cpu(), seen.shares.cpu()))
            looked += len(rows)
    assert last is not None  # no split is empty
    classes = trained.info.classes if confusion is not None else ()
    found = Examples(
        split,
        looked,
        len(prepared.rows[split]),
        last.figure,
        last.columns,
        classes,
        tuple(map(tuple, confusion.tolist())) if confusion is not None else (),
        last.unit,
        tuple(worst.examples(classes)),
        tuple(best.examples(classes)),
        tuple(_cells(cells, confusion, classes)),
    )
    return found, Answers(*map(torch.cat, zip(*answers, strict=True))) if answers else None


def _cells(cells: Mapping[tuple[int, int], Kept], confusion: Tensor | None, classes: tuple[str, ...]) -> Iterator[Cell]:
    """The cells with the most examples, mistakes before all others."""
    if confusion is None:
        return
    ordered = sorted(cells, key=lambda cell: (cell[0] == cell[1], -int(confusion[cell])))
    for true, said in ordered[:CELLS]:
        yield Cell(true, said, tuple(cells[true, said].examples(classes, SMALL)))


@dataclass(frozen=True)
class _Row:
    """An example within the inspection of its batch."""

    seen: Inspection
    place: int
    row: int

    def example(self, classes: tuple[str, ...], most: int) -> Example:
        seen, place = self.seen, self.place
        return Example(
            self.row,
            float(seen.errors[place]),
            seen.truth[place][:TEXT] if seen.truth else "",
            seen.said[place][:TEXT] if seen.said else "",
            likeliest(seen.shares[place], classes) if seen.shares is not None else None,
            tuple(address(one, most) for one in seen.pictures[place]) if seen.pictures is not None else (),
            {name: tuple(values) for name, values in seen.curves[place].items()} if seen.curves else None,
            seen.texts[place][:TEXT] if seen.texts else "",
        )


class Kept:
    """The few rows with the smallest keys of all that were offered."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.rows: list[tuple[float, _Row]] = []

    def offer(self, keys: list[float], rows: list[_Row]) -> None:
        """Keep what belongs to the smallest."""
        found = [*self.rows, *zip(keys, rows, strict=True)]
        self.rows = sorted(found, key=lambda pair: (pair[0], pair[1].row))[: self.most]

    def examples(self, classes: tuple[str, ...], most: int = LARGE) -> Iterator[Example]:
        """What is kept, as records, with pictures of at most so many pixels."""
        return (row.example(classes, most) for _, row in self.rows)


def address(picture: Tensor, most: int = LARGE) -> str:
    """A picture (C, H, W) uint8 as an address for HTML: exactly while it is small, else smaller and compressed."""
    from paribus.tasks.sheet import as_image

    image, kind = as_image(picture), "png"
    content = _encoded(image, kind) if max(image.size) <= SHARP else b""
    if not content or len(content) > HEAVY:
        image.thumbnail((most, most))
        content, kind = _encoded(image, "jpeg"), "jpeg"
    return f"data:image/{kind};base64,{b64encode(content).decode()}"


def _encoded(image: Image, kind: str) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, quality=80)
    return target.getvalue()


def likeliest(shares: Tensor, classes: tuple[str, ...]) -> dict[str, float]:
    """The classes with the largest probabilities (K,), falling."""
    values, places = shares.sort(descending=True)
    named = zip(places.tolist(), values.tolist(), strict=True)
    return {classes[place]: value for place, value in list(named)[:LIKELIEST]}

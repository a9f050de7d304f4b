"""From a photograph to texts: one network finds boxes, another reads what is in them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray

from paribus.errors import DataError
from paribus.inference.predict import harmless
from paribus.inference.trained import Trained
from paribus.progress import Announce, silent
from paribus.tasks.boxes.detection import Detection
from paribus.tasks.boxes.drawing import labelled
from paribus.tasks.pictures import own_size
from paribus.tasks.preview import to_png
from paribus.tasks.texts import decoding
from paribus.tasks.texts.reading import Reading

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Read:
    """A text in a photograph.

    Args:
        box: left, top, right, bottom, in pixels of the photograph.
        score: how sure the detector is that something is there.
        text: what the reader reads there.
        confidence: how sure it is of the whole text.
    """

    box: Box
    score: float
    text: str
    confidence: float


@dataclass(frozen=True)
class Photo:
    """A photograph.

    Args:
        file: as given.
        found: what is written in it, the surest box first.
        problem: why it was not read.
    """

    file: str
    found: tuple[Read, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Pipeline:
    """A detector and a reader.

    Args:
        detector: a run of task=detection.
        reader: a run of task=reading.
    """

    detector: Trained
    reader: Trained

    def __post_init__(self) -> None:
        for name, trained, kind in (("detector", self.detector, Detection), ("reader", self.reader, Reading)):
            if not isinstance(trained.task, kind):
                rule = f"the {name} is a run of task={kind.__name__.lower()}"
                got = f"{trained.folder.path}, task={trained.recipe.task.use}"
                raise DataError(rule, got=got, hint=f"train one: paribus run plates/{name}")

    @torch.inference_mode()
    def photo(self, path: Path) -> Photo:
        """What is written in a photograph."""
        try:
            picture = own_size(path, self.detector.info)
        except DataError as error:
            return Photo(str(path), problem=error.rule)
        assert isinstance(self.detector.task, Detection)
        boxes, scores, _ = self.detector.task.locate(self.detector.network, picture)
        texts = self.texts(path, boxes.double().numpy())
        found = zip(boxes.tolist(), scores.tolist(), texts, strict=True)
        return Photo(str(path), tuple(Read(tuple(box), score, one.text, one.confidence) for box, score, one in found))

    @torch.inference_mode()
    def texts(self, path: Path, boxes: NDArray[Any]) -> list[decoding.Reading]:
        """What the reader reads in boxes (n, 4) of a photograph."""
        assert isinstance(self.reader.task, Reading)
        if not len(boxes):
            return []
        pixels = own_size(path, self.reader.info)
        parts = torch.stack([self.reader.task.part(pixels, box) for box in boxes])
        return self.reader.task.read(self.reader.network, parts)


def read(pipeline: Pipeline, paths: Sequence[Path], progress: Announce = silent) -> list[Photo]:
    """What is written in photographs; one that cannot be read gets its reason."""
    found = []
    for number, path in enumerate(paths, 1):
        found.append(pipeline.photo(path))
        progress("reading", number, len(paths))
    return found


def to_csv(photos: Iterable[Photo]) -> str:
    """As CSV, a line for each text: file, left, top, right, bottom, score, text, confidence, problem.

    A photograph without any has one line without numbers.
    """
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(["file", "left", "top", "right", "bottom", "score", "text", "confidence", "problem"])
    for photo in photos:
        file, problem = harmless(photo.file), harmless(photo.problem)
        for one in photo.found:
            sides = [f"{side:.1f}" for side in one.box]
            writer.writerow([file, *sides, f"{one.score:.4f}", harmless(one.text), f"{one.confidence:.4f}", problem])
        if not photo.found:
            writer.writerow([file, *[""] * 7, problem])
    return target.getvalue()


def annotated(photo: Photo) -> bytes:
    """The photograph with its boxes and texts, as a PNG."""
    from paribus.data.sources.images.decoding import decode

    picture = torch.from_numpy(decode(Path(photo.file), None).copy())
    boxes = torch.tensor([one.box for one in photo.found]).view(-1, 4)
    words = [f"{one.text or '?'} {one.confidence:.0%}" for one in photo.found]
    return to_png(labelled(picture, boxes, words))

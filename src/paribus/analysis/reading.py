"""Where texts are lost on the way from a photograph: not found, badly framed, or misread."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from paribus.data.prepare.prepared import prepare
from paribus.data.sources.boxes import formats
from paribus.data.sources.boxes.boxes import Boxes
from paribus.data.sources.boxes.marked import Marked, in_pixels
from paribus.data.sources.boxes.texts import Texts
from paribus.data.sources.images import decoding
from paribus.errors import DataError, MissingData
from paribus.evidence.bootstrap import mean_interval
from paribus.evidence.estimate import Estimate
from paribus.evidence.proportion import Proportion, proportion
from paribus.inference.photos import Photo, Pipeline, read
from paribus.inference.trained import Trained
from paribus.progress import Announce, silent
from paribus.records.parts import build
from paribus.tasks.boxes.precision import overlaps
from paribus.tasks.texts.metrics import edits

TOUCHES = 0.1  # IoU from which a box is about an object at all

Outcome = Literal["right", "misread", "misplaced", "missed"]
OUTCOMES: Mapping[Outcome, str] = {
    "right": "the text is right",
    "misread": "well framed, and the text is wrong",
    "misplaced": "badly framed, and the text is wrong",
    "missed": "no box about it",
}


@dataclass(frozen=True)
class Judged:
    """One text that there is.

    Args:
        file: of its photograph.
        text: what is written.
        said: what was read; empty where nothing was found.
        framed: what was read in the true box.
        iou: of the found box with the true one; 0 of none.
        outcome: what became of it.
    """

    file: str
    text: str
    said: str
    framed: str
    iou: float
    outcome: Outcome


@dataclass(frozen=True)
class ReadingErrors:
    """What became of all texts of some photographs.

    Args:
        photos: how many photographs.
        needed: IoU from which a box is a good frame.
        outcomes: what became of them → the share, with its interval over texts.
        framed: share of texts that are right if the true box is read, with its interval.
        gain: by how much that is more than what was right, with its interval over texts; none of fewer than four.
        characters: share of true characters that the text keeps (1 − edits per character), and with true boxes.
        extra: found boxes that are about no text that there is.
        known: photographs that one of the two networks was trained on: figures on those flatter.
        texts: each of them.
    """

    photos: int
    needed: float
    outcomes: Mapping[str, Proportion]
    framed: Proportion
    gain: Estimate | None
    characters: tuple[float, float]
    extra: int
    known: int
    texts: tuple[Judged, ...]


def judge(
    pipeline: Pipeline, photos: Iterable[Photo], true: Mapping[str, Marked], needed: float = 0.5
) -> tuple[list[Judged], int]:
    """What became of each text, and how many boxes are about none.

    Args:
        pipeline: what read the photographs; it is asked what it reads in the true boxes.
        photos: what it read.
        true: by file, its boxes with their texts.
        needed: IoU from which a box is a good frame.
    """
    judged, extra = list[Judged](), 0
    for photo in photos:
        marked = true[photo.file]
        content = decoding.read(Path(photo.file))
        corners = in_pixels(marked.boxes, *decoding.size_of(content, photo.file))
        framed = pipeline.texts(Path(photo.file), corners)
        table = overlaps(np.array([one.box for one in photo.found]).reshape(-1, 4), corners)
        extra += int((table.max(1, initial=0) < TOUCHES).sum())
        for place, (box, read_there) in enumerate(zip(marked.boxes, framed, strict=True)):
            best = int(table[:, place].argmax()) if len(table) else -1
            iou = float(table[best, place]) if best >= 0 else 0.0
            said = photo.found[best].text if iou >= TOUCHES else ""
            outcome = outcome_of(said, box.text, iou, needed)
            judged.append(Judged(photo.file, box.text, said, read_there.text, iou, outcome))
    return judged, extra


def outcome_of(said: str, text: str, iou: float, needed: float) -> Outcome:
    """What became of a text."""
    if iou < TOUCHES:
        return "missed"
    if said == text:
        return "right"
    return "misread" if iou >= needed else "misplaced"


def summed(
    judged: Sequence[Judged], photos: int, extra: int, needed: float, confidence: float = 0.95, known: int = 0
) -> ReadingErrors:
    """The shares of all that was judged, with intervals over texts (Wilson's; of the gain a bootstrap)."""
    n = len(judged)
    hits = [float(one.outcome == "right") for one in judged]
    framed = [float(one.framed == one.text) for one in judged]
    gains = np.array(framed) - np.array(hits)
    total = max(1, sum(len(one.text) for one in judged))
    kept = [1 - sum(edits(getattr(one, name), one.text) for one in judged) / total for name in ("said", "framed")]
    return ReadingErrors(
        photos,
        needed,
        {name: proportion(sum(one.outcome == name for one in judged), n, confidence) for name in OUTCOMES},
        proportion(sum(framed), n, confidence),
        mean_interval(gains, confidence) if n >= 4 else None,
        (kept[0], kept[1]),
        extra,
        known,
        tuple(judged),
    )


def of_split(trained: Trained, split: str) -> dict[str, Marked]:
    """The photographs of a split of a detector's data, by path, with their boxes and texts.

    Raises:
        DataError: if its data have no boxes with texts.
    """
    source = build("data", trained.recipe.data)
    if not isinstance(source, Boxes):
        hint = "give photographs, and --truth TABLE.csv with their boxes and texts"
        raise DataError(
            "only data with boxes and texts have photographs to read", got=trained.recipe.data.use, hint=hint
        )
    prepared = prepare(trained.recipe, trained.recipe.seeds(trained.seed))
    marked = source.read().marked
    return {str(source.root() / marked[row].name): marked[row] for row in prepared.rows[split].tolist()}


def of_table(path: Path) -> dict[str, Marked]:
    """The photographs of a table, by path, with their boxes and texts."""
    root = path.parent if path.is_file() else path
    return {str(root / one.name): one for one in formats.read(path, "csv").marked}


def reading(
    trained: Trained,
    *,
    reader: str,
    split: Literal["train", "val", "test"] = "val",
    needed: Annotated[float, Field(gt=0, lt=1)] = 0.5,
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95,
) -> ReadingErrors:
    """What becomes of the texts of a split of a detector's photographs.

    Args:
        trained: the detector.
        reader: the run that reads what it finds.
        split: which photographs.
        needed: IoU from which a box is a good frame.
        confidence: of the intervals.

    Raises:
        DataError: if the photographs have no texts.
    """
    from paribus.inference.trained import load

    pipelines, true = [Pipeline(trained, load(reader))], [of_split(trained, split)]
    return pooled(pipelines, true, seen_by(pipelines, true), needed, confidence)


def seen_by(
    pipelines: Sequence[Pipeline], true: Sequence[Mapping[str, Marked]], progress: Announce = silent
) -> list[list[Photo]]:
    """What each pipeline reads in photographs of its own, of which the texts are known.

    Raises:
        DataError: if one of them is not known, or a photograph cannot be opened.
    """
    found = []
    for pipeline, some in zip(pipelines, true, strict=True):
        if lacking := [name for name, one in some.items() if not all(box.text for box in one.boxes)]:
            raise DataError(
                "texts can be judged only where they are known", got=lacking[0], hint="give each box a text"
            )
        seen = read(pipeline, [Path(name) for name in some], progress)
        for photo in seen:
            if photo.problem:
                raise DataError(photo.problem, got=photo.file)
        found.append(seen)
    return found


def pooled(
    pipelines: Sequence[Pipeline],
    true: Sequence[Mapping[str, Marked]],
    photographs: Sequence[Sequence[Photo]],
    needed: float = 0.5,
    confidence: float = 0.95,
) -> ReadingErrors:
    """What becomes of the texts that several pipelines read, each those in photographs that it has held out."""
    judged, photos, extra, known = list[Judged](), 0, 0, 0
    for pipeline, some, seen in zip(pipelines, true, photographs, strict=True):
        more, beyond = judge(pipeline, seen, some, needed)
        judged, photos, extra = judged + more, photos + len(seen), extra + beyond
        known += len(some.keys() & (trained_on(pipeline.detector) | trained_on(pipeline.reader)))
    return summed(judged, photos, extra, needed, confidence, known)


def trained_on(trained: Trained) -> set[str]:
    """The pictures that a network was trained on, by path; none where they are no files, or not there any more."""
    source = build("data", trained.recipe.data)
    if not isinstance(source, (Boxes, Texts)):
        return set()
    try:
        prepared = prepare(trained.recipe, trained.recipe.seeds(trained.seed))
    except MissingData:
        return set()
    names = getattr(prepared.examples, "names", ())
    return {str(source.root() / names[row]) for row in prepared.rows["train"].tolist()} if names else set()

"""Sections about single examples: confusions, figures of each class, the worst and the best."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from paribus.plots import forecast
from paribus.records import wording
from paribus.records.wording import clean, count
from paribus.reports.page import Card, Figure, Matrix, Section, Table

if TYPE_CHECKING:
    from paribus.analysis.errors.figures import ClassFigures
    from paribus.analysis.examples import Example, Examples

CLASSES = 20  # rows of a matrix that can be read
PAIRS = 10  # confusions that are named where the matrix is larger
PANELS = 4  # curves side by side
CLASS_NOTE = (
    "Precision: right where the class is said. Recall (sensitivity): found of the class. Specificity: left alone of "
    "the rest. F1: 2TP / (2TP + FP + FN)."
)


def confusions(record: Examples, figures: Sequence[ClassFigures]) -> Iterator[Section]:
    """How classes are confused, and the figures of each."""
    if not record.confusion:
        return
    kept = _most_confused(record)
    names = tuple(clean(record.classes[one]) for one in kept)
    cells = {
        (kept.index(cell.truth), kept.index(cell.said)): tuple(card(one, record.figure) for one in cell.examples)
        for cell in record.cells
        if cell.truth in kept and cell.said in kept
    }
    counts = tuple(tuple(record.confusion[row][column] for column in kept) for row in kept)
    text = [f"Rows are true classes, columns what the network says; numbers are {record.unit}."]
    if cells:
        text.append("A click on a number opens examples.")
    if len(kept) < len(record.classes):
        text.append(f"Of {len(record.classes)} classes these {len(kept)} are confused most.")
    yield Section("Confusions", (" ".join(text),), matrix=Matrix(names, counts, cells), tables=_pairs(record))
    yield Section("Classes", tables=(_classes(record, figures),), notes=(CLASS_NOTE,))


def _most_confused(record: Examples) -> list[int]:
    """The classes with the most mistakes in their rows and columns, in their own order."""
    table, places = record.confusion, range(len(record.classes))
    mistakes = {one: sum(table[one]) + sum(row[one] for row in table) - 2 * table[one][one] for one in places}
    return sorted(sorted(places, key=lambda one: -mistakes[one])[:CLASSES])


def _pairs(record: Examples) -> tuple[Table, ...]:
    """The most frequent mistakes."""
    found = [
        (number, true, said)
        for true, row in enumerate(record.confusion)
        for said, number in enumerate(row)
        if number and true != said
    ]
    rows = tuple(
        (clean(record.classes[true]), clean(record.classes[said]), f"{number:,}")
        for number, true, said in sorted(found, key=lambda one: -one[0])[:PAIRS]
    )
    return (Table(("true", "taken for", record.unit), rows, "llr"),) if rows else ()


def _classes(record: Examples, figures: Sequence[ClassFigures]) -> Table:
    """Precision, recall and their kin of each class."""
    heads = ("class", record.unit, "TP", "FP", "FN", "TN", "precision", "recall", "specificity", "F1", "IoU")
    rows = tuple(
        (
            clean(one.name),
            *(f"{number:,}" for number in (one.support, one.tp, one.fp, one.fn, one.tn)),
            *(share(value) for value in (one.precision, one.recall, one.specificity, one.f1, one.iou)),
        )
        for one in figures
    )
    return Table(heads, rows, "l" + "r" * 10, data=lambda: [{**asdict(one), "support": one.support} for one in figures])


def share(value: float | None) -> str:
    """A share of a whole: ``88.9 %``."""
    return f"{100 * value:.1f} %" if wording.known(value) else wording.NONE


def extremes(record: Examples) -> Iterator[Section]:
    """The worst and the best examples, as cards or as curves."""
    columns = f" From left to right: {', '.join(record.columns)}." if record.columns else ""
    for title, chosen, tone in (("Worst examples", record.worst, "worse"), ("Best examples", record.best, "better")):
        text = (
            f"{count(len(chosen), 'example')} with the {'largest' if tone == 'worse' else 'smallest'} errors.{columns}",
        )
        if chosen and chosen[0].curves:
            chart = forecast.examples(
                [one.curves or {} for one in chosen],
                title,
                PANELS,
                [f"{record.figure} {wording.text(one.error)}" for one in chosen],
            )
            yield Section(title, text, Figure(f"{tone}-examples", chart, f"{title}: past, truth and answer."))
        else:
            yield Section(title, text, cards=tuple(card(one, record.figure, tone) for one in chosen))


def card(one: Example, figure: str, tone: str = "") -> Card:
    """An example with what the network says of it; ``figure`` is what its error is."""
    lines = []
    if one.said:
        lines.append(one.said if one.said == one.truth else f"{one.said}, in truth {one.truth}")
    if one.likeliest:
        lines.append(", ".join(f"{name} {wording.share(share)}" for name, share in one.likeliest.items()))
    if one.text:
        lines.append(one.text)
    lines.append(f"{figure} {wording.text(one.error)}, example {one.row}")
    return Card(one.pictures, tuple(map(_line, lines)), tone or ("better" if one.said == one.truth else "worse"))


def _line(text: str) -> str:
    """A text that keeps its lines."""
    return "\n".join(map(clean, text.splitlines()))

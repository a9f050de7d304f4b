"""The page about single examples: confusions, figures of each class, the worst and the best."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from paribus.plots import forecast
from paribus.records import wording
from paribus.records.wording import clean, count
from paribus.reports.page import Card, Figure, Matrix, Page, Section, Table

if TYPE_CHECKING:
    from paribus.analysis.examples import Example, Examples

CLASSES = 20  # rows of a matrix that can be read
PAIRS = 10  # confusions that are named where the matrix is larger
PANELS = 4  # curves side by side


def examples_page(record: Examples) -> Page:
    """What a network makes of single examples."""
    split = wording.SPLITS[record.split]
    whole = "" if record.looked == record.of else f"the first {record.looked:,} of "
    said = f"Looked at {whole}{record.of:,} {split} examples. The error of an example is: {record.figure}."
    sections = (*_confusion(record), *_extremes(record))
    return Page("Analysis", "examples", "Where is it right, and where is it wrong?", summary=said, sections=sections)


def _confusion(record: Examples) -> Iterator[Section]:
    if not record.confusion:
        return
    kept = _most_confused(record)
    names = tuple(clean(record.classes[one]) for one in kept)
    cells = {
        (kept.index(cell.truth), kept.index(cell.said)): tuple(_card(one, record) for one in cell.examples)
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
    yield Section("Classes", tables=(_classes(record),))


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


def _classes(record: Examples) -> Table:
    """Precision, recall and their means of each class."""
    heads = ("class", record.unit, "found (recall)", "right when said (precision)", "F1", "IoU")
    rows = []
    for place, name in enumerate(record.classes):
        hits, true = record.confusion[place][place], sum(record.confusion[place])
        said = sum(row[place] for row in record.confusion)
        shares = (
            (hits, true),
            (hits, said),
            (2 * hits, true + said),
            (hits, true + said - hits),
        )
        rows.append((clean(name), f"{true:,}", *(_share(*share) for share in shares)))
    return Table(heads, tuple(rows), "l" + "r" * 5)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else wording.NONE


def _extremes(record: Examples) -> Iterator[Section]:
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
            yield Section(title, text, cards=tuple(_card(one, record, tone) for one in chosen))


def _card(one: Example, record: Examples, tone: str = "") -> Card:
    lines = []
    if one.said:
        lines.append(one.said if one.said == one.truth else f"{one.said}, in truth {one.truth}")
    if one.likeliest:
        lines.append(", ".join(f"{name} {wording.share(share)}" for name, share in one.likeliest.items()))
    if one.text:
        lines.append(one.text)
    lines.append(f"{record.figure} {wording.text(one.error)}, example {one.row}")
    return Card(one.pictures, tuple(map(_line, lines)), tone or ("better" if one.said == one.truth else "worse"))


def _line(text: str) -> str:
    """A text that keeps its lines."""
    return "\n".join(map(clean, text.splitlines()))

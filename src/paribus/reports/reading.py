"""Texts in photographs, and what becomes of them, as pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from paribus.records.wording import count, difference, percent
from paribus.reports.page import Answer, Figure, Page, Section, Table

if TYPE_CHECKING:
    from paribus.analysis.reading import ReadingErrors
    from paribus.evidence.proportion import Proportion
    from paribus.inference.photos import Photo

SHOWN = 12  # errors that are listed


def photos_page(photos: Sequence[Photo]) -> Page:
    """What is written in each photograph."""
    rows = []
    for photo in photos:
        for one in photo.found:
            box = " ".join(f"{side:.0f}" for side in one.box)
            rows.append((photo.file, one.text or "nothing", f"{one.confidence:.1%}", box, f"{one.score:.1%}", ""))
        if not photo.found:
            rows.append((photo.file, "", "", "", "", photo.problem or "no box found"))
    heads = ("file", "text", "sure", "box", "box sure", "problem")
    return Page("Texts", sections=(Section(tables=(Table(heads, tuple(rows), "llrlrl"),)),))


def errors_page(record: ReadingErrors) -> Page:
    """Where texts are lost, and what perfect boxes would change."""
    from paribus.analysis.reading import OUTCOMES
    from paribus.plots.reading import outcomes
    from paribus.records.metric import EXACT

    rows: list[tuple[str, ...]] = [(name, OUTCOMES[name], *_cells(record.outcomes[name])) for name in OUTCOMES]
    rows.append(("counterfactual", "the text is right if the true box is read", *_cells(record.framed)))
    answers: tuple[Answer, ...] = ()
    if (one := record.gain) is not None:
        finding = f"{difference(EXACT, one.value)} [{100 * one.low:.1f}, {100 * one.high:.1f}]"
        answers = (Answer("texts right: perfect boxes − found boxes", finding),)
    beyond = f"{record.extra} {'box' if record.extra == 1 else 'boxes'} about none"
    notes = (
        f"{count(len(record.texts), 'text')} in {count(record.photos, 'photograph')}; {beyond}",
        f"characters kept: {record.characters[0]:.1%}, and {record.characters[1]:.1%} with true boxes",
        f"a frame is good from an IoU of {record.needed:g}; intervals are over texts, of these very networks",
    )
    table = Table(("outcome", "", "texts", "share", "interval"), tuple(rows), "llrrr")
    figure = Figure("reading", outcomes(record), "Shares of outcomes with their intervals.")
    first = Section("What becomes of texts", tables=(table,), notes=notes, figure=figure)
    sections = (first, *_errors(record))
    warnings: tuple[str, ...] = ()
    if record.known:
        warnings = (
            f"one of the networks was trained on {record.known} of these photographs: figures on those flatter",
        )
    question = "Where are texts lost on the way?"
    return Page("Analysis", "reading", question, answers, sections=sections, warnings=warnings)


def _errors(record: ReadingErrors) -> Iterator[Section]:
    """The first texts that were lost."""
    wrong = [one for one in record.texts if one.outcome != "right"]
    if not wrong:
        return
    rows = tuple((one.file, one.text, one.said, one.framed, f"{one.iou:.2f}", one.outcome) for one in wrong[:SHOWN])
    more = (f"{len(wrong) - SHOWN} more",) if len(wrong) > SHOWN else ()
    heads = ("file", "text", "read", "read in the true box", "IoU", "outcome")
    yield Section("Errors", tables=(Table(heads, rows, "llllrl"),), notes=more)


def _cells(one: Proportion) -> tuple[str, str, str]:
    return f"{one.hits:.0f}", percent(one.value) if one.n else "", f"[{100 * one.low:.1f}, {100 * one.high:.1f}]"

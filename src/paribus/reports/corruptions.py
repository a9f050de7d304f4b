"""The page about corrupted pictures: curves over the strength, a table, and the pictures themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from paribus.records.metric import ACCURACY
from paribus.records.wording import (
    ABOUT,
    SPLITS,
    both,
    clean,
    count,
    difference,
    difference_interval,
    level_interval,
    percent,
)
from paribus.records.wording import share as short
from paribus.reports.neighbours import share
from paribus.reports.page import Card, Figure, Page, Section, Table

if TYPE_CHECKING:
    from paribus.analysis.corruptions import Corruptions
    from paribus.analysis.severity import Leaning, Severity
    from paribus.evidence.estimate import Estimate

QUESTION = "What does a network lean on?"


def corruptions_page(record: Corruptions) -> Page:
    """How accuracy falls with the strength of each kind."""
    from paribus.plots import corruptions as plots

    strengths = [f"{strength:.2g}" for strength in record.strengths]
    heads = ("corruption", *(f"strength {one}" for one in strengths), "kept")
    rows = tuple((clean(kind), *map(share, curve), short(record.kept[kind])) for kind, curve in record.curves.items())
    notes = (
        f"Brackets: {percent(record.confidence)} intervals over the examples (Wilson). Kept: the mean accuracy over "
        "all strengths but 0, as a share of that at 0.",
        "texture: amplitudes of another picture's spectrum, with the own phases, so that shapes stay; shuffle: parts "
        "of 4 × 4 change places, so that textures stay. Two networks are compared by their kept shares, over seeds.",
    )
    cards = tuple(
        Card(pictures, (f"{clean(kind)}: strength {', '.join(strengths)}",)) for kind, pictures in record.shown.items()
    )
    sections = (
        Section(
            figure=Figure("corruptions", plots.severity(record), "Accuracy by the strength of each corruption."),
            tables=(Table(heads, rows, "l" + "r" * (len(heads) - 1)),),
            notes=notes,
        ),
        Section("What the network saw", cards=cards),
    )
    whole = f"{record.examples:,} examples of the {SPLITS[record.split]} split."
    return Page("Analysis", "corruptions", QUESTION, summary=whole, sections=sections)


def severity_page(record: Severity) -> Page:
    """The same for the arms of a study, beside each other."""
    from paribus.plots import corruptions as plots

    strengths = tuple(f"strength {strength:.2g}" for strength in record.strengths)
    means = tuple(
        (clean(kind), clean(arm), *map(_short, one.curve), _level(one.kept))
        for kind, arms in record.kinds.items()
        for arm, one in arms.items()
    )
    minus = tuple(
        (clean(kind), clean(arm), *map(_minus, (*one.minus, one.minus_kept))) for kind, arm, one in _compared(record)
    )
    right = "r" * (len(strengths) + 1)
    reference = clean(next(iter(next(iter(record.kinds.values())))))
    about = ABOUT["like-these" if record.overlap else "these"]
    notes = (
        f"Brackets: {percent(record.confidence)} intervals {about}, of {count(record.seeds, 'seed')}, each by itself: "
        "of many, some exclude zero by chance. Differences are paired by seed.",
        "Kept: the mean accuracy over all strengths but 0, as a share of that at 0. Of arms that are not equally often "
        "right at strength 0 it says little: what is known coarsely is soon kept.",
    )
    figure = Figure(
        "severity", plots.severities(record), "Mean accuracy of each arm by the strength of each corruption."
    )
    tables = (
        Table(("corruption", "arm", *strengths, "kept"), means, "ll" + right),
        Table(("corruption", f"arm − {reference}", *strengths, "kept"), minus, "ll" + right),
    )
    whole = f"{record.examples:,} examples of the {SPLITS[record.split]} split of each run."
    return Page(
        "Analysis",
        "corruptions",
        QUESTION,
        summary=whole,
        sections=(Section(figure=figure, tables=tables, notes=notes),),
    )


def _compared(record: Severity) -> Iterator[tuple[str, str, Leaning]]:
    """All arms but the reference, under each kind."""
    for kind, arms in record.kinds.items():
        for arm, one in arms.items():
            if one.minus:
                yield kind, arm, one


def _short(one: Estimate) -> str:
    return short(one.value)


def _level(one: Estimate) -> str:
    return both(short(one.value), level_interval(ACCURACY, one))


def _minus(one: Estimate | None) -> str:
    return "" if one is None else both(difference(ACCURACY, one.value), difference_interval(ACCURACY, one))

"""The page about corrupted pictures: curves over the strength, a table, and the pictures themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paribus.records.wording import SPLITS, clean, percent
from paribus.records.wording import share as short
from paribus.reports.neighbours import share
from paribus.reports.page import Card, Figure, Page, Section, Table

if TYPE_CHECKING:
    from paribus.analysis.corruptions import Corruptions


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
    return Page("Analysis", "corruptions", "What does a network lean on?", summary=whole, sections=sections)
